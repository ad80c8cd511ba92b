//! Passwords that another system keeps: whoever types one at the first sign-in is asked about there. What is right is hashed
//! here, and the hook is not asked about that person again; everything else is a wrong password like any other.

use crate::cell::Cell;
use crate::credential::password::{PasswordCheck, busy_or_fault};
use crate::credential::store::{self, StoredPassword};
use crate::fault::Fault;
use crate::inline_hook::call::{Called, Envelope, Times, render_question};
use crate::inline_hook::{InlineHook, InlineHookKind, store as hooks};
use crate::org::Org;
use crate::password::PASSWORD_BYTES_MAX;
use crate::person::Person;
use crate::person::operations::as_target;
use ledger::{Actor, ClientFacts, Event, EventType, Outcome};
use serde_json::{Map, Value, json};
use vocab::secret::Secret;
use vocab::time::Timestamp;

/// Most commands of one answer.
const COMMANDS_MAX: usize = 10;
/// The command there is.
const COMMAND: &str = "com.okta.action.update";
const VERIFIED: &str = "VERIFIED";
const UNVERIFIED: &str = "UNVERIFIED";

/// What an answer says of the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It is the person's.
    Verified,
    /// It is not.
    Unverified,
}

/// What is asked of a hook.
fn render_data(login: &str, candidate: &Secret<String>, client: &ClientFacts) -> Value {
    json!({
        "context": {
            "request": { "id": client.request_id, "method": "POST", "ipAddress": client.ip },
            "credential": { "username": login, "password": candidate.expose() },
        },
        "action": { "credential": UNVERIFIED },
    })
}

/// What an answer comes to. Only one that says nothing else says that it is right.
///
/// # Errors
/// Why the answer means nothing.
fn decide_verdict(said: Option<&Map<String, Value>>) -> Result<Verdict, &'static str> {
    let Some(said) = said else {
        return Ok(Verdict::Unverified);
    };
    if said.get("error").is_some_and(|error| !error.is_null()) {
        return Err("ERROR");
    }
    let commands = match said.get("commands") {
        None => return Ok(Verdict::Unverified),
        Some(Value::Array(commands)) => commands,
        Some(_) => return Err("COMMANDS"),
    };
    if commands.len() > COMMANDS_MAX {
        return Err("TOO_MANY_COMMANDS");
    }
    let mut verdict = None;
    for command in commands {
        if command.get("type").and_then(Value::as_str) != Some(COMMAND) {
            return Err("UNKNOWN_COMMAND");
        }
        let credential = command.pointer("/value/credential").and_then(Value::as_str);
        let one = match credential {
            Some(VERIFIED) => Verdict::Verified,
            Some(UNVERIFIED) => Verdict::Unverified,
            _ => return Err("VALUE"),
        };
        if verdict.is_some_and(|before| before != one) {
            return Err("CONTRADICTION");
        }
        verdict = Some(one);
    }
    Ok(verdict.unwrap_or(Verdict::Unverified))
}

/// A password that another system knows, to be stored here.
struct Taken {
    person: Person,
    password: StoredPassword,
    events: Vec<Event>,
}

impl Cell {
    /// Asks about a password that another system knows.
    pub(crate) async fn check_imported(
        &self,
        org: &Org,
        person: &Person,
        candidate: Secret<String>,
        client: &ClientFacts,
    ) -> Result<PasswordCheck, Fault> {
        // First what everybody costs: the answer is never quicker than that for somebody unknown, and under a flood nobody else is asked.
        let alike = self.check_nothing(candidate.clone()).await?;
        if alike != PasswordCheck::Wrong || candidate.expose().len() > PASSWORD_BYTES_MAX {
            return Ok(alike);
        }
        let hook = {
            let mut tx = self.database.read().await?;
            hooks::load_active_of(&mut tx, &org.id, InlineHookKind::PasswordImport).await?
        };
        let Some(hook) = hook else {
            return Ok(PasswordCheck::Wrong);
        };
        let called = self.ask_about(&hook, person, &candidate, client).await?;
        let verdict = match &called.heard {
            Ok(said) => decide_verdict(said.as_ref()),
            Err(_) => Ok(Verdict::Unverified),
        };
        let events = render_events(&called, &hook, verdict, person, self.now());
        let by = (actor(person), client);
        if verdict != Ok(Verdict::Verified) {
            self.note_inline_call(&org.id, events, by).await?;
            return Ok(PasswordCheck::Wrong);
        }
        let hash = match self.passwords.hash(candidate.clone()).await {
            Ok(hash) => hash,
            // It is asked about once more, next time.
            Err(error) => return busy_or_fault(error),
        };
        let taken = Taken {
            person: person.clone(),
            password: StoredPassword {
                hash,
                changed_at: self.now(),
                must_change: false,
            },
            events: events
                .into_iter()
                .map(|event| event.actor(actor(person)).client(client))
                .collect(),
        };
        if self.store_imported(taken).await? {
            return Ok(PasswordCheck::Right { must_change: false });
        }
        // Another sign-in took it over meanwhile, or somebody set another one: that is what counts.
        let stored = {
            let mut tx = self.database.read().await?;
            store::load_password(&mut tx, &org.id, &person.id).await?
        };
        match stored {
            Some(stored) => self.check_stored(org, person, candidate, stored).await,
            None => Ok(PasswordCheck::Wrong),
        }
    }

