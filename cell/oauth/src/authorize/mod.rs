//! The authorization endpoint (RFC 6749 section 3.1, OpenID Connect Core section 3.1.2).

pub mod address;
pub mod decide;
pub mod http;
pub mod request;
pub mod store;
#[cfg(test)]
mod tests;
pub mod verdict;

use crate::access::decide_lifetimes;
use crate::assurance::{assurance_of, decide_wanted};
use crate::authorize::address::{
    SignInQuestion, parse_asked_at, render_consent, render_return, render_sign_in,
};
use crate::authorize::decide::{
    AcrStanding, AppVerdict, AuthorizeStep, SessionFacts, SignInReason, decide_authorize,
};
use crate::authorize::request::{CheckedRequest, Refusal};
use crate::authorize::store::IssuerRow;
use crate::consent;
use crate::denial::Denial;
use crate::events;
use crate::grant::{Attendance, GrantDocument, Grantor};
use crate::limits::CODE_SECS;
use crate::page::{FormPostPage, Page};
use crate::signing::{Wanted, verify};
use crate::token::authorization_code::decide::StoredCode;
use crate::token::{authorization_code, subject};
use identity::app::settings::GrantKind;
use identity::cell::Cell;
use identity::fault::Fault;
use identity::org::context::{OrgContext, RequestFacts};
use identity::session::SignedIn;
use identity::sign_on::{Requirement, Verdict};
use protocol::oauth::error::ErrorCode;
use protocol::oauth::form::Form;
use protocol::oauth::response::{
    Answer, AuthorizationResponse, RenderedResponse, render_authorization_response,
};
use std::sync::Arc;
use vocab::id::IdentityProviderId;
use vocab::secret::{Secret, SecretHash, random_token};

/// Where the browser goes next.
pub enum Destination {
    /// To this address.
    Redirect(String),
    /// To a page.
    Page(Page),
}

/// What an authorization request is answered from.
pub struct Scene<'a> {
    /// The cell.
    pub cell: &'a Cell,
    /// The org, as addressed.
    pub context: &'a OrgContext,
    /// Who sent it.
    pub facts: &'a RequestFacts,
}

impl Scene<'_> {
    /// The live session, if it is one of this very org.
    #[must_use]
    pub fn session(&self) -> Option<&Arc<SignedIn>> {
        let session = self.facts.session.as_ref();
        session.filter(|signed_in| signed_in.session.org_id == self.context.org)
    }
}

/// Answers an authorization request at the server of that name.
///
/// # Errors
/// [`Refusal`] for the person's eyes, or a fault.
pub async fn run(
    scene: &Scene<'_>,
    server: Option<&str>,
    form: &Form<'_>,
) -> Result<Destination, Refusal> {
    let checked = request::load(scene.cell, scene.context, server, form).await?;
    let checked = match checked {
        Ok(checked) => checked,
        Err(answerable) => return Ok(answerable.answer()),
    };
    let asked_at = parse_asked_at(form);
    let session = scene.session().cloned();
    let facts = match &session {
        Some(signed_in) => match load_facts(scene, &checked, signed_in).await? {
            Ok(facts) => Some(facts),
            Err(denial) => return Ok(checked.deny(&denial)),
        },
        None => None,
    };
    let step = decide_authorize(&checked.request, facts.as_ref(), asked_at, scene.facts.now);
    match (step, session) {
        (AuthorizeStep::SignIn(reason), _) => Ok(send_to_sign_in(scene, &checked, form, reason)),
        (AuthorizeStep::AskConsent, _) => {
            let back = render_return(&checked.issuer.path, form, asked_at, None);
            Ok(Destination::Redirect(render_consent(
                &scene.context.path_prefix,
                &back,
            )))
        }
        (AuthorizeStep::Deny(denial), Some(signed_in)) => {
            log_denial(scene, &checked, &signed_in, facts.as_ref()).await?;
            Ok(checked.deny(&denial))
        }
        (AuthorizeStep::Deny(denial), None) => Ok(checked.deny(&denial)),
        (AuthorizeStep::IssueCode, Some(signed_in)) => {
            let code = issue_code(scene, &checked, &signed_in).await?;
            Ok(checked.answer(Answer::Code(code.expose())))
        }
        (AuthorizeStep::IssueCode, None) => Ok(send_to_sign_in(
            scene,
            &checked,
            form,
            SignInReason::SignedOut,
        )),
    }
}

