//! Our side as a relying party of another OpenID Provider: the browser leaves, comes back with a code, and what the provider says
//! of the person is checked whole before anybody looks at it.
//!
//! Who that person is here is not decided here: see `identity::identity_provider::arrival`.

pub mod away;
#[cfg(test)]
mod bench;
pub mod discovery;
pub mod keys;
pub mod redeem;
pub mod store;
#[cfg(test)]
mod tests;

use crate::authorize::Scene;
use crate::limits::{AWAY_SECS, DEPARTURES_MAX};
use crate::relying::away::{
    Luggage, callback_path, decide_code, decide_fresh, parse_state, render_departure, render_nonce,
    render_verifier,
};
use crate::relying::keys::Want;
use crate::relying::redeem::{Redemption, decide_tokens, render_redemption, render_userinfo};
use crate::relying::store::Departure;
use identity::fault::{Fault, Refusal};
use identity::identity_provider::IdentityProvider;
use identity::identity_provider::arrival::Vouched;
use identity::identity_provider::operations::provider_target;
use identity::identity_provider::way::Unreached;
use identity::sign_in::Flow;
use ledger::{Actor, Event, EventType, Outcome};
use protocol::jose::jws::verify::JwsError;
use protocol::oauth::form::Form;
use protocol::oidc::relying::{
    AnswerError, Expectation, IdTokenError, PersonClaims, TokenAnswer, check_id_token, complete,
    parse_userinfo,
};
use vocab::id::IdentityProviderId;
use vocab::secret::{SecretHash, random_token};
use vocab::time::Timestamp;

/// Why an answer proves nothing. What is shown of it are words of our own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelyingRefusal {
    /// This sign-in did not leave so, was away too long, or brought an answer before.
    NotAway,
    /// The provider is gone, switched off, or not the one any more that was left for.
    Gone,
    /// It came back at the address of another provider than the one that was left for.
    OtherAddress,
    /// Somebody else gave the answer.
    OtherIssuer,
    /// The provider answered with an error; its code, if it is one.
    Said(Option<String>),
    /// There is neither a code nor an error.
    NoCode,
    /// The provider was not heard.
    Unreached(Unreached),
    /// It answered with a status that means nothing here.
    Status(u16),
    /// It did not redeem the code; its word for why.
    Redemption(String),
    /// What it answered is not what it must be.
    Answer(AnswerError),
    /// Its keys are none.
    Keys,
    /// Its ID token is refused.
    IdToken(IdTokenError),
}

impl RelyingRefusal {
    /// The word in the log.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NotAway => "NO_DEPARTURE",
            Self::Gone => "PROVIDER_CHANGED",
            Self::OtherAddress => "OTHER_ADDRESS",
            Self::OtherIssuer => "OTHER_ISSUER",
            Self::Said(_) => "PROVIDER_ERROR",
            Self::NoCode => "NO_CODE",
            Self::Unreached(unreached) => unreached.as_str(),
            Self::Status(_) => "STATUS",
            Self::Redemption(_) => "CODE_NOT_REDEEMED",
            Self::Answer(_) => "ANSWER",
            Self::Keys => "NO_KEYS",
            Self::IdToken(error) => error.as_str(),
        }
    }

    /// A word or number of the provider's own that helps an administrator.
    fn detail(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Said(Some(code)) | Self::Redemption(code) => Some(("error", code.clone())),
            Self::Status(status) => Some(("status", status.to_string())),
            Self::Answer(error) => Some(("problem", error.to_string())),
            Self::IdToken(error) => Some(("problem", error.to_string())),
            _ => None,
        }
    }
}

/// Why nothing came of an answer.
#[derive(Debug)]
pub enum RelyingFailure {
    /// It proves nothing.
    Refused(RelyingRefusal),
    /// Our own fault.
    Fault(Fault),
}

