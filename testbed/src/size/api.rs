//! What administration by programs costs in a large org: the management API and SCIM, called as scripts call them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use http::header::AUTHORIZATION;
use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::bootstrap::{self, MANAGER_TOKEN};
use crate::connection::{Connection, Peer, Reply};
use crate::instance::Instance;
use crate::load::measure::percentile;
use crate::size::beside::{Callers, Felt};
use crate::{store, wait};

/// Calls at once where it is throughput that counts.
const AT_ONCE: usize = 16;
/// The same where every call waits for the disk: those that come together share one wait.
const WRITES_AT_ONCE: usize = 64;
/// How long throughput is measured.
const SPAN: Duration = Duration::from_secs(5);
/// How often each search is asked, and pages are read, and members added.
const ROUNDS: usize = 300;
/// Members that the group has before.
const MEMBERS: usize = 100_000;
/// People of one call of SCIM.
const BULK: usize = 1_000;
/// Pause between two looks whether a rule is applied.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// The longest that a rule may take.
const RULE_MAX: Duration = Duration::from_secs(300);
/// The id of the group whose members a rule finds.
const RULED: &str = "00gRuledByTheBench00";
/// The id of the group that is large already.
const LARGE: &str = "00gLargeOfTheBench00";

/// Searches, with what is asked.
const SEARCHES: [(&str, &str); 5] = [
    ("login eq", "profile.login eq \"person0005000@example.com\""),
    ("email sw", "profile.email sw \"person00050\""),
    ("last name eq", "profile.lastName eq \"0005001\""),
    ("status eq", "status eq \"ACTIVE\""),
    (
        "last updated gt",
        "lastUpdated gt \"2020-01-01T00:00:00.000Z\"",
    ),
];

/// The findings; times in milliseconds.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ApiSize {
    /// People read one by one, a second.
    pub get_per_second: f64,
    /// People made, each durable before it is answered, a second.
    pub create_per_second: f64,
    /// 99 of 100 pages of 200 people took no longer, however far from the first.
    pub page_p99_millis: f64,
    /// Each search, and what 99 of 100 took at most.
    pub searches: Vec<(&'static str, f64)>,
    /// What 99 of 100 took at most to be put into a large group.
    pub member_p99_millis: f64,
    /// A thousand people made by one call of SCIM.
    pub bulk_millis: f64,
    /// How many people a rule found, and in how many seconds all of them were in its group.
    pub ruled: (u64, f64),
    /// What others felt before the rule was applied, and while it was.
    pub felt: (Felt, Felt),
}

/// Gives the script its token; the program runs.
///
/// # Errors
/// When the program refuses it.
pub fn grant(instance: &Instance) -> anyhow::Result<()> {
    let (slug, name) = store::first_org(&instance.data())?;
    let document = bootstrap::render_manager_document(&slug, &name);
    let path = instance.folder().join("bench.yaml");
    std::fs::write(&path, document)?;
    instance.run(&["apply", &path.display().to_string()])?;
    Ok(())
}

/// Makes the groups that are measured with; no program uses the store.
///
/// # Errors
/// When the store cannot be written.
pub fn fill(instance: &Instance) -> anyhow::Result<()> {
    let data = instance.data();
    store::make_group(&data, RULED, "Ruled", 0)?;
    store::make_group(&data, LARGE, "Large", MEMBERS)
}