    async fn ask_about(
        &self,
        hook: &InlineHook,
        person: &Person,
        candidate: &Secret<String>,
        client: &ClientFacts,
    ) -> Result<Called, Fault> {
        let event_id = self.draw_call_id();
        let source = format!("{}/api/v1/inlineHooks/{}", hook.config.base_url, hook.id);
        let envelope = Envelope {
            kind: hook.kind,
            event_id: &event_id,
            at: self.now(),
            source: &source,
        };
        let data = render_data(&person.login, candidate, client);
        let body = render_question(&envelope, data).to_string().into_bytes();
        self.call_inline_hook(hook, event_id, body, Times::Twice)
            .await
    }

    /// Whether it was stored: there is one turn.
    async fn store_imported(&self, taken: Taken) -> Result<bool, Fault> {
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let (org, user) = (&taken.person.org_id, &taken.person.id);
                    let mut events = taken.events;
                    let is_first = store::take_import(tx, org, user).await?;
                    if is_first {
                        store::put_password(tx, org, user, &taken.password).await?;
                    } else {
                        events.retain(|event| event.event_type() != EventType::UserImportPassword);
                    }
                    ledger::append_all(tx, org, events).await?;
                    Ok::<bool, Fault>(is_first)
                })
            })
            .await
    }
}

fn actor(person: &Person) -> Actor {
    Actor::user(&person.id, &person.login, &person.display_name())
}

/// That the hook was asked, what its answer came to, and whether a password was taken over.
fn render_events(
    called: &Called,
    hook: &InlineHook,
    verdict: Result<Verdict, &'static str>,
    person: &Person,
    now: Timestamp,
) -> Vec<Event> {
    let mut events = vec![called.event(hook, now)];
    if called.heard.is_ok() {
        events.push(called.processed(hook, verdict.err(), now));
    }
    let outcome = if verdict == Ok(Verdict::Verified) {
        Outcome::Success
    } else {
        Outcome::Failure
    };
    let import = Event::new(EventType::UserImportPassword, outcome, now).target(as_target(person));
    events.push(match outcome {
        Outcome::Success => import,
        _ => import.reason("INVALID_CREDENTIALS"),
    });
    events
}

#[cfg(test)]
mod tests {
    use super::{Verdict, decide_verdict};
    use serde_json::{Value, json};

    #[test]
    fn only_what_says_so_plainly_is_verified() {
        let update = |value: Value| json!({ "type": "com.okta.action.update", "value": value });
        let (yes, no) = (
            json!({ "credential": "VERIFIED" }),
            json!({ "credential": "UNVERIFIED" }),
        );
        for (said, expected) in [
            (
                json!({ "commands": [update(yes.clone())] }),
                Ok(Verdict::Verified),
            ),
            (
                json!({ "commands": [update(yes.clone())], "debugContext": {} }),
                Ok(Verdict::Verified),
            ),
            (
                json!({ "commands": [update(yes.clone())], "error": null }),
                Ok(Verdict::Verified),
            ),
            (
                json!({ "commands": [update(no.clone())] }),
                Ok(Verdict::Unverified),
            ),
            (json!({ "commands": [] }), Ok(Verdict::Unverified)),
            (json!({}), Ok(Verdict::Unverified)),
            (
                json!({ "commands": [update(yes.clone())], "error": {} }),
                Err("ERROR"),
            ),
            (json!({ "commands": {} }), Err("COMMANDS")),
            (
                json!({ "commands": [update(yes.clone()), update(no)] }),
                Err("CONTRADICTION"),
            ),
            (
                json!({ "commands": [{ "type": "com.okta.other", "value": yes }] }),
                Err("UNKNOWN_COMMAND"),
            ),
            (json!({ "commands": [1] }), Err("UNKNOWN_COMMAND")),
            (
                json!({ "commands": [update(json!({ "credential": "verified" }))] }),
                Err("VALUE"),
            ),
            (
                json!({ "commands": [update(json!({ "credential": true }))] }),
                Err("VALUE"),
            ),
            (
                json!({ "commands": vec![update(yes.clone()); 11] }),
                Err("TOO_MANY_COMMANDS"),
            ),
        ] {
            let shown = said.to_string();
            let said = said.as_object().cloned();
            assert_eq!(decide_verdict(said.as_ref()), expected, "{shown}");
        }
        assert_eq!(decide_verdict(None), Ok(Verdict::Unverified));
    }
}
