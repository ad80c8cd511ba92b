//! What answers make of tokens, as tables.

use super::{Alterations, Answer, PatchProblem, decide_answer, plan};
use serde_json::{Map, Value, json};

fn map(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn access() -> Map<String, Value> {
    map(json!({
        "team": "blue", "airports": ["sjc", "sfo"],
        "employee": { "id": "1", "name": "Anna" },
    }))
}

fn planned(commands: Value) -> Result<Alterations, PatchProblem> {
    let said = map(json!({ "commands": commands }));
    let Answer::Commands(commands) = decide_answer(&said)? else {
        panic!("it is no refusal");
    };
    let id = map(json!({ "email": "a@example.com" }));
    plan(&commands, &access(), Some(&id))
}

fn one(operation: Value) -> Value {
    json!([{ "type": "com.okta.access.patch", "value": [operation] }])
}

/// The claims of the access token after one operation.
fn after(operation: Value) -> Result<Value, PatchProblem> {
    let planned = planned(one(operation))?;
    Ok(Value::Object(
        planned.access.unwrap().extra.members().clone(),
    ))
}

#[test]
fn claims_are_added_replaced_and_removed() {
    for (operation, pointer, expected) in [
        (
            json!({ "op": "add", "path": "/claims/new", "value": 1 }),
            "/new",
            json!(1),
        ),
        (
            json!({ "op": "add", "path": "/claims/team", "value": "red" }),
            "/team",
            json!("red"),
        ),
        (
            json!({ "op": "add", "path": "/claims/https:~1~1a.example~1x", "value": true }),
            "/https:~1~1a.example~1x",
            json!(true),
        ),
        (
            json!({ "op": "replace", "path": "/claims/team", "value": ["a"] }),
            "/team",
            json!(["a"]),
        ),
        (
            json!({ "op": "remove", "path": "/claims/team" }),
            "/team",
            json!(null),
        ),
        (
            json!({ "op": "remove", "path": "/claims/team", "value": null }),
            "/team",
            json!(null),
        ),
        (
            json!({ "op": "add", "path": "/claims/employee/unit", "value": "x" }),
            "/employee/unit",
            json!("x"),
        ),
        (
            json!({ "op": "replace", "path": "/claims/employee/name", "value": "Bea" }),
            "/employee/name",
            json!("Bea"),
        ),
        (
            json!({ "op": "remove", "path": "/claims/employee/id" }),
            "/employee/id",
            json!(null),
        ),
        (
            json!({ "op": "add", "path": "/claims/airports/2", "value": "lax" }),
            "/airports/2",
            json!("lax"),
        ),
        (
            json!({ "op": "add", "path": "/claims/airports/0", "value": "lax" }),
            "/airports/1",
            json!("sjc"),
        ),
        (
            json!({ "op": "add", "path": "/claims/airports/-", "value": "lax" }),
            "/airports/2",
            json!("lax"),
        ),
        (
            json!({ "op": "replace", "path": "/claims/airports/1", "value": "lax" }),
            "/airports/1",
            json!("lax"),
        ),
        (
            json!({ "op": "remove", "path": "/claims/airports/0" }),
            "/airports/0",
            json!("sfo"),
        ),
    ] {
        let shown = operation.to_string();
        let claims = after(operation).unwrap();
        let found = claims.pointer(pointer).cloned().unwrap_or(Value::Null);
        assert_eq!(found, expected, "{shown}");
    }
}

#[test]
fn what_cannot_be_applied_changes_nothing() {
    use PatchProblem as P;
    let add = |path: &str| json!({ "op": "add", "path": path, "value": "x" });
    let nested = (0..9).fold(json!(1), |inner, _| json!([inner]));
    let mut table = vec![
        (
            json!({ "op": "replace", "path": "/claims/none", "value": 1 }),
            P::NoSuchClaim,
        ),
        (
            json!({ "op": "remove", "path": "/claims/none" }),
            P::NoSuchClaim,
        ),
        (add("/claims/none/x"), P::NoSuchClaim),
        (add("/claims/team/x"), P::NoSuchClaim),
        (add("/claims/airports/3"), P::NoSuchClaim),
        (add("/claims/airports/x"), P::NoSuchClaim),
        (add("/claims/airports/01"), P::NoSuchClaim),
        (add("/claims/airports/+1"), P::NoSuchClaim),
        (
            json!({ "op": "replace", "path": "/claims/airports/2", "value": 1 }),
            P::NoSuchClaim,
        ),
        (
            json!({ "op": "remove", "path": "/claims/airports/-" }),
            P::NoSuchClaim,
        ),
        (
            json!({ "op": "remove", "path": "/claims/team", "value": "blue" }),
            P::Value,
        ),
        (json!({ "op": "add", "path": "/claims/x" }), P::Value),
        (
            json!({ "op": "add", "path": "/claims/x", "value": null }),
            P::Value,
        ),
        (
            json!({ "op": "move", "path": "/claims/x", "value": 1 }),
            P::UnknownOperation,
        ),
        (
            json!({ "path": "/claims/x", "value": 1 }),
            P::UnknownOperation,
        ),
        (json!(1), P::UnknownOperation),
        (add("claims/x"), P::Path),
        (add("/claims"), P::Path),
        (add("/claims/"), P::Path),
        (add("/claims/employee/"), P::Path),
        (add("/scopes/x"), P::Path),
        (add("/token/lifetime"), P::Path),
        (add(&format!("/claims/{}", "x".repeat(600))), P::Path),
        (add("/claims/a/b/c/d/e/f/g/h/i/j"), P::Path),
        (add("/token/lifetime/expiration"), P::UnknownOperation),
        (
            json!({ "op": "add", "path": "/claims/x", "value": "x".repeat(9_000) }),
            P::TooLarge,
        ),
        (
            json!({ "op": "add", "path": "/claims/x", "value": nested }),
            P::TooLarge,
        ),
        (
            json!({ "op": "add", "path": "/claims/x\n", "value": 1 }),
            P::TooLarge,
        ),
    ];
    for name in [
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "jti",
        "cid",
        "uid",
        "scp",
        "scope",
        "client_id",
        "ver",
        "nonce",
        "amr",
        "acr",
        "cnf",
    ] {
        for op in ["add", "replace"] {
            let operation = json!({ "op": op, "path": format!("/claims/{name}"), "value": "x" });
            table.push((operation, P::ReservedClaim));
        }
        let operation = json!({ "op": "remove", "path": format!("/claims/{name}") });
        table.push((operation, P::ReservedClaim));
    }
    for (operation, problem) in table {
        let shown = operation.to_string();
        assert_eq!(after(operation), Err(problem), "{shown}");
    }
}

#[test]
fn lifetimes_have_their_bounds() {
    let lifetime = |value: Value| {
        let operation =
            json!({ "op": "replace", "path": "/token/lifetime/expiration", "value": value });
        planned(one(operation)).map(|planned| planned.access.unwrap().lifetime_secs)
    };
    for (value, expected) in [
        (json!(300), Ok(Some(300))),
        (json!(86_400), Ok(Some(86_400))),
        (json!(299), Err(PatchProblem::Lifetime)),
        (json!(86_401), Err(PatchProblem::Lifetime)),
        (json!(-1), Err(PatchProblem::Lifetime)),
        (json!(3_600.5), Err(PatchProblem::Lifetime)),
        (json!("3600"), Err(PatchProblem::Lifetime)),
    ] {
        assert_eq!(lifetime(value.clone()), expected, "{value}");
    }
}

#[test]
fn one_operation_that_fails_takes_all_with_it() {
    let good = json!({ "op": "add", "path": "/claims/new", "value": 1 });
    let bad = json!({ "op": "remove", "path": "/claims/none" });
    let command = |value: Value| json!({ "type": "com.okta.access.patch", "value": value });
    assert!(planned(json!([command(json!([good, good.clone()]))])).is_ok());
    for commands in [
        json!([command(json!([good, bad]))]),
        json!([command(json!([good])), command(json!([bad]))]),
    ] {
        assert_eq!(planned(commands), Err(PatchProblem::NoSuchClaim));
    }
}

#[test]
fn a_token_that_is_not_asked_for_takes_no_command() {
    let said = map(json!({ "commands": [{
        "type": "com.okta.identity.patch",
        "value": [{ "op": "add", "path": "/claims/x", "value": 1 }],
    }] }));
    let Ok(Answer::Commands(commands)) = decide_answer(&said) else {
        panic!("they are commands");
    };
    assert_eq!(
        plan(&commands, &access(), None),
        Err(PatchProblem::NoSuchToken)
    );
    let id = map(json!({ "email": "a@example.com" }));
    let planned = plan(&commands, &access(), Some(&id)).unwrap();
    assert_eq!(planned.access, None);
    assert_eq!(planned.id.unwrap().extra.members()["x"], json!(1));
}

#[test]
fn answers_have_their_bounds() {
    use PatchProblem as P;
    let operation = json!({ "op": "add", "path": "/claims/x", "value": 1 });
    let command = |operations: usize| {
        json!({
            "type": "com.okta.access.patch", "value": vec![operation.clone(); operations],
        })
    };
    for (commands, expected) in [
        (json!([]), None),
        (json!(vec![command(1); 20]), None),
        (json!([command(100)]), None),
        (json!(vec![command(1); 21]), Some(P::TooMany)),
        (json!([command(101)]), Some(P::TooMany)),
        (json!([command(60), command(60)]), Some(P::TooMany)),
        (json!({}), Some(P::Malformed)),
        (
            json!([{ "type": "com.okta.access.patch", "value": {} }]),
            Some(P::Malformed),
        ),
        (
            json!([{ "type": "com.okta.assertion.patch", "value": [] }]),
            Some(P::UnknownCommand),
        ),
        (json!(["x"]), Some(P::UnknownCommand)),
    ] {
        assert_eq!(planned(commands.clone()).err(), expected, "{commands}");
    }
}

#[test]
fn an_error_refuses_in_words_that_can_be_shown() {
    for (error, expected) in [
        (json!({ "errorSummary": "no consent" }), Some("no consent")),
        (json!({ "errorSummary": " \u{202e}a\r\nb " }), Some("ab")),
        (json!({}), Some("The callback service returned an error")),
        (json!("x"), Some("The callback service returned an error")),
        (json!(null), None),
    ] {
        let said = map(json!({ "error": error, "commands": [] }));
        let refused = match decide_answer(&said).unwrap() {
            Answer::Refuse(why) => Some(why),
            Answer::Commands(_) => None,
        };
        assert_eq!(refused.as_deref(), expected, "{error}");
    }
}
