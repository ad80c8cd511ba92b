//! Certificates by which the processes of a fleet know each other, over more time than one is good: whoever has the authority
//! issues new ones before they end, and each process shows the new one without a restart. Where nobody renews them, it is said
//! from a month before.

use crate::fleet::folder::identity;
use anyhow::Context as _;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use vocab::time::{Clock as _, SystemClock, Timestamp};
use wire::identity::renewal::{Look, Rest, decide_rest};
use wire::identity::{FleetAuthority, FleetIdentity, FleetRole};

/// How often a process looks whether it has another certificate.
const LOOK_ROUND: Duration = Duration::from_secs(60);
/// How often it is looked whether one is to be issued.
const ISSUE_ROUND: Duration = Duration::from_secs(60 * 60);

/// The look in a row at which it is told that a certificate cannot be used.
const FAILURES_TOLD: u32 = 2;

/// Shows what comes to lie in the folder of a process's certificate, for as long as the process runs; says each day that it ends
/// soon, while nothing comes.
pub async fn keep_fresh(own: FleetIdentity) {
    let mut round = interval(LOOK_ROUND);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut said, mut failures) = (Rest::Long, 0_u32);
    loop {
        round.tick().await;
        let now = SystemClock.now();
        match own.renew(now) {
            Ok(Look::Same) => failures = 0,
            Ok(Look::Renewed) => {
                failures = 0;
                tracing::info!("another certificate is shown to the fleet from now on");
            }
            Err(error) => {
                failures = failures.saturating_add(1);
                // It may be being written: only what lasts is told, and once.
                if failures == FAILURES_TOLD {
                    tracing::warn!(%error, "the certificate for the fleet cannot be renewed; the one before stays");
                }
            }
        }
        let Ok(ends) = own.ends() else { continue };
        let rest = decide_rest(ends, now);
        if rest != said {
            tell(rest);
            said = rest;
        }
    }
}

/// What is to be done where `fleet up` does not do it.
const MEND: &str = "`testudo fleet up` issues new ones where the authority is: copy that of this process into its --identity; it is \
                    shown without a restart";

fn tell(rest: Rest) {
    match rest {
        Rest::Long => {}
        Rest::Days(days) => {
            tracing::warn!(
                days,
                "the certificate by which the fleet knows this process ends; {MEND}"
            );
        }
        Rest::Ended => {
            tracing::error!(
                "the certificate by which the fleet knows this process has ended, and nobody of it speaks to this one; {MEND}"
            );
        }
    }
}

/// The processes that certificates are issued for.
pub type Holders = Vec<(FleetRole, String)>;

/// Issues new certificates before those end that the processes have.
pub async fn reissue(authority: Arc<FleetAuthority>, fleet: std::path::PathBuf, holders: Holders) {
    let mut round = interval(ISSUE_ROUND);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        round.tick().await;
        for (role, name) in &holders {
            if let Err(error) = issue_if_due(&authority, &fleet, *role, name, SystemClock.now()) {
                tracing::error!(process = name, %error, "its certificate could not be renewed; it is tried again");
            }
        }
    }
}

/// Whether one was issued.
fn issue_if_due(
    authority: &FleetAuthority,
    fleet: &Path,
    role: FleetRole,
    name: &str,
    now: Timestamp,
) -> anyhow::Result<bool> {
    let folder = identity(fleet, role, name);
    // What cannot be read is of no use to its process either.
    let ends = FleetIdentity::load(&folder).and_then(|own| own.ends());
    if ends.is_ok_and(|ends| decide_rest(ends, now) == Rest::Long) {
        return Ok(false);
    }
    authority.issue(role, name, &folder)?;
    tracing::info!(process = name, "it has another certificate for the fleet");
    Ok(true)
}

/// Until when the certificates in a fleet's folder are good, by the names of their folders.
///
/// # Errors
/// The folder cannot be read.
pub fn load_ends(fleet: &Path) -> anyhow::Result<BTreeMap<String, Timestamp>> {
    let folder = fleet.join("identities");
    let mut found = BTreeMap::new();
    let entries = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let entry = entry?;
        let ends = FleetIdentity::load(&entry.path()).and_then(|own| own.ends());
        if let Ok(ends) = ends {
            found.insert(entry.file_name().to_string_lossy().into_owned(), ends);
        }
    }
    Ok(found)
}

/// The certificate that ends first, for people.
pub fn render_ends(ends: &BTreeMap<String, Timestamp>, now: Timestamp) -> String {
    let Some((name, first)) = ends.iter().min_by_key(|(_, ends)| **ends) else {
        return String::new();
    };
    let date = first.to_rfc3339_millis();
    let date = date.split('T').next().unwrap_or_default();
    match decide_rest(*first, now) {
        Rest::Long => format!(
            "Certificates of the processes are good until {date} at least, and renewed while the fleet runs\n"
        ),
        Rest::Days(days) => format!(
            "WARNING: the certificate {name} ends in {days} days ({date}) and was not renewed: see the log of the fleet, and start it \
             again\n"
        ),
        Rest::Ended => format!(
            "WARNING: the certificate {name} has ended ({date}): nobody of the fleet speaks to its process. Start the fleet again\n"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{issue_if_due, load_ends, render_ends};
    use vocab::time::{Clock as _, SystemClock};
    use wire::identity::{CERTIFICATE_DAYS, FleetAuthority, FleetRole};

    #[test]
    fn a_certificate_is_issued_anew_a_month_before_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let fleet = folder.path();
        let authority = FleetAuthority::open_or_create(&fleet.join("authority")).unwrap();
        let now = SystemClock.now();
        let days = |days: i64| now.plus_secs(days * 86_400);
        let life = i64::from(CERTIFICATE_DAYS);
        let due = |at| issue_if_due(&authority, fleet, FleetRole::Cell, "cell-a", at).unwrap();
        assert!(due(now), "there is none");
        assert!(!due(now) && !due(days(life - 31)));
        let ends = load_ends(fleet).unwrap();
        assert_eq!(ends.len(), 1);
        for (at, part) in [
            (now, "are good until"),
            (days(life - 10), "cell-cell-a ends in"),
            (days(life + 1), "has ended"),
        ] {
            let said = render_ends(&ends, at);
            assert!(said.contains(part), "{said}");
        }
        assert!(due(days(life - 29)));
        assert!(due(days(life + 1)), "one that has ended as well");
        std::fs::write(fleet.join("identities/cell-cell-a/certificate.pem"), "").unwrap();
        assert!(due(now), "and one that cannot be read");
    }
}