/// Measures.
///
/// # Errors
/// When a call is not answered as it should.
pub async fn measure(instance: &Instance, people: usize) -> anyhow::Result<ApiSize> {
    let peer = instance.peer();
    let mut script = Script::new(peer);
    let get = throughput(peer, AT_ONCE, StatusCode::OK, move |number| {
        let path = format!(
            "/api/v1/users/{}",
            id_of(number.wrapping_mul(7_919) % people)
        );
        (Method::GET, path, Value::Null)
    });
    let mut found = ApiSize {
        get_per_second: get.await?,
        page_p99_millis: pages(&mut script, people).await?,
        ..ApiSize::default()
    };
    for (name, search) in SEARCHES {
        let search: String = form_urlencoded::byte_serialize(search.as_bytes()).collect();
        let path = format!("/api/v1/users?limit=200&search={search}");
        let mut times = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            times.push(script.timed(Method::GET, &path, Value::Null).await?.1);
        }
        found.searches.push((name, p99_millis(times)));
    }
    found.member_p99_millis = members(&mut script, people).await?;
    found.bulk_millis = bulk(&mut script).await?;
    let create = throughput(peer, WRITES_AT_ONCE, StatusCode::OK, |number| {
        let login = format!("made{number}@example.com");
        let profile =
            json!({ "login": login, "email": login, "firstName": "Made", "lastName": "Person" });
        (
            Method::POST,
            String::from("/api/v1/users?activate=false"),
            json!({ "profile": profile }),
        )
    });
    found.create_per_second = create.await?;
    (found.ruled, found.felt) = rule(&mut script, instance).await?;
    Ok(found)
}

/// The people that the store was filled with.
fn id_of(number: usize) -> String {
    format!("00u{number:017}")
}

async fn pages(script: &mut Script, people: usize) -> anyhow::Result<f64> {
    let mut times = Vec::new();
    let mut path = String::from("/api/v1/users?limit=200");
    for _ in 0..people.div_ceil(200) {
        let (reply, took) = script.timed(Method::GET, &path, Value::Null).await?;
        times.push(took);
        match next_of(&reply) {
            Some(next) => path = next,
            None => break,
        }
    }
    Ok(p99_millis(times))
}

fn next_of(reply: &Reply) -> Option<String> {
    let links = reply.headers.get_all(http::header::LINK).iter();
    let texts = links.filter_map(|link| link.to_str().ok());
    let next = texts
        .flat_map(|text| text.split(", "))
        .find(|link| link.ends_with("rel=\"next\""))?;
    let address = next.split_once('<')?.1.split_once('>')?.0;
    let (_, path) = address.split_once("://")?.1.split_once('/')?;
    Some(format!("/{path}"))
}

async fn members(script: &mut Script, people: usize) -> anyhow::Result<f64> {
    let mut times = Vec::with_capacity(ROUNDS);
    for number in 0..ROUNDS {
        // Those who are last of all are not in it.
        let path = format!(
            "/api/v1/groups/{LARGE}/users/{}",
            id_of(people - 1 - number)
        );
        times.push(script.timed(Method::PUT, &path, Value::Null).await?.1);
    }
    Ok(p99_millis(times))
}

async fn bulk(script: &mut Script) -> anyhow::Result<f64> {
    let operations: Vec<Value> = (0..BULK)
        .map(|number| {
            let name = format!("bulk{number}@example.com");
            let data = json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
                "userName": name,
                "name": { "givenName": "Bulk", "familyName": "Person" },
                "emails": [{ "value": name, "primary": true }],
            });
            json!({ "method": "POST", "path": "/Users", "bulkId": number.to_string(), "data": data })
        })
        .collect();
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": operations,
    });
    let (reply, took) = script.timed(Method::POST, "/scim/v2/Bulk", body).await?;
    let answered = reply.json()?;
    let made = answered["Operations"].as_array().context("no operations")?;
    let made = made.iter().filter(|one| one["status"] == "201").count();
    anyhow::ensure!(made == BULK, "{made} of {BULK} were made: {}", reply.text());
    Ok(took.as_secs_f64() * 1e3)
}

/// What the log says when a rule has been applied to everybody.
const APPLIED: &str = "/api/v1/logs?limit=1&sortOrder=DESCENDING\
    &filter=eventType+eq+%22group.user_membership.rule.evaluation%22";

