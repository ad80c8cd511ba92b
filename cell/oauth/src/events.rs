//! The rows of the system log that this crate writes, in one place.

use crate::issuer::{Issuer, ORG_SERVER_KEY};
use identity::access::Permit;
use identity::app::App;
use identity::app::settings::GrantKind;
use identity::org::context::RequestFacts;
use identity::person::Person;
use ledger::{Actor, ClientFacts, Event, EventType, Outcome, Target};
use vocab::id::{AppId, SessionId, UserId};
use vocab::time::Timestamp;

/// The wire name of a grant, as the log shows it.
#[must_use]
pub const fn grant_name(grant: GrantKind) -> &'static str {
    match grant {
        GrantKind::AuthorizationCode => "authorization_code",
        GrantKind::RefreshToken => "refresh_token",
        GrantKind::ClientCredentials => "client_credentials",
        GrantKind::DeviceCode => "device_code",
    }
}

/// One of two types: that of the org's own server or that of custom ones.
fn by_server(issuer: &Issuer, org: EventType, custom: EventType) -> EventType {
    if issuer.is_org_server() { org } else { custom }
}

fn base(
    kind: EventType,
    outcome: Outcome,
    issuer: &Issuer,
    app: &App,
    facts: &RequestFacts,
) -> Event {
    Event::new(kind, outcome, facts.now)
        .client(&facts.client)
        .target(Target::app(&app.id, &app.label))
        .detail("issuer", &issuer.url)
}

fn person_actor(person: &Person) -> Actor {
    Actor::user(&person.id, &person.login, &person.display_name())
}

/// A client did not prove who it is.
#[must_use]
pub fn invalid_client(
    issuer: &Issuer,
    client_id: &str,
    app: Option<&App>,
    facts: &RequestFacts,
    why: &str,
) -> Event {
    let event = Event::new(
        EventType::AppOauth2InvalidClientCredentials,
        Outcome::Failure,
        facts.now,
    )
    .client(&facts.client)
    .reason(why)
    .detail("clientId", client_id)
    .detail("issuer", &issuer.url);
    match app {
        Some(app) => event
            .actor(Actor::client(&app.id, &app.label))
            .target(Target::app(&app.id, &app.label)),
        None => event.actor(Actor::unknown(client_id)),
    }
}

/// A code was issued.
#[must_use]
pub fn code_issued(
    issuer: &Issuer,
    app: &App,
    person: &Person,
    session: &SessionId,
    scope: &str,
    facts: &RequestFacts,
) -> Event {
    let kind = by_server(
        issuer,
        EventType::AppOauth2AuthorizeCode,
        EventType::AppOauth2AsAuthorizeCode,
    );
    base(kind, Outcome::Success, issuer, app, facts)
        .actor(person_actor(person))
        .session(session)
        .detail("scope", scope)
}

/// A person signed in to an app for the first time in a session.
#[must_use]
pub fn signed_in_to_app(
    issuer: &Issuer,
    app: &App,
    person: &Person,
    session: &SessionId,
    facts: &RequestFacts,
) -> Event {
    base(
        EventType::UserAuthenticationSso,
        Outcome::Success,
        issuer,
        app,
        facts,
    )
    .actor(person_actor(person))
    .session(session)
}

/// A person may not use an app.
#[must_use]
pub fn sign_on_denied(
    issuer: &Issuer,
    app: &App,
    person: &Person,
    session: &SessionId,
    facts: &RequestFacts,
    why: &str,
) -> Event {
    base(
        EventType::ApplicationPolicySignOnDenyAccess,
        Outcome::Deny,
        issuer,
        app,
        facts,
    )
    .actor(person_actor(person))
    .session(session)
    .reason(why)
}

/// Tokens were issued: one row for all of one reply.
#[must_use]
pub fn tokens_granted(
    issuer: &Issuer,
    app: &App,
    grant: GrantKind,
    person: Option<&Person>,
    tokens: &GrantedTokens<'_>,
    facts: &RequestFacts,
) -> Event {
    let kind = by_server(
        issuer,
        EventType::AppOauth2TokenGrantAccessToken,
        EventType::AppOauth2AsTokenGrantAccessToken,
    );
    let event = base(kind, Outcome::Success, issuer, app, facts)
        .actor(Actor::client(&app.id, &app.label))
        .detail("grantType", grant_name(grant))
        .detail("scope", tokens.scope)
        .detail("tokenId", tokens.access_token_id)
        .detail("tokens", tokens.kinds);
    let event = match tokens.session {
        Some(session) => event.session(session),
        None => event,
    };
    match person {
        Some(person) => event.target(Target::user(
            &person.id,
            &person.login,
            &person.display_name(),
        )),
        None => event,
    }
}

/// What a reply of the token endpoint holds, for the log.
#[derive(Debug, Clone, Copy)]
pub struct GrantedTokens<'a> {
    /// The scopes.
    pub scope: &'a str,
    /// The `jti` of the access token.
    pub access_token_id: &'a str,
    /// Which kinds, in words.
    pub kinds: &'static str,
    /// In which session, if in one.
    pub session: Option<&'a SessionId>,
}

