//! Who is known at the SCIM server of an app, what waits and what went wrong.

use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::limits::PROVISIONED_PAGE;
use crate::provisioning::{href, load, missing, refused};
use crate::reply::Reply;
use crate::shown::{moment, text};
use identity::app::App;
use identity::condition::Place;
use identity::fault::Refusal;
use identity::provisioning::store::accounts::{Account, Which};
use serde_json::{Value, json};
use vocab::id::UserId;

/// How an account stands.
pub(crate) const STATUSES: &[&str] = &[
    "WAITING", "RETRYING", "FAILED", "ACTIVE", "INACTIVE", "NONE",
];

/// `GET …/provisioning/accounts`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let (app, _) = load(&call).await?;
    let which = match call.query.get("status") {
        None => Which::All,
        Some("FAILED") => Which::Troubled,
        Some(_) => return Err(ApiError::invalid("status", "use FAILED, or nothing")),
    };
    let limit = call.query.limit(PROVISIONED_PAGE)?;
    let after = call.place()?.map(|place| place.id).unwrap_or_default();
    let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let found = call
        .cell
        .list_accounts(&call.permit, &app.id, which, (&after, most));
    let mut found = found.await?;
    let is_last = found.len() <= limit;
    found.truncate(limit);
    let next = found.last().filter(|_| !is_last);
    let next = next.map(|account| Place::at(account.user_id.as_str()));
    let shown: Vec<Value> = found
        .iter()
        .map(|account| render(&call, &app, account))
        .collect();
    Ok(call.paged(Reply::of(Value::from(shown)), next.as_ref()))
}

/// The person whom the path names.
pub(crate) fn parse_user(call: &Call) -> Result<UserId, ApiError> {
    let missing = || missing(call, Thing::AppUser, "user");
    UserId::parse(call.parameter("user")).map_err(|_| missing())
}

/// `GET …/provisioning/accounts/{user}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let ((app, _), user) = (load(&call).await?, parse_user(&call)?);
    match call.cell.find_account(&call.permit, &app.id, &user).await {
        Err(Refusal::NotFound) => Err(missing(&call, Thing::AppUser, "user")),
        other => Ok(Reply::of(render(&call, &app, &other?))),
    }
}

/// `POST …/provisioning/accounts/{user}/retry`: somebody is looked at again, now.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn retry(call: Call) -> Result<Reply, ApiError> {
    let ((app, _), user) = (load(&call).await?, parse_user(&call)?);
    let retried = call
        .cell
        .retry_provisioning(&call.permit, &app.id, Some(&user));
    match retried.await {
        Err(Refusal::NotFound) => Err(missing(&call, Thing::AppUser, "user")),
        other => {
            other.map_err(refused)?;
            Ok(Reply::empty())
        }
    }
}

/// `POST …/provisioning/retry`: everybody is looked at again.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn retry_all(call: Call) -> Result<Reply, ApiError> {
    let (app, _) = load(&call).await?;
    let retried = call.cell.retry_provisioning(&call.permit, &app.id, None);
    retried.await.map_err(refused)?;
    Ok(Reply::empty())
}

/// How an account stands, in a word.
#[must_use]
pub fn status_of(account: &Account) -> &'static str {
    match (account.due_at, &account.trouble, &account.peer_id) {
        (Some(_), Some(_), _) if account.attempts > 0 => "RETRYING",
        (Some(_), ..) => "WAITING",
        (None, Some(_), _) => "FAILED",
        (None, None, Some(_)) if account.peer_active => "ACTIVE",
        (None, None, Some(_)) => "INACTIVE",
        (None, None, None) => "NONE",
    }
}

fn render(call: &Call, app: &App, account: &Account) -> Value {
    let path = format!("/provisioning/accounts/{}", account.user_id);
    let person = call.href(&format!("/api/v1/users/{}", account.user_id));
    json!({
        "id": account.user_id.as_str(),
        "login": text(&account.login),
        "status": status_of(account),
        "externalId": account.peer_id,
        "failure": account.trouble,
        "failedAttempts": account.attempts,
        "nextAttempt": moment(account.due_at),
        "lastUpdated": moment(Some(account.updated_at)),
        "_links": {
            "self": { "href": href(call, app, &path), "hints": { "allow": ["GET"] } },
            "retry": { "href": href(call, app, &format!("{path}/retry")), "hints": { "allow": ["POST"] } },
            "plan": { "href": href(call, app, &format!("{path}/plan")), "hints": { "allow": ["GET"] } },
            "user": { "href": person },
        },
    })
}
