//! Passwords on the way in: one that has expired is replaced, one that is lost is recovered by mail.

use crate::authn::open::OpenCall;
use crate::authn::{Transaction, ignore_hints};
use crate::error::{ApiError, ErrorCode};
use crate::reply::Reply;
use identity::credential::password::PasswordCheck;
use identity::fault::Refusal;
use identity::sign_in::Step;
use serde_json::json;
use vocab::secret::Secret;

/// `POST /api/v1/authn/credentials/change_password`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn change(call: OpenCall) -> Result<Reply, ApiError> {
    let mut fields = call.fields()?;
    let mut transaction = Transaction::load(&call, &mut fields).await?;
    let required = |name: &str| ApiError::invalid(name, "it is required");
    let old = fields.take_text("oldPassword")?;
    let old = Secret::new(old.ok_or_else(|| required("oldPassword"))?);
    let new = fields.take_text("newPassword")?;
    let new = Secret::new(new.ok_or_else(|| required("newPassword"))?);
    fields.end()?;
    if transaction.step(&call).await? != Step::ChangePassword {
        return Err(ApiError::of(ErrorCode::Forbidden));
    }
    // The sign-in has proved the present one already: it is asked for so that nobody takes over a screen that was left.
    let person = call.cell.person_of(&transaction.flow).await?;
    let org = &call.snapshot.org;
    let client = &call.facts.client;
    let checked = call.cell.check_password(org, person.as_ref(), old, client);
    match checked.await? {
        PasswordCheck::Right { .. } => {}
        PasswordCheck::Wrong => {
            // One guess at it: the sign-in begins anew, with all that slows guesses down.
            call.cell.cancel_sign_in(&transaction.flow).await?;
            let cause = "oldPassword: it is not the present one";
            return Err(ApiError::because(ErrorCode::CredentialUpdate, cause));
        }
        PasswordCheck::Busy { retry_after_secs } => return Err(ApiError::slow(retry_after_secs)),
    }
    let replaced =
        call.cell
            .replace_password(&call.snapshot, &mut transaction.flow, new, &call.facts);
    if !replaced.await? {
        return Err(ApiError::of(ErrorCode::InvalidToken));
    }
    transaction.show(&call).await
}

/// `POST /api/v1/authn/recovery/password`.
///
/// # Errors
/// [`ApiError`] as every operation; it tells nothing of who there is.
pub async fn recover(call: OpenCall) -> Result<Reply, ApiError> {
    let mut fields = call.fields()?;
    ignore_hints(&mut fields);
    let username = fields.take_text("username")?;
    let username = username.ok_or_else(|| ApiError::invalid("username", "it is required"))?;
    let by = fields.take_text("factorType")?;
    fields.end()?;
    if by.is_some_and(|by| !by.eq_ignore_ascii_case("EMAIL")) {
        return Err(ApiError::invalid(
            "factorType",
            "links are sent by mail alone: EMAIL",
        ));
    }
    let sent = call
        .cell
        .send_recovery(&call.context, &username, &call.facts);
    match sent.await {
        // So it is for everybody: it tells of nobody.
        Err(Refusal::WrongState(why)) => return Err(ApiError::because(ErrorCode::Forbidden, why)),
        Err(refusal) => return Err(refusal.into()),
        Ok(Err(wait)) => return Err(ApiError::slow(wait.secs)),
        Ok(Ok(())) => {}
    }
    Ok(Reply::of(json!({
        "status": "RECOVERY_CHALLENGE",
        "factorResult": "WAITING",
        "factorType": "EMAIL",
        "recoveryType": "PASSWORD",
    })))
}
