//! Passwords that are changed for their person.

use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, ErrorCode};
use crate::reply::Reply;
use crate::users::input::PROVIDER;
use identity::session::ending::Ending;
use serde_json::{Value, json};
use vocab::secret::Secret;

/// `POST /api/v1/users/{id}/lifecycle/expire_password_with_temp_password`: the password is told this once, to whoever may
/// set any other as well.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn expire_with_temporary(call: Call) -> Result<Reply, ApiError> {
    let ends_sessions = call.query.flag("revokeSessions", false)?;
    let user = call.user("id").await?.person.id;
    let made = call.cell.set_temporary_password(&call.permit, &user);
    let text = made.await?;
    if ends_sessions {
        oauth::account::end_sessions(&call.cell, &call.permit, &user, Ending::All).await?;
    }
    Ok(Reply::of(json!({ "tempPassword": text.expose() })))
}

/// `POST /api/v1/users/{id}/credentials/forgot_password`: sends the person the link that they could ask for themselves. Their
/// state stays, and so does their password until they have chosen another.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was sent.
pub async fn forgot_password(call: Call) -> Result<Reply, ApiError> {
    if !call.query.flag("sendEmail", true)? {
        let cause = "sendEmail: a link is sent to the person alone";
        return Err(ApiError::because(ErrorCode::Unsupported, cause));
    }
    let person = call.user("id").await?.person;
    if call.has_body() {
        Fields::parse(call.json()?)?.end()?;
    }
    let sent = call
        .cell
        .send_password_link(&call.context, &call.permit, &person);
    sent.await?;
    Ok(Reply::done())
}

/// What is asked for.
struct Wish {
    present: Secret<String>,
    candidate: Secret<String>,
    ends_sessions: bool,
}

/// `POST /api/v1/users/{id}/credentials/change_password`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn change_password(call: Call) -> Result<Reply, ApiError> {
    // The policy holds in any case; it cannot be asked to hold less.
    call.query.flag("strict", true)?;
    let user = call.user("id").await?.person.id;
    let wish = parse(call.json()?)?;
    let changed =
        call.cell
            .change_known_password(&call.permit, &user, wish.present, wish.candidate);
    changed.await?;
    if wish.ends_sessions {
        oauth::account::end_sessions(&call.cell, &call.permit, &user, Ending::All).await?;
    }
    Ok(Reply::of(json!({
        "password": {},
        "provider": { "type": PROVIDER, "name": PROVIDER },
    })))
}

fn parse(bytes: &[u8]) -> Result<Wish, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    let (present, candidate) = (
        take(&mut fields, "oldPassword")?,
        take(&mut fields, "newPassword")?,
    );
    let ends_sessions = match fields.take("revokeSessions") {
        None => false,
        Some(Value::Bool(wanted)) => wanted,
        Some(_) => {
            return Err(ApiError::invalid(
                "revokeSessions",
                "it must be true or false",
            ));
        }
    };
    fields.end()?;
    Ok(Wish {
        present,
        candidate,
        ends_sessions,
    })
}

/// A password stands alone or in the field `value` of an object, as clients of either age send it.
fn take(fields: &mut Fields, name: &str) -> Result<Secret<String>, ApiError> {
    let text = match fields.take(name) {
        Some(Value::String(text)) => Some(text),
        Some(Value::Object(mut object)) if object.len() == 1 => match object.remove("value") {
            Some(Value::String(text)) => Some(text),
            _ => None,
        },
        _ => None,
    };
    let text =
        text.ok_or_else(|| ApiError::invalid(name, "it is required, as {\"value\":\"…\"}"))?;
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn both_passwords_are_needed() {
        for (text, is_good) in [
            (
                r#"{"oldPassword":{"value":"a"},"newPassword":{"value":"b"}}"#,
                true,
            ),
            (
                r#"{"oldPassword":"a","newPassword":"b","revokeSessions":true}"#,
                true,
            ),
            (r#"{"newPassword":{"value":"b"}}"#, false),
            (
                r#"{"oldPassword":{"value":1},"newPassword":{"value":"b"}}"#,
                false,
            ),
            (r#"{"oldPassword":{"hash":"a"},"newPassword":"b"}"#, false),
            (
                r#"{"oldPassword":"a","newPassword":"b","revokeSessions":"yes"}"#,
                false,
            ),
            (r#"{"oldPassword":"a","newPassword":"b","other":1}"#, false),
        ] {
            let parsed = parse(text.as_bytes());
            assert_eq!(parsed.is_ok(), is_good, "{text}");
            assert!(parsed.is_err() || parsed.is_ok_and(|wish| wish.candidate.expose() == "b"));
        }
    }
}
