//! The first page: what to do first, a few figures, what happened last.

use crate::admin::caller::{Answer, administrator, administrator_within, loaded};
use crate::admin::row::log_row;
use crate::cookie::CookieKind;
use crate::courier::Courier;
use crate::view::admin::{Figures, GuideKind, GuideStep, HomePage};
use crate::view::shell::{Right, Shell};
use crate::visit::Visit;
use axum::Extension;
use database::ReadTx;
use identity::access::Permission;
use identity::access::custom::capability::Capability;
use identity::fault::Fault;
use identity::person::PersonStatus;
use identity::person::store::PeopleFilter;
use identity::session::SignedIn;
use identity::{app, credential, group, person, sign_on};
use ledger::{EventType, LogFilter};
use std::sync::Arc;
use vocab::id::OrgId;
use vocab::time::Timestamp;

/// Rows of the log on the first page.
const RECENT_ROWS: usize = 10;
/// Counting ends here: the first page must not cost more in a large org.
const COUNT_MAX: usize = 100;
/// How far back sign-ins are counted.
const SIGN_INS_SECS: i64 = 24 * 60 * 60;
/// What the cookie says once the guide was put away.
const PUT_AWAY: &str = "away";

/// `GET /admin`. Whoever may see the log alone begins there.
pub async fn show(Extension(courier): Extension<Arc<dyn Courier>>, visit: Visit) -> Answer {
    let shell = visit.shell();
    if shell.may(Right::SeeLog) && !shell.may(Right::SeeDirectory) {
        administrator(&visit, Permission::ReadLog).await?;
        return Ok(visit.go("/admin/log"));
    }
    if let Some((page, capability)) = first_page(&shell) {
        administrator_within(&visit, Permission::ReadDirectory, capability).await?;
        return Ok(visit.go(page));
    }
    administrator(&visit, Permission::ReadDirectory).await?;
    administrator(&visit, Permission::ReadLog).await?;
    let Some(signed_in) = visit.signed_in() else {
        return Err(visit.go("/signin").into());
    };
    let mut tx = loaded(&visit, visit.cell.database.read().await)?;
    let org = &visit.context.org;
    let figures = loaded(&visit, load_figures(&mut tx, org, visit.facts.now).await)?;
    // Its steps are those of whoever sets the org up.
    let is_guided =
        shell.may(Right::ChangeOrg) && visit.cookie(CookieKind::Guide).as_deref() != Some(PUT_AWAY);
    let guide = if is_guided {
        let is_mail_set_up = visit.snapshot.org.settings.mail.is_some() || courier.leaves_machine();
        loaded(&visit, load_guide(&mut tx, signed_in, is_mail_set_up).await)?
    } else {
        Vec::new()
    };
    let recent = loaded(
        &visit,
        ledger::load_page(&mut tx, org, &LogFilter::default(), None, RECENT_ROWS).await,
    )?;
    drop(tx);
    Ok(visit.page(&HomePage {
        guide,
        figures,
        recent: recent
            .rows
            .iter()
            .map(|row| log_row(shell.t, row))
            .collect(),
        shell,
    }))
}

/// Where whoever has roles over a part of the organisation alone begins.
fn first_page(shell: &Shell) -> Option<(&'static str, Capability)> {
    let pages = [
        (Right::SeePeople, "/admin/people", Capability::UsersRead),
        (Right::SeeGroups, "/admin/groups", Capability::GroupsRead),
        (Right::SeeApps, "/admin/apps", Capability::AppsRead),
    ];
    let mut pages = pages.into_iter().filter(|page| shell.may(page.0));
    let first = pages.next().filter(|_| !shell.may(Right::SeeDirectory));
    first.map(|(_, page, capability)| (page, capability))
}

/// `POST /admin/guide/dismiss`: puts the guide away in this browser.
pub async fn dismiss_guide(visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    Ok(visit.with_cookie(visit.go("/admin"), CookieKind::Guide, PUT_AWAY))
}

async fn load_figures(tx: &mut ReadTx, org: &OrgId, now: Timestamp) -> Result<Figures, Fault> {
    let limit = i64::try_from(COUNT_MAX)
        .unwrap_or(i64::MAX)
        .saturating_add(1);
    let active = PeopleFilter {
        prefix: String::new(),
        status: Some(PersonStatus::Active),
    };
    let people = person::store::load_page(tx, org, &active, &(String::new(), String::new()), limit)
        .await?
        .len();
    let groups = group::store::load_page(tx, org, "", "", limit).await?.len();
    let apps = app::store::load_page(tx, org, "", "", limit).await?.len();
    let filter = LogFilter {
        event_type: Some(EventType::UserSessionStart),
        since: Some(now.plus_secs(-SIGN_INS_SECS)),
        ..LogFilter::default()
    };
    let sign_ins = ledger::load_page(tx, org, &filter, None, COUNT_MAX + 1)
        .await?
        .rows
        .len();
    Ok(Figures {
        people: render_count(people),
        groups: render_count(groups),
        apps: render_count(apps),
        sign_ins: render_count(sign_ins),
    })
}

fn render_count(count: usize) -> String {
    if count > COUNT_MAX {
        format!("{COUNT_MAX}+")
    } else {
        count.to_string()
    }
}

/// What the org has already.
async fn load_guide(
    tx: &mut ReadTx,
    own: &SignedIn,
    is_mail_set_up: bool,
) -> Result<Vec<GuideStep>, Fault> {
    let (org, user) = (&own.person.org_id, &own.person.id);
    let passkeys = credential::store::load_passkeys(tx, org, user).await?.len();
    let totp = credential::store::load_totp(tx, org, user).await?;
    let proofs = passkeys + usize::from(totp.iter().any(|totp| totp.confirmed_at.is_some()));
    let codes = credential::store::count_recovery_codes(tx, org, user).await?;
    let anyone = PeopleFilter::default();
    let people = person::store::load_page(tx, org, &anyone, &(String::new(), String::new()), 2)
        .await?
        .len();
    let apps = app::store::load_page(tx, org, "", "", 1).await?.len();
    let policies = sign_on::store::load_all_policies(tx, org).await?;
    Ok(vec![
        GuideStep {
            kind: GuideKind::Secure,
            is_done: proofs > 1 || codes > 0,
        },
        GuideStep {
            kind: GuideKind::Mail,
            is_done: is_mail_set_up,
        },
        GuideStep {
            kind: GuideKind::People,
            is_done: people > 1,
        },
        GuideStep {
            kind: GuideKind::App,
            is_done: apps > 0,
        },
        GuideStep {
            kind: GuideKind::Policy,
            is_done: policies.iter().any(|stored| stored.revision > 1),
        },
    ])
}
