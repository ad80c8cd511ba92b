//! Whether the sign-on policies let a session use an app: asked again at every authorization, with what is true now.

use crate::authorize::Scene;
use crate::authorize::decide::AppVerdict;
use identity::app::App;
use identity::behavior::place::Origin;
use identity::fault::Fault;
use identity::session::SignedIn;
use identity::sign_in::evaluate::PolicyQuestion;
use identity::sign_on::{Requirement, Verdict};
use identity::snapshot::OrgSnapshot;

/// Asks the org's policy and the app's own.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn load(
    scene: &Scene<'_>,
    snapshot: &OrgSnapshot,
    app: &App,
    signed_in: &SignedIn,
) -> Result<AppVerdict, Fault> {
    let verdict = ask(scene, snapshot, app, signed_in, Requirement::default()).await?;
    Ok(decide_verdict(&verdict))
}

/// The policies' verdict on the session, if this is asked for beyond them.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn ask(
    scene: &Scene<'_>,
    snapshot: &OrgSnapshot,
    app: &App,
    signed_in: &SignedIn,
    requirement: Requirement,
) -> Result<Verdict, Fault> {
    let question = PolicyQuestion {
        app: Some(app.id.clone()),
        proved: signed_in.session.authenticators.clone(),
        is_session: true,
        requirement,
        origin: Origin::Session(signed_in.session.id.clone()),
        ..PolicyQuestion::default()
    };
    let evaluation = scene
        .cell
        .evaluate_policies(snapshot, &signed_in.person, question, scene.facts)
        .await?;
    Ok(evaluation.verdict)
}

/// What a policy's verdict means for a session. What is to be enrolled is asked for by the sign-in pages, too.
#[must_use]
pub fn decide_verdict(verdict: &Verdict) -> AppVerdict {
    match verdict {
        Verdict::Allow(_) => AppVerdict::Allow,
        Verdict::Challenge { .. } | Verdict::Enroll { .. } => AppVerdict::StepUp,
        Verdict::Deny(reason) => AppVerdict::Denied {
            reason: reason.message_key().to_owned(),
        },
    }
}