impl From<Fault> for RelyingFailure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<RelyingRefusal> for RelyingFailure {
    fn from(refusal: RelyingRefusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What a provider proved.
#[derive(Debug, Clone)]
pub struct Proven {
    /// The provider, as it was asked.
    pub provider: IdentityProvider,
    /// What it said of the person.
    pub vouched: Vouched,
    /// When the person proved it there.
    pub proved_at: Timestamp,
}

/// A sign-in under way, and the secret of its cookie.
#[derive(Clone, Copy)]
pub struct Traveller<'a> {
    /// The sign-in.
    pub flow: &'a Flow,
    /// The secret.
    pub cookie: &'a str,
}

/// Notes that the browser of a sign-in leaves for a provider; where it goes.
///
/// # Errors
/// [`Refusal::NotFound`] for a provider that is not switched on or of another org; [`Refusal::TooMany`] for a browser that left too
/// often without coming back; faults of the store.
pub async fn depart(
    scene: &Scene<'_>,
    provider: &IdentityProvider,
    traveller: Traveller<'_>,
) -> Result<String, Refusal> {
    let org = &scene.context.org;
    let flow = traveller.flow;
    if provider.org_id != *org || flow.org_id != *org || !provider.active {
        return Err(Refusal::NotFound);
    }
    let state = random_token(scene.cell.entropy(), "");
    let now = scene.facts.now;
    let departure = Departure {
        provider: provider.id.clone(),
        provider_revision: provider.revision,
        redirect_uri: format!("{}{}", scene.context.base_url, callback_path(&provider.id)),
        is_fresh: decide_fresh(&flow.state),
        left_at: now,
    };
    let luggage = Luggage {
        redirect_uri: &departure.redirect_uri,
        state: state.expose(),
        cookie: traveller.cookie,
        is_fresh: departure.is_fresh,
    };
    let address = render_departure(&provider.config, luggage);
    let address = address.ok_or(Refusal::NotFound)?;
    let (org, flow, state) = (org.clone(), flow.id.clone(), SecretHash::of(state.expose()));
    let expires_at = now.plus_secs(AWAY_SECS);
    let is_noted = scene
        .cell
        .database
        .write(move |tx| {
            Box::pin(async move {
                store::insert(tx, &org, (&state, &flow), &departure, expires_at).await
            })
        })
        .await
        .map_err(Fault::from)?;
    if is_noted {
        Ok(address)
    } else {
        Err(Refusal::TooMany {
            what: "unfinished sign-ins at identity providers",
            max: usize::try_from(DEPARTURES_MAX).unwrap_or_default(),
        })
    }
}

/// Takes the answer that a browser brings back at the address of a provider. It is good once, whatever comes of it.
///
/// # Errors
/// [`RelyingFailure`]; a refusal is in the log.
pub async fn take_answer(
    scene: &Scene<'_>,
    traveller: Traveller<'_>,
    (at, form): (&IdentityProviderId, &Form<'_>),
) -> Result<Proven, RelyingFailure> {
    let state = parse_state(form).ok_or(RelyingRefusal::NotAway)?;
    let departure = take_departure(scene, traveller.flow, state).await?;
    let departure = departure.ok_or(RelyingRefusal::NotAway)?;
    let org = &scene.context.org;
    let provider = scene
        .cell
        .active_identity_provider(org, &departure.provider)
        .await?
        .ok_or(RelyingRefusal::Gone)?;
    let journey = Journey {
        scene,
        provider: &provider,
        departure: &departure,
        cookie: traveller.cookie,
        state,
    };
    match journey.end(at, form).await {
        Ok((vouched, proved_at)) => Ok(Proven {
            vouched,
            proved_at,
            provider,
        }),
        Err(failure) => {
            if let RelyingFailure::Refused(refusal) = &failure {
                log_refusal(scene, &provider, refusal).await?;
            }
            Err(failure)
        }
    }
}

async fn take_departure(
    scene: &Scene<'_>,
    flow: &Flow,
    state: &str,
) -> Result<Option<Departure>, Fault> {
    let (org, now) = (scene.context.org.clone(), scene.facts.now);
    if flow.org_id != org {
        return Ok(None);
    }
    let (state, flow) = (SecretHash::of(state), flow.id.clone());
    let taken = scene
        .cell
        .database
        .write(move |tx| Box::pin(async move { store::take(tx, &org, (&state, &flow), now).await }))
        .await?;
    Ok(taken)
}

async fn log_refusal(
    scene: &Scene<'_>,
    provider: &IdentityProvider,
    refusal: &RelyingRefusal,
) -> Result<(), Fault> {
    let kind = EventType::UserAuthenticationAuthViaIdp;
    let mut event = Event::new(kind, Outcome::Failure, scene.facts.now)
        .actor(Actor::unknown(""))
        .client(&scene.facts.client)
        .target(provider_target(provider))
        .reason(refusal.as_str());
    if let Some((name, value)) = refusal.detail() {
        event = event.detail(name, value);
    }
    let org = provider.org_id.clone();
    scene
        .cell
        .database
        .write(move |tx| Box::pin(async move { ledger::append(tx, &org, event).await }))
        .await?;
    Ok(())
}

/// An answer whose departure is known.
struct Journey<'a> {
    scene: &'a Scene<'a>,
    provider: &'a IdentityProvider,
    departure: &'a Departure,
    cookie: &'a str,
    state: &'a str,
}

impl Journey<'_> {
    async fn end(
        &self,
        at: &IdentityProviderId,
        form: &Form<'_>,
    ) -> Result<(Vouched, Timestamp), RelyingFailure> {
        if *at != self.departure.provider {
            return Err(RelyingRefusal::OtherAddress.into());
        }
        if self.provider.revision != self.departure.provider_revision {
            return Err(RelyingRefusal::Gone.into());
        }
        let code = decide_code(&self.provider.config.issuer, form)?;
        let tokens = self.redeem(code).await?;
        let person = self.check(&tokens).await?;
        let person = self.complete(person, &tokens).await?;
        let now = self.scene.facts.now;
        let said = person.auth_time_secs.map(Timestamp::from_seconds);
        let proved_at = match said {
            // What was asked for anew was given while the browser was away, by our clock.
            _ if self.departure.is_fresh => now,
            Some(said) => said.min(now),
            // It may have been given at any time: it counts where no age is asked for, and is too old for every rule and every
            // `max_age` that asks.
            None => Timestamp::from_seconds(0),
        };
        Ok((vouch(person, said), proved_at))
    }