fn send_to_sign_in(
    scene: &Scene<'_>,
    checked: &CheckedRequest,
    form: &Form<'_>,
    reason: SignInReason,
) -> Destination {
    // The moment of this question: what was asked for earlier has not been done, or was not enough.
    let back = render_return(&checked.issuer.path, form, Some(scene.facts.now), None);
    // Clients in the field name it so; what names none is passed over like any other unknown parameter.
    let named = form.get("idp");
    let provider = named.and_then(|named| IdentityProviderId::parse(named).ok());
    // Whoever is signed out is signed in anew by whatever they prove here, but an identity provider may only repeat what it knows.
    let is_age_asked = checked.request.prompts.login || checked.request.max_age_secs.is_some();
    let is_again = matches!(reason, SignInReason::Again | SignInReason::SelectAccount);
    let question = SignInQuestion {
        reason,
        fresh_since: (is_again || is_age_asked).then_some(scene.facts.now),
        context: decide_wanted(&checked.request.acr_values),
        login_hint: checked.request.login_hint.as_deref(),
        provider: provider.as_ref(),
    };
    Destination::Redirect(render_sign_in(
        &scene.context.path_prefix,
        &back,
        &checked.app,
        question,
    ))
}

/// What is known of the session with regard to the request; the inner error is for the client.
async fn load_facts(
    scene: &Scene<'_>,
    checked: &CheckedRequest,
    signed_in: &Arc<SignedIn>,
) -> Result<Result<SessionFacts, Denial>, Fault> {
    let (issuer, app) = (&checked.issuer, &checked.app);
    if checked
        .tried_by
        .as_ref()
        .is_some_and(|trier| *trier != signed_in.person.id)
    {
        return Ok(Err(Denial::new(
            ErrorCode::AccessDenied,
            "another person is signed in than the one who tries this sign-in",
        )));
    }
    let hinted_other = match &checked.request.id_token_hint {
        Some(hint) => hints_other(scene.cell, checked, hint, signed_in).await?,
        None => false,
    };
    let grantor = grantor_of(signed_in);
    let mut tx = scene.cell.database.read().await?;
    // The session is the one of this request, which lives.
    let whose = (&grantor, Attendance::Offline);
    let standing = subject::load(&mut tx, issuer, app, whose, scene.facts.now).await?;
    let person = &signed_in.person;
    if let Err(denial) = decide_lifetimes(
        issuer,
        app,
        GrantKind::AuthorizationCode,
        Some(standing.rule_person(person)),
        &checked.scopes,
    ) {
        return Ok(Err(denial));
    }
    let consent_missing = consent::is_missing(&mut tx, checked, &person.id).await?;
    // A task holds one read transaction at a time.
    drop(tx);
    let verdict = verdict::load(scene, &checked.snapshot, app, signed_in).await?;
    let acr = load_acr(scene, checked, signed_in).await?;
    Ok(Ok(SessionFacts {
        authenticated_at: signed_in.session.authenticated_at,
        hinted_other,
        verdict,
        acr,
        assigned: standing.assigned,
        consent_missing,
    }))
}

/// How the session stands to `acr_values`; whether the person could reach one is asked of the policies.
async fn load_acr(
    scene: &Scene<'_>,
    checked: &CheckedRequest,
    signed_in: &SignedIn,
) -> Result<AcrStanding, Fault> {
    let Some(wanted) = decide_wanted(&checked.request.acr_values) else {
        return Ok(AcrStanding::Reached);
    };
    let untaken = &checked.snapshot.org.settings.untaken_means;
    if assurance_of(&signed_in.session, untaken).context >= wanted {
        return Ok(AcrStanding::Reached);
    }
    let asked = Requirement::for_context(wanted);
    let found = verdict::ask(scene, &checked.snapshot, &checked.app, signed_in, asked).await?;
    Ok(match found {
        Verdict::Deny(_) => AcrStanding::OutOfReach,
        _ => AcrStanding::WithinReach,
    })
}

/// Whose grant a session gives.
#[must_use]
pub fn grantor_of(signed_in: &SignedIn) -> Grantor {
    Grantor {
        user: signed_in.person.id.clone(),
        epoch: signed_in.session.user_epoch,
        session: signed_in.session.id.clone(),
    }
}

/// Whether a hint does not name the person who is signed in. One that is not ours names nobody: an app that asks
/// silently for a certain person must never get another one.
async fn hints_other(
    cell: &Cell,
    checked: &CheckedRequest,
    hint: &str,
    signed_in: &SignedIn,
) -> Result<bool, Fault> {
    let verified = verify(cell, &checked.issuer, hint, Wanted::IdToken).await?;
    let named = verified
        .as_ref()
        .and_then(|token| token.members().get("sub"))
        .and_then(serde_json::Value::as_str);
    Ok(named != Some(signed_in.person.id.as_str()))
}

