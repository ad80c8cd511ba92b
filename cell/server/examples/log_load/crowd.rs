//! Who does what in a log that is made up: ten thousand people at two hundred apps, by their numbers alone, so that every run has
//! the same.

use ledger::{Actor, ClientFacts, Event, EventType, Outcome, Target};
use serde_json::{Value, json};
use vocab::entropy::SeededEntropy;
use vocab::id::{AppId, UserId};
use vocab::time::Timestamp;

const PEOPLE: u64 = 10_000;
const APPS: u64 = 200;
/// How often each kind of event comes, of a thousand.
const KINDS: [(EventType, u64); 6] = [
    (EventType::AppOauth2AsTokenGrantAccessToken, 450),
    (EventType::UserSessionStart, 200),
    (EventType::UserAuthenticationSso, 150),
    (EventType::PolicyEvaluateSignOn, 150),
    (EventType::UserSessionEnd, 49),
    (EventType::UserAccountUpdateProfile, 1),
];
/// Of so many events one fails.
const FAILS_ONE_OF: u64 = 30;
const AGENTS: [&str; 4] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
    "curl/8.14.1",
];

/// Somebody.
#[derive(Debug)]
struct Person {
    id: UserId,
    login: String,
    name: String,
}

/// Everybody.
#[derive(Debug)]
pub struct Crowd {
    people: Vec<Person>,
    apps: Vec<(AppId, String)>,
}

impl Crowd {
    pub fn gather() -> Self {
        let person = |number: u64| Person {
            id: UserId::generate(&SeededEntropy::new(number)),
            login: format!("person{number:05}@example.com"),
            name: format!("Person {number:05}"),
        };
        let app = |number: u64| {
            let id = AppId::generate(&SeededEntropy::new(PEOPLE + number));
            (id, format!("App {number:03}"))
        };
        Self {
            people: (0..PEOPLE).map(person).collect(),
            apps: (0..APPS).map(app).collect(),
        }
    }

    /// The event of a number.
    pub fn event(&self, number: u64, at: Timestamp) -> Event {
        let drawn = draw(number);
        let outcome = if drawn.is_multiple_of(FAILS_ONE_OF) {
            Outcome::Failure
        } else {
            Outcome::Success
        };
        let client = ClientFacts {
            ip: format!("198.51.{}.{}", (drawn >> 8) % 100, (drawn >> 20) % 250),
            user_agent: pick(&AGENTS, drawn >> 4)
                .copied()
                .unwrap_or_default()
                .to_owned(),
            request_id: request(number),
        };
        let mut event = Event::new(kind(drawn >> 32), outcome, at).client(&client);
        if let Some(person) = pick(&self.people, drawn >> 16) {
            event = event.actor(Actor::user(&person.id, &person.login, &person.name));
        }
        match pick(&self.apps, drawn >> 40) {
            Some((id, label)) => event.target(Target::app(id, label)),
            None => event,
        }
    }

    /// What may be asked of so many events, each time otherwise.
    pub fn samples(&self, count: u64, rows: u64, begin: Timestamp, spread_secs: i64) -> Value {
        let sample = |number: u64| {
            let drawn = draw(number.wrapping_add(1 << 40));
            let person = pick(&self.people, drawn >> 8)?;
            let (app, label) = pick(&self.apps, drawn >> 24)?;
            // Not in the first tenth, so that there are rows before it.
            let place = rows / 10 + draw(drawn) % (rows - rows / 10).max(1);
            let until = begin.plus_secs(share(spread_secs, place, rows));
            Some(json!({
                "login": person.login, "actor": person.id.as_str(), "target": app.as_str(), "label": label,
                "request": request(place.saturating_sub(1)), "moment": until.to_rfc3339_millis(),
            }))
        };
        (0..count).filter_map(sample).collect()
    }
}

/// The part of some seconds that belongs to the first `number` of `rows`.
pub fn share(secs: i64, number: u64, rows: u64) -> i64 {
    let (number, rows) = (i128::from(number), i128::from(rows.max(1)));
    i64::try_from(i128::from(secs) * number / rows).unwrap_or(secs)
}

fn request(number: u64) -> String {
    format!("req-{:016x}", draw(number ^ (1 << 50)))
}

fn kind(drawn: u64) -> EventType {
    let mut place = drawn % 1_000;
    for (kind, share) in KINDS {
        if place < share {
            return kind;
        }
        place -= share;
    }
    EventType::UserSessionStart
}

fn pick<T>(things: &[T], drawn: u64) -> Option<&T> {
    let count = u64::try_from(things.len()).ok()?;
    things.get(usize::try_from(drawn.checked_rem(count)?).ok()?)
}

/// SplitMix64: like numbers become unlike ones.
fn draw(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