    async fn redeem(&self, code: &str) -> Result<TokenAnswer, RelyingFailure> {
        let cell = self.scene.cell;
        let secret = cell.provider_secret(self.provider).await?;
        let redemption = Redemption {
            code,
            redirect_uri: &self.departure.redirect_uri,
            verifier: &render_verifier(self.cookie, self.state),
            secret: &secret,
        };
        let letter = render_redemption(&self.provider.config, &redemption);
        let asked = cell.ask_provider(&self.provider.org_id, &letter).await;
        let answered = asked.map_err(RelyingRefusal::Unreached)?;
        Ok(decide_tokens(&answered)?)
    }

    async fn check(&self, tokens: &TokenAnswer) -> Result<PersonClaims, RelyingRefusal> {
        let nonce = render_nonce(self.cookie, self.state);
        let config = &self.provider.config;
        let expected = Expectation {
            issuer: &config.issuer,
            client_id: &config.client_id,
            nonce: &nonce,
            access_token: tokens.access_token.expose(),
            left_at_secs: self.departure.left_at.seconds(),
            leeway_secs: config.clock_skew_secs,
            is_fresh: self.departure.is_fresh,
        };
        let (cell, now) = (self.scene.cell, self.scene.facts.now);
        let mut want = Want::Any;
        loop {
            let keys = keys::load(cell, self.provider, want, now).await?;
            let checked = check_id_token(&tokens.id_token, &keys, &expected, now.seconds());
            match (checked, want) {
                // The provider may have changed its keys since.
                (Err(IdTokenError::Token(JwsError::NoKey)), Want::Any) => want = Want::Unknown,
                (checked, _) => return checked.map_err(RelyingRefusal::IdToken),
            }
        }
    }

    /// Asks for what the ID token does not say.
    async fn complete(
        &self,
        person: PersonClaims,
        tokens: &TokenAnswer,
    ) -> Result<PersonClaims, RelyingRefusal> {
        let is_silent = person.email.is_none() || person.email_verified.is_none();
        let Some(userinfo) = self.provider.config.userinfo.as_ref().filter(|_| is_silent) else {
            return Ok(person);
        };
        let letter = render_userinfo(userinfo, &tokens.access_token);
        let org = &self.provider.org_id;
        let asked = self.scene.cell.ask_provider(org, &letter).await;
        let answered = asked.map_err(RelyingRefusal::Unreached)?;
        if answered.status != 200 {
            return Err(RelyingRefusal::Status(answered.status));
        }
        let more = parse_userinfo(&answered.body, &person.subject);
        Ok(complete(person, more.map_err(RelyingRefusal::Answer)?))
    }
}

fn vouch(person: PersonClaims, authenticated_at: Option<Timestamp>) -> Vouched {
    Vouched {
        subject: person.subject,
        email: person.email,
        email_verified: person.email_verified == Some(true),
        first_name: person.given_name,
        last_name: person.family_name,
        authenticated_at,
    }
}
