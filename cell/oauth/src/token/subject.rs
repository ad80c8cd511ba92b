//! Whether the person of a grant still stands behind it, and what tokens say of that person.

use crate::access::{self, RulePerson};
use crate::claims;
use crate::denial::Denial;
use crate::grant::{Attendance, Grantor};
use crate::issuer::Issuer;
use database::ReadTx;
use identity::app::App;
use identity::app::settings::Assignment;
use identity::fault::Fault;
use identity::person::Person;
use vocab::id::GroupId;
use vocab::time::Timestamp;

/// The facts about the person of a grant, as of now.
#[derive(Debug, Clone)]
pub struct SubjectFacts {
    /// The person, if there still is one.
    pub person: Option<Person>,
    /// Whether the session of the grant lives; looked at only for a grant that ends with it.
    pub session_lives: bool,
    /// Whether the app is assigned to the person.
    pub assigned: bool,
    /// The groups of access rules to which the person belongs.
    pub rule_groups: Vec<GroupId>,
    /// The names of groups that claims list.
    pub group_names: Vec<String>,
}

impl SubjectFacts {
    /// The person as access rules look at it.
    #[must_use]
    pub fn rule_person<'a>(&'a self, person: &'a Person) -> RulePerson<'a> {
        RulePerson {
            user: &person.id,
            groups: &self.rule_groups,
        }
    }
}

/// Loads the facts.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn load(
    tx: &mut ReadTx,
    issuer: &Issuer,
    app: &App,
    (grantor, attendance): (&Grantor, Attendance),
    now: Timestamp,
) -> Result<SubjectFacts, Fault> {
    let (org, user) = (&issuer.org, &grantor.user);
    let person = identity::person::store::load(tx, org, user).await?;
    let session_lives = match (attendance, &person) {
        (Attendance::WhileSignedIn, Some(person)) => {
            identity::session::store::load(tx, org, &grantor.session)
                .await?
                .is_some_and(|session| identity::session::is_live(&session, person, now))
        }
        (Attendance::Offline, _) | (_, None) => false,
    };
    let assigned = app.settings.visibility == Assignment::Everyone
        || identity::app::store::is_assigned(tx, org, &app.id, user).await?;
    Ok(SubjectFacts {
        person,
        session_lives,
        assigned,
        rule_groups: access::load_rule_groups(tx, org, issuer.config(), user).await?,
        group_names: claims::load_group_names(tx, org, issuer.config(), user).await?,
    })
}

/// The person, if the grant still stands: there, allowed to act, not signed out everywhere since, assigned to the app,
/// and with a living session where the grant is bound to one.
///
/// # Errors
/// `invalid_grant`, in one text for all of these.
pub fn decide_standing<'a>(
    facts: &'a SubjectFacts,
    grantor: &Grantor,
    attendance: Attendance,
) -> Result<&'a Person, Denial> {
    let stands = |person: &&Person| {
        person.epoch == grantor.epoch
            && person.status.may_act()
            && facts.assigned
            && (attendance == Attendance::Offline || facts.session_lives)
    };
    facts
        .person
        .as_ref()
        .filter(stands)
        .ok_or(Denial::invalid_grant("the grant has ended"))
}
