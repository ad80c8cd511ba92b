//! What an authorization request comes to (OpenID Connect Core section 3.1.2). Pure.

use crate::denial::Denial;
use crate::limits::SIGN_IN_ASKED_SECS_MAX;
use protocol::oauth::authorize::AuthorizeRequest;
use protocol::oauth::error::ErrorCode;
use vocab::time::Timestamp;

/// Whether the sign-on policy lets a session use an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppVerdict {
    /// It does.
    Allow,
    /// After proving more.
    StepUp,
    /// It does not.
    Denied {
        /// Why, for the log.
        reason: String,
    },
}

/// How a session stands to the `acr_values` of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcrStanding {
    /// One of them is reached, or none is asked for.
    Reached,
    /// None is, but the person can prove or enrol what is missing.
    WithinReach,
    /// None is, and the person cannot.
    OutOfReach,
}

/// What is known of a live session.
#[derive(Debug, Clone)]
pub struct SessionFacts {
    /// The latest moment at which the person proved something.
    pub authenticated_at: Timestamp,
    /// Whether there is an `id_token_hint` and it does not name this person.
    pub hinted_other: bool,
    /// What the sign-on policy says.
    pub verdict: AppVerdict,
    /// Whether one of the `acr_values` is reached.
    pub acr: AcrStanding,
    /// Whether the app is assigned to the person.
    pub assigned: bool,
    /// Whether the person must be asked for consent.
    pub consent_missing: bool,
}

/// Why a person is sent to sign in, for the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInReason {
    /// Nobody is signed in.
    SignedOut,
    /// The proof is too old, or must be given anew.
    Again,
    /// More must be proved.
    StepUp,
    /// The person may be another one.
    SelectAccount,
}

impl SignInReason {
    /// The word in the address of the page.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Again => "again",
            Self::StepUp => "step_up",
            Self::SelectAccount => "select_account",
        }
    }
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorizeStep {
    /// Send the person to sign in.
    SignIn(SignInReason),
    /// Ask the person for consent.
    AskConsent,
    /// Answer with an error.
    Deny(Denial),
    /// Answer with a code.
    IssueCode,
}

/// Decides the next step. `asked_at` is when a sign-in was asked for on behalf of this very request: proof given
/// since then satisfies `prompt=login` and `max_age=0`, which otherwise could never be satisfied.
#[must_use]
pub fn decide_authorize(
    request: &AuthorizeRequest,
    session: Option<&SessionFacts>,
    asked_at: Option<Timestamp>,
    now: Timestamp,
) -> AuthorizeStep {
    let silent = request.prompts.none;
    let Some(session) = session else {
        return ask_to_sign_in(silent, SignInReason::SignedOut);
    };
    if let Some(reason) = decide_freshness(request, session, asked_at, now) {
        return ask_to_sign_in(silent, reason);
    }
    match &session.verdict {
        AppVerdict::Allow => {}
        AppVerdict::StepUp if silent => {
            return deny(
                ErrorCode::InteractionRequired,
                "the person must prove more than the session did",
            );
        }
        AppVerdict::StepUp => return AuthorizeStep::SignIn(SignInReason::StepUp),
        AppVerdict::Denied { .. } => {
            return deny(
                ErrorCode::AccessDenied,
                "the sign-on policy does not permit this",
            );
        }
    }
    if !session.assigned {
        return deny(
            ErrorCode::AccessDenied,
            "the app is not assigned to the person",
        );
    }
    if session.acr != AcrStanding::Reached {
        return decide_acr(
            session.acr,
            silent,
            was_proved_since(session, asked_at, now),
        );
    }
    match (session.consent_missing, silent) {
        (false, _) => AuthorizeStep::IssueCode,
        (true, true) => deny(ErrorCode::ConsentRequired, "the person has not consented"),
        (true, false) => AuthorizeStep::AskConsent,
    }
}

/// What follows when none of `acr_values` is reached. The sign-in pages are told what is asked for and lead the person
/// there; whoever comes back from them without it is not sent there again.
fn decide_acr(standing: AcrStanding, silent: bool, was_asked: bool) -> AuthorizeStep {
    match (silent, standing) {
        (true, _) => deny(
            ErrorCode::InteractionRequired,
            "none of acr_values is reached by the session",
        ),
        (false, AcrStanding::WithinReach) if !was_asked => {
            AuthorizeStep::SignIn(SignInReason::StepUp)
        }
        (false, _) => deny(
            ErrorCode::UnmetAuthenticationRequirements,
            "none of acr_values can be reached",
        ),
    }
}

fn decide_freshness(
    request: &AuthorizeRequest,
    session: &SessionFacts,
    asked_at: Option<Timestamp>,
    now: Timestamp,
) -> Option<SignInReason> {
    if was_proved_since(session, asked_at, now) {
        return session.hinted_other.then_some(SignInReason::SelectAccount);
    }
    if session.hinted_other || request.prompts.select_account {
        return Some(SignInReason::SelectAccount);
    }
    let age_secs = now.secs_since(session.authenticated_at);
    // With max_age=0 any age is too old: prove it again now (OpenID Connect Core section 3.1.2.1).
    let too_old = request
        .max_age_secs
        .is_some_and(|max| max == 0 || age_secs > max);
    (request.prompts.login || too_old).then_some(SignInReason::Again)
}

/// Whether something was proved since a sign-in was asked for, which was not long ago.
fn was_proved_since(session: &SessionFacts, asked_at: Option<Timestamp>, now: Timestamp) -> bool {
    asked_at.is_some_and(|asked_at| {
        asked_at <= now
            && now.secs_since(asked_at) <= SIGN_IN_ASKED_SECS_MAX
            && session.authenticated_at >= asked_at
    })
}

fn ask_to_sign_in(silent: bool, reason: SignInReason) -> AuthorizeStep {
    match (silent, reason) {
        (false, reason) => AuthorizeStep::SignIn(reason),
        (true, SignInReason::SelectAccount) => deny(
            ErrorCode::LoginRequired,
            "the person signed in is not the one that id_token_hint names",
        ),
        (true, _) => deny(ErrorCode::LoginRequired, "the person must sign in"),
    }
}

const fn deny(code: ErrorCode, description: &'static str) -> AuthorizeStep {
    AuthorizeStep::Deny(Denial::new(code, description))
}