/// A used code or refresh token came again, and what descends from it was ended.
#[must_use]
pub fn reuse_detected(
    issuer: &Issuer,
    app: &App,
    user: &UserId,
    what: &'static str,
    facts: &RequestFacts,
) -> Event {
    let kind = by_server(
        issuer,
        EventType::AppOauth2TokenDetectReuse,
        EventType::AppOauth2AsTokenDetectReuse,
    );
    base(kind, Outcome::Failure, issuer, app, facts)
        .actor(Actor::client(&app.id, &app.label))
        .target(Target::user(user, user.as_str(), user.as_str()))
        .reason(what)
}

/// A token was revoked by its client.
#[must_use]
pub fn token_revoked(
    issuer: &Issuer,
    app: &App,
    what: &'static str,
    facts: &RequestFacts,
) -> Event {
    let kind = by_server(
        issuer,
        EventType::AppOauth2TokenRevoke,
        EventType::AppOauth2AsTokenRevoke,
    );
    base(kind, Outcome::Success, issuer, app, facts)
        .actor(Actor::client(&app.id, &app.label))
        .detail("tokenType", what)
}

/// A person let an app have scopes.
#[must_use]
pub fn consent_granted(
    issuer: &Issuer,
    app: &App,
    person: &Person,
    scope: &str,
    facts: &RequestFacts,
) -> Event {
    let kind = by_server(
        issuer,
        EventType::AppOauth2ConsentGrant,
        EventType::AppOauth2AsConsentGrant,
    );
    base(kind, Outcome::Success, issuer, app, facts)
        .actor(person_actor(person))
        .detail("scope", scope)
}

/// A person refused an app scopes.
#[must_use]
pub fn consent_refused(
    issuer: &Issuer,
    app: &App,
    person: &Person,
    scope: &str,
    facts: &RequestFacts,
) -> Event {
    let kind = by_server(
        issuer,
        EventType::AppOauth2ConsentGrant,
        EventType::AppOauth2AsConsentGrant,
    );
    base(kind, Outcome::Deny, issuer, app, facts)
        .actor(person_actor(person))
        .detail("scope", scope)
}

/// A person took back what an app was let have at a server.
#[must_use]
pub fn consent_revoked(
    permit: &Permit,
    app: (&AppId, &str),
    server: &str,
    now: Timestamp,
) -> Event {
    let kinds = [
        EventType::AppOauth2ConsentRevoke,
        EventType::AppOauth2AsConsentRevoke,
    ];
    of_permit(permit, kinds, app, server, now)
}

/// A refresh token of a person was ended by somebody who helps them.
#[must_use]
pub fn refresh_token_revoked(
    permit: &Permit,
    app: (&AppId, &str),
    server: &str,
    now: Timestamp,
) -> Event {
    let kinds = [
        EventType::AppOauth2TokenRevoke,
        EventType::AppOauth2AsTokenRevoke,
    ];
    of_permit(permit, kinds, app, server, now).detail("tokenType", "refresh_token")
}

/// An act at the org's own server, which is of the first kind, or at another, which is of the second.
fn of_permit(
    permit: &Permit,
    [at_own, elsewhere]: [EventType; 2],
    (app, label): (&AppId, &str),
    server: &str,
    now: Timestamp,
) -> Event {
    let kind = if server == ORG_SERVER_KEY {
        at_own
    } else {
        elsewhere
    };
    let event = Event::new(kind, Outcome::Success, now)
        .actor(permit.actor().clone())
        .client(permit.client())
        .target(Target::app(app, label))
        .detail("server", server);
    match permit.own_session() {
        Some(session) => event.session(session),
        None => event,
    }
}

/// A device asked for codes.
#[must_use]
pub fn device_began(issuer: &Issuer, app: &App, grant_id: &str, facts: &RequestFacts) -> Event {
    let kind = by_server(
        issuer,
        EventType::AppOauth2DeviceAuthorize,
        EventType::AppOauth2AsDeviceAuthorize,
    );
    base(kind, Outcome::Success, issuer, app, facts)
        .actor(Actor::client(&app.id, &app.label))
        .detail("deviceGrant", grant_id)
}

/// A person said yes or no to a device.
#[must_use]
pub fn device_answered(
    issuer: &Issuer,
    app: &App,
    person: &Person,
    session: &SessionId,
    allowed: bool,
    facts: &RequestFacts,
) -> Event {
    let kind = if allowed {
        by_server(
            issuer,
            EventType::AppOauth2DeviceApprove,
            EventType::AppOauth2AsDeviceApprove,
        )
    } else {
        by_server(
            issuer,
            EventType::AppOauth2DeviceDeny,
            EventType::AppOauth2AsDeviceDeny,
        )
    };
    base(kind, Outcome::Success, issuer, app, facts)
        .actor(person_actor(person))
        .session(session)
}

/// A session ended because its person signed out.
#[must_use]
pub fn session_ended(
    person: &Person,
    session: &SessionId,
    client: &ClientFacts,
    now: Timestamp,
) -> Event {
    Event::new(EventType::UserSessionEnd, Outcome::Success, now)
        .client(client)
        .actor(person_actor(person))
        .session(session)
        .target(Target::user(
            &person.id,
            &person.login,
            &person.display_name(),
        ))
}
