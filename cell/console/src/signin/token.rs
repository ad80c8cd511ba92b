//! A sign-in that another program led, with pages of its own, becomes a session of the browser.

use crate::cookie::CookieKind;
use crate::visit::Visit;
use axum::response::Response;
use identity::fault::Refusal;
use identity::feature::{Door, Feature};
use identity::sign_in::{Step, decide_continue};
use identity::trusted_origin::decide_redirect;

/// `GET /login/sessionCookieRedirect`: takes a session token once. With one that is not good the browser goes on all the
/// same, and is asked to sign in where that is needed; so it does where an org shut this way in. Beyond the org it goes to trusted origins alone.
pub async fn redeem(visit: Visit) -> Response {
    let target = target(&visit);
    let org = &visit.context.org;
    let doors = &visit.snapshot.org.settings.shut_doors;
    let led_by_programs = [Feature::ClassicSignIn, Feature::SessionTokens];
    if led_by_programs
        .iter()
        .any(|way| doors.door(*way) == Door::Shut)
    {
        return go(&visit, &target);
    }
    let flow = match visit.cell.load_sign_in(org, visit.parameter("token")).await {
        Ok(Some(flow)) => flow,
        Ok(None) => return go(&visit, &target),
        Err(fault) => return visit.failed(&fault),
    };
    // A link that somebody else made does not change who one is.
    let is_another = visit
        .signed_in()
        .is_some_and(|signed_in| flow.state.user_id.as_ref() != Some(&signed_in.person.id));
    if is_another {
        return go(&visit, &target);
    }
    match visit
        .cell
        .next_step(&visit.snapshot, &flow, &visit.facts)
        .await
    {
        Ok(Step::Done) => {}
        Ok(_) => return go(&visit, &target),
        Err(fault) => return visit.failed(&fault),
    }
    match visit
        .cell
        .pass_on_sign_in(&visit.snapshot, &flow, &visit.facts)
        .await
    {
        Ok(begun) => {
            let response = go(&visit, &target);
            visit.with_cookie(response, CookieKind::Session, begun.secret.expose())
        }
        // Used a moment ago, or needed more after all.
        Err(Refusal::Changed | Refusal::Forbidden) => go(&visit, &target),
        Err(refusal) => visit.refused(&refusal),
    }
}

/// Where the browser goes on to.
enum Target {
    /// A page of the org.
    Own(String),
    /// A page of a site that is trusted.
    Trusted(String),
}

fn target(visit: &Visit) -> Target {
    let trusted = decide_redirect(&visit.snapshot.origins, visit.parameter("redirectUrl"));
    match trusted {
        Some(address) => Target::Trusted(address),
        None => Target::Own(decide_continue(&local_target(visit))),
    }
}

fn go(visit: &Visit, target: &Target) -> Response {
    match target {
        Target::Own(path) => visit.go(path),
        Target::Trusted(address) => visit.go_beyond(address),
    }
}

/// Where the browser goes on to within the org, as the org's own routes see it: programs name it whole, or from the root on.
fn local_target(visit: &Visit) -> String {
    let asked = visit.parameter("redirectUrl");
    match asked.strip_prefix(visit.context.base_url.as_str()) {
        Some("") => String::from("/"),
        Some(rest) => rest.to_owned(),
        None => visit.own_path(asked),
    }
}