/// A rule that finds everybody whose number begins with two noughts, while others keep coming.
async fn rule(
    script: &mut Script,
    instance: &Instance,
) -> anyhow::Result<((u64, f64), (Felt, Felt))> {
    let expression = "String.startsWith(user.login, \"person00\")";
    let body = json!({
        "type": "group_rule",
        "name": "Bench",
        "conditions": { "expression": { "type": "urn:okta:expression:1.0", "value": expression } },
        "actions": { "assignUserToGroups": { "groupIds": [RULED] } },
    });
    let (made, _) = script
        .timed(Method::POST, "/api/v1/groups/rules", body)
        .await?;
    let id = made.json()?["id"].as_str().context("no id")?.to_owned();
    let data = instance.data();
    let wanted = store::count_crowd(&data, "person00")?;
    let callers = Callers::begin(instance.peer());
    wait::until_moment((Instant::now() + SPAN).into()).await;
    callers.note_begin();
    let begun = Instant::now();
    let activate = format!("/api/v1/groups/rules/{id}/lifecycle/activate");
    script.timed(Method::POST, &activate, Value::Null).await?;
    // Asked by the interface, not of the store: a process for each look would take the callers' core.
    let mut looks = 0;
    loop {
        looks += 1;
        wait::until_moment((begun + LOOK_EVERY * looks).into()).await;
        let (reply, _) = script.timed(Method::GET, APPLIED, Value::Null).await?;
        if reply
            .json()?
            .as_array()
            .is_some_and(|rows| !rows.is_empty())
        {
            break;
        }
        anyhow::ensure!(begun.elapsed() < RULE_MAX, "the rule was not applied");
    }
    let took = begun.elapsed().as_secs_f64();
    let felt = callers.end().await?;
    let inside = store::count_members(&data, RULED)?;
    anyhow::ensure!(inside >= wanted, "{inside} of {wanted} are in the group");
    Ok(((wanted, took), felt))
}

pub(super) fn p99_millis(times: Vec<Duration>) -> f64 {
    let mut micros: Vec<u64> = times
        .into_iter()
        .map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
        .collect();
    micros.sort_unstable();
    percentile(&micros, 99.0) as f64 / 1e3
}

/// Calls a second, by so many callers at once who each ask the next thing when they were answered.
async fn throughput(
    peer: &Peer,
    at_once: usize,
    wanted: StatusCode,
    make: impl Fn(usize) -> (Method, String, Value) + Send + Sync + 'static,
) -> anyhow::Result<f64> {
    let make = Arc::new(make);
    let begun = Instant::now();
    let callers: Vec<_> = (0..at_once)
        .map(|first| {
            let (make, mut script) = (Arc::clone(&make), Script::new(peer));
            tokio::spawn(async move {
                let mut served = 0_usize;
                while begun.elapsed() < SPAN {
                    let (method, path, body) = make(first + served * at_once);
                    let reply = script.call(method, &path, body).await?;
                    anyhow::ensure!(reply.status == wanted, "{path}: {}", reply.text());
                    served += 1;
                }
                Ok::<_, anyhow::Error>(served)
            })
        })
        .collect();
    let mut served = 0;
    for caller in callers {
        served += caller.await??;
    }
    Ok(served as f64 / begun.elapsed().as_secs_f64())
}

/// A script of an administrator.
pub(super) struct Script(Connection);

impl Script {
    pub(super) fn new(peer: &Peer) -> Self {
        Self(Connection::new(peer.clone()))
    }

    async fn call(&mut self, method: Method, path: &str, body: Value) -> anyhow::Result<Reply> {
        let token = [(AUTHORIZATION, format!("SSWS {MANAGER_TOKEN}"))];
        self.0.call(method, path, &body, &token).await
    }

    /// A call that is answered well, and how long it took.
    pub(super) async fn timed(
        &mut self,
        method: Method,
        path: &str,
        body: Value,
    ) -> anyhow::Result<(Reply, Duration)> {
        let begun = Instant::now();
        let reply = self.call(method, path, body).await?;
        let took = begun.elapsed();
        anyhow::ensure!(
            reply.status.is_success(),
            "{path}: {} {}",
            reply.status,
            reply.text()
        );
        Ok((reply, took))
    }
}