async fn log_denial(
    scene: &Scene<'_>,
    checked: &CheckedRequest,
    signed_in: &SignedIn,
    facts: Option<&SessionFacts>,
) -> Result<(), Fault> {
    let why = match facts {
        Some(SessionFacts {
            verdict: AppVerdict::Denied { reason },
            ..
        }) => reason.clone(),
        Some(SessionFacts {
            assigned: false, ..
        }) => String::from("the app is not assigned to the person"),
        // Silent requests are refused all the time while a person is signed out or has not consented.
        _ => return Ok(()),
    };
    let (person, session) = (&signed_in.person, &signed_in.session.id);
    let event = events::sign_on_denied(
        &checked.issuer,
        &checked.app,
        person,
        session,
        scene.facts,
        &why,
    );
    let org = checked.issuer.org.clone();
    scene
        .cell
        .database
        .write(move |tx| Box::pin(async move { ledger::append(tx, &org, event).await }))
        .await?;
    Ok(())
}

async fn issue_code(
    scene: &Scene<'_>,
    checked: &CheckedRequest,
    signed_in: &SignedIn,
) -> Result<Secret<String>, Fault> {
    let now = scene.facts.now;
    let mut grant = GrantDocument::new(
        &checked.scopes,
        signed_in,
        &assurance_of(
            &signed_in.session,
            &checked.snapshot.org.settings.untaken_means,
        ),
    );
    grant.redirect_uri = Some(checked.redirect_uri.clone());
    grant.redirect_uri_was_named = checked.request.redirect_uri.is_some();
    grant.code_challenge = checked
        .request
        .code_challenge
        .as_ref()
        .map(|challenge| challenge.as_str().to_owned());
    grant.nonce = checked.request.nonce.clone();
    let code = random_token(scene.cell.entropy(), "");
    let row = StoredCode {
        hash: SecretHash::of(code.expose()),
        server: checked.issuer.key().to_owned(),
        app: checked.app.id.clone(),
        grantor: grantor_of(signed_in),
        grant,
        expires_at: now.plus_secs(CODE_SECS),
        used_at: None,
        family: None,
        access_token: None,
    };
    let (person, session) = (&signed_in.person, signed_in.session.id.clone());
    let mut issued = events::code_issued(
        &checked.issuer,
        &checked.app,
        person,
        &session,
        &row.grant.scope,
        scene.facts,
    );
    let is_trial = checked.tried_by.is_some();
    if is_trial {
        issued = issued.detail("trial", "an administrator tries the sign-in");
    }
    let signed_on =
        events::signed_in_to_app(&checked.issuer, &checked.app, person, &session, scene.facts);
    let issuer = IssuerRow::from(&checked.issuer);
    scene
        .cell
        .database
        .write_leaving(move |tx| {
            Box::pin(async move {
                authorization_code::store::insert(tx, &issuer.org, &row, now).await?;
                // A trial is none of the app's business: it is told of no session that it never saw.
                if !is_trial
                    && store::note_session_app(tx, &issuer, &session, &row.app, now).await?
                {
                    ledger::append(tx, &issuer.org, signed_on).await?;
                }
                ledger::append(tx, &issuer.org, issued).await?;
                Ok::<(), Fault>(())
            })
        })
        .await?;
    Ok(code)
}

impl CheckedRequest {
    /// The answer on its way to the app.
    #[must_use]
    pub fn answer(&self, answer: Answer<'_>) -> Destination {
        let response = AuthorizationResponse {
            answer,
            state: self.request.state.as_deref(),
            issuer: &self.issuer.url,
        };
        destination(
            &self.app.label,
            render_authorization_response(
                &self.redirect_uri,
                self.request.response_mode,
                &response,
            ),
        )
    }

    /// A refusal on its way to the app.
    #[must_use]
    pub fn deny(&self, denial: &Denial) -> Destination {
        self.answer(Answer::Error {
            code: denial.code,
            description: &denial.description,
        })
    }
}

/// Where a rendered answer goes.
pub(crate) fn destination(app: &str, rendered: RenderedResponse) -> Destination {
    match rendered {
        RenderedResponse::Redirect { location } => Destination::Redirect(location),
        RenderedResponse::FormPost(form) => Destination::Page(Page::FormPost(FormPostPage {
            app: app.to_owned(),
            target: form.action,
            fields: form.fields,
        })),
    }
}
