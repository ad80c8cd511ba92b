//! The classic sign-in API: programs that have pages of their own sign people in, one answer after another, until the
//! policies are satisfied. Each call goes the way that our own pages go: the same sign-in, the same slow-down, the same log,
//! and the same silence about who there is.
//!
//! A sign-in is known by its state token. When nothing more is needed, that token can be exchanged once for a session,
//! as the session token.

pub(crate) mod described;
pub mod factors;
pub mod open;
pub mod password;
pub mod render;

use crate::authn::open::{OpenCall, OpenOperation};
use crate::authn::render::{Shown, render};
use crate::body::Fields;
use crate::error::{ApiError, ErrorCode};
use crate::org;
use crate::reply::Reply;
use http::Method;
use identity::fault::Refusal;
use identity::sign_in::begin::Purpose;
use identity::sign_in::prove::{Attempt, Typed};
use identity::sign_in::{Flow, Step};
use serde_json::Value;
use vocab::secret::Secret;

macro_rules! operations {
    ($($method:ident $path:literal $($handler:ident)::+ $summary:literal $($described:ident)::+;)*) => {
        /// Every operation that needs no token of an administrator.
        pub static OPERATIONS: &[OpenOperation] = &[$(
            OpenOperation {
                method: Method::$method,
                path: $path,
                summary: $summary,
                description: &$($described)::+,
                handler: stringify!($($handler)::+),
                run: |call| Box::pin($($handler)::+(call)),
            },
        )*];
    };
}

operations! {
    GET "/.well-known/okta-organization" org::describe "Say which organisation this is, and how its people sign in" org::described::WELL_KNOWN;
    POST "/api/v1/authn" begin "Begin a sign-in by login and password, or look at one" described::BEGINS;
    POST "/api/v1/authn/cancel" cancel "Give a sign-in up" described::CANCELS;
    POST "/api/v1/authn/factors" factors::enroll "Enrol an authenticator app on the way" described::ENROLLS;
    POST "/api/v1/authn/factors/{factor}/lifecycle/activate" factors::activate "Confirm the authenticator app with its first code" described::ACTIVATES;
    POST "/api/v1/authn/factors/{factor}/verify" factors::verify "Prove one thing more" described::VERIFIES;
    POST "/api/v1/authn/credentials/change_password" password::change "Replace a password that has expired" described::CHANGES;
    POST "/api/v1/authn/recovery/password" password::recover "Send a link to get back in" described::RECOVERS;
}

/// Why nothing is looked at that comes from a threat.
const THREAT: &str = "too many names have failed to sign in from this address; try again later";

/// A sign-in that is under way, with the token by which it is known.
pub(crate) struct Transaction {
    pub(crate) flow: Flow,
    pub(crate) token: Secret<String>,
}

impl Transaction {
    /// The sign-in of the state token that a body carries.
    pub(crate) async fn load(call: &OpenCall, fields: &mut Fields) -> Result<Self, ApiError> {
        let token = fields.take_text("stateToken")?;
        let token = token.ok_or_else(|| ApiError::invalid("stateToken", "it is required"))?;
        let flow = call.cell.load_sign_in(&call.context.org, &token).await?;
        Ok(Self {
            // Whoever has not come past the first proof has no token.
            flow: flow
                .filter(|flow| !flow.state.is_first())
                .ok_or(ApiError::of(ErrorCode::InvalidToken))?,
            token: Secret::new(token),
        })
    }

    /// What is needed next.
    pub(crate) async fn step(&self, call: &OpenCall) -> Result<Step, ApiError> {
        let step = call.cell.next_step(&call.snapshot, &self.flow, &call.facts);
        Ok(step.await?)
    }

    /// Shows how far it has come.
    pub(crate) async fn show(&self, call: &OpenCall) -> Result<Reply, ApiError> {
        let step = self.step(call).await?;
        let shown = match step {
            // All sessions were ended since: what was proved counts no more.
            Step::Identify => return Err(ApiError::of(ErrorCode::InvalidToken)),
            Step::Denied => {
                call.cell.cancel_sign_in(&self.flow).await?;
                return Err(ApiError::of(ErrorCode::Forbidden));
            }
            Step::Prove(kinds) => {
                let rp_id = &call.context.rp_id;
                let factors = call.cell.sign_in_factors(&self.flow, &kinds, rp_id).await?;
                Shown::Required(factors)
            }
            Step::Enroll(kinds) => Shown::Enroll(kinds),
            Step::ChangePassword => Shown::PasswordExpired,
            Step::Done => Shown::Success,
        };
        self.reply(call, &shown).await
    }

    pub(crate) async fn reply(&self, call: &OpenCall, shown: &Shown) -> Result<Reply, ApiError> {
        let person = call.cell.person_of(&self.flow).await?;
        let person = person.ok_or(ApiError::of(ErrorCode::InvalidToken))?;
        Ok(Reply::of(render(call, self, &person, shown)))
    }
}

/// What clients send besides, which changes nothing here: which of their own pages they would rather show, and how they
/// name the device.
fn ignore_hints(fields: &mut Fields) {
    fields.ignore_read_only(&["options", "context"]);
}

/// `POST /api/v1/authn`.
///
/// # Errors
/// [`ApiError`]: one answer for everything that is not right, whoever there is.
pub async fn begin(call: OpenCall) -> Result<Reply, ApiError> {
    let mut fields = call.fields()?;
    ignore_hints(&mut fields);
    let username = fields.take_text("username")?;
    let password = fields.take_text("password")?;
    let (Some(username), Some(password)) = (username, password) else {
        let transaction = Transaction::load(&call, &mut fields).await?;
        fields.end()?;
        return transaction.show(&call).await;
    };
    fields.end()?;
    let org = &call.context.org;
    let begun = call.cell.begin_sign_in(org, Purpose::default(), None);
    let (flow, token) = begun.await?;
    let mut transaction = Transaction { flow, token };
    let proved = prove_first(&call, &mut transaction, &username, Secret::new(password)).await;
    if proved.is_err() {
        // Nothing was proved: its token is told to nobody.
        call.cell.cancel_sign_in(&transaction.flow).await?;
    }
    proved?;
    transaction.show(&call).await
}

async fn prove_first(
    call: &OpenCall,
    transaction: &mut Transaction,
    username: &str,
    password: Secret<String>,
) -> Result<(), ApiError> {
    let flow = &mut transaction.flow;
    match call.cell.identify(flow, username).await {
        Err(Refusal::Invalid { .. }) => return Err(ApiError::of(ErrorCode::Authentication)),
        other => other?,
    }
    let typed = Typed::Password(password);
    let attempt = call
        .cell
        .prove_typed(&call.snapshot, flow, typed, &call.facts);
    judge(attempt.await?, ErrorCode::Authentication)
}

/// What is answered to an attempt.
pub(crate) fn judge(attempt: Attempt, wrong: ErrorCode) -> Result<(), ApiError> {
    match attempt {
        Attempt::Right => Ok(()),
        Attempt::Wrong | Attempt::ModelRefused => Err(ApiError::of(wrong)),
        Attempt::Slow { retry_after_secs } => Err(ApiError::slow(retry_after_secs)),
        Attempt::Threat => Err(ApiError::because(ErrorCode::Forbidden, THREAT)),
    }
}

/// `POST /api/v1/authn/cancel`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn cancel(call: OpenCall) -> Result<Reply, ApiError> {
    let mut fields = call.fields()?;
    let transaction = Transaction::load(&call, &mut fields).await?;
    fields.end()?;
    call.cell.cancel_sign_in(&transaction.flow).await?;
    Ok(Reply::of(Value::Object(serde_json::Map::new())))
}
