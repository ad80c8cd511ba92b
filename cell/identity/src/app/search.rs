//! Finding apps by conditions, page by page: which index answers one is a pure decision.

use crate::access::custom::capability::{Capability, ThingKind};
use crate::access::custom::within;
use crate::access::{Permission, Permit};
use crate::app::settings::Assignment;
use crate::app::{App, AppStatus};
use crate::cell::Cell;
use crate::condition::{Comparison, Condition, Direction, Operand, Place, Unanswerable};
use crate::fault::Refusal;
use crate::person::profile::fold;
use crate::walk::{self, LAST_TEXT, Listed, Page, Search, start_of_all};
use std::collections::BTreeSet;
use vocab::future::boxed;
use vocab::id::{AppId, GroupId, UserId};

pub mod store;

/// What a condition may name of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppAttribute {
    /// The id.
    Id,
    /// Whether it is in use.
    Status,
    /// What it is made of: every app is a client of OpenID Connect and OAuth.
    Make,
    /// Whether everybody of the org may use it.
    OpenToAll,
    /// Somebody to whom it is assigned, directly or through a group.
    Person,
    /// A group to which it is assigned.
    Group,
}

/// The word for what every app is made of.
pub const MAKE: &str = "oidc_client";

/// A condition on an app.
pub type AppCondition = Condition<AppAttribute>;

/// The apps that are looked for, and the walks that find them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppSearch(Search<Walk, AppAttribute>);

/// A walk over an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Walk {
    ById,
    Id(String),
    /// Labels from `begin` up to `end`, which is excluded.
    Labels {
        begin: String,
        end: String,
    },
    Status(AppStatus),
    OpenToAll,
    OfPerson(String),
    OfGroup(String),
    /// These ones, which are in order.
    Ids(Vec<String>),
}

/// A page of apps.
#[derive(Debug, Clone, Default)]
pub struct FoundApps {
    /// The apps. Their secrets are not loaded.
    pub apps: Vec<App>,
    /// Where the next page begins, if there may be one.
    pub next: Option<Place>,
}

impl Walk {
    const fn rank(&self) -> u8 {
        match self {
            Self::Id(_) => 0,
            Self::Labels { .. } => 1,
            Self::OfPerson(_) | Self::OfGroup(_) => 2,
            Self::Status(_) | Self::OpenToAll => 3,
            Self::ById | Self::Ids(_) => 4,
        }
    }
}

impl walk::Walk for Walk {
    fn start(&self, direction: Direction) -> (String, String) {
        match self {
            Self::Labels { begin, .. } => (begin.clone(), String::new()),
            _ => start_of_all(direction),
        }
    }

    fn is_by_time(&self) -> bool {
        false
    }
}

impl AppSearch {
    /// The walk over single apps in which what is looked for is found by looking at each.
    fn within(apps: &BTreeSet<String>) -> Self {
        Self::by(Walk::Ids(apps.iter().cloned().collect()), Vec::new())
    }

    /// Refuses what is told by walking alone, and tells of people and groups: to whom apps are assigned. A capability over
    /// apps shows neither.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for it.
    fn refuse_assignment(&self) -> Result<(), Refusal> {
        let is_told = |walk: &Walk| !matches!(walk, Walk::OfPerson(_) | Walk::OfGroup(_));
        if self.0.alternatives.iter().all(|one| is_told(&one.walk)) {
            return Ok(());
        }
        let problem = "by custom roles apps are not found by whom they are assigned to";
        Err(Refusal::invalid("filter", problem))
    }

    /// Whether an app is looked for that another walk met.
    fn fits(&self, app: &App) -> bool {
        self.0.fits(app, |walk, app| match walk {
            Walk::Labels { begin, end } => {
                let label = fold(&app.label);
                *begin <= label && label < *end
            }
            // What else is walked stands among the conditions, too.
            _ => true,
        })
    }

    /// Every app.
    #[must_use]
    pub fn every() -> Self {
        Self::by(Walk::ById, Vec::new())
    }

    /// The app of that id.
    #[must_use]
    pub fn by_id(id: &str) -> Self {
        Self::by(Walk::Id(id.to_owned()), Vec::new())
    }

    /// Apps whose label begins so.
    #[must_use]
    pub fn by_beginning(text: &str) -> Self {
        let begin = fold(text);
        let end = format!("{begin}{LAST_TEXT}");
        Self::by(Walk::Labels { begin, end }, Vec::new())
    }

    /// Apps that are assigned to that group.
    #[must_use]
    pub fn of_group(group_id: &GroupId) -> Self {
        Self::by(Walk::OfGroup(group_id.to_string()), Vec::new())
    }

    /// Apps in use that the person may start: those open to everybody, and those that are assigned to the person or to a
    /// group of theirs.
    #[must_use]
    pub fn usable_by(user_id: &UserId) -> Self {
        let active = Condition::Compare(
            AppAttribute::Status,
            Comparison::Equal,
            Operand::Text(AppStatus::Active.as_str().to_owned()),
        );
        let open = Condition::Compare(
            AppAttribute::OpenToAll,
            Comparison::Equal,
            Operand::Flag(true),
        );
        let mut both = Self::by(Walk::OpenToAll, vec![active.clone(), open]);
        let assigned = Self::by(Walk::OfPerson(user_id.to_string()), vec![active]);
        both.0.alternatives.extend(assigned.0.alternatives);
        both
    }

    /// Apps for which the condition holds. To whom an app is assigned is walked and not looked at, so that it can be
    /// asked for once, beside whatever else must hold.
    ///
    /// # Errors
    /// [`Unanswerable`] where no index answers it.
    pub fn plan(condition: &AppCondition) -> Result<Self, Unanswerable> {
        let parts = match condition {
            Condition::All(parts) => parts.as_slice(),
            one => std::slice::from_ref(one),
        };
        let (assigned, others): (Vec<_>, Vec<_>) =
            parts.iter().cloned().partition(is_about_assignment);
        if assigned.is_empty() {
            let search = Search::plan(condition, Direction::Ascending, true, plan_walk, |_| true);
            return search.map(Self);
        }
        match assigned.as_slice() {
            [Condition::Compare(attribute, Comparison::Equal, Operand::Text(id))] => {
                let walk = match attribute {
                    AppAttribute::Group => Walk::OfGroup(id.clone()),
                    _ => Walk::OfPerson(id.clone()),
                };
                Ok(Self::by(walk, others))
            }
            _ => Err(Unanswerable::Assignment),
        }
    }

    fn by(walk: Walk, conditions: Vec<AppCondition>) -> Self {
        Self(Search::by(walk, conditions, Direction::Ascending))
    }
}

/// As deep as the condition, whose depth is bounded.
fn is_about_assignment(condition: &AppCondition) -> bool {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(is_about_assignment),
        Condition::Not(inner) => is_about_assignment(inner),
        Condition::Present(attribute) | Condition::Compare(attribute, ..) => {
            matches!(attribute, AppAttribute::Person | AppAttribute::Group)
        }
    }
}

impl Listed for App {
    type Attribute = AppAttribute;

    fn value(&self, attribute: &AppAttribute) -> Option<Operand> {
        let text = |text: &str| Some(Operand::Text(text.to_owned()));
        match attribute {
            AppAttribute::Id => text(self.id.as_str()),
            AppAttribute::Status => text(self.status.as_str()),
            AppAttribute::Make => text(MAKE),
            AppAttribute::OpenToAll => {
                let is_open = self.settings.visibility == Assignment::Everyone;
                Some(Operand::Flag(is_open))
            }
            AppAttribute::Person | AppAttribute::Group => None,
        }
    }
}

fn plan_walk(conditions: &[AppCondition]) -> Option<Walk> {
    let walks = conditions.iter().filter_map(plan_one);
    walks.min_by_key(Walk::rank)
}

fn plan_one(condition: &AppCondition) -> Option<Walk> {
    let Condition::Compare(attribute, Comparison::Equal, Operand::Text(text)) = condition else {
        return None;
    };
    // Of another state or make there is no app.
    let nothing = Walk::Id(String::new());
    match attribute {
        AppAttribute::Id => Some(Walk::Id(text.clone())),
        AppAttribute::Status => {
            let known = [AppStatus::Active, AppStatus::Inactive];
            let mut known = known.into_iter();
            let status = known.find(|status| text.eq_ignore_ascii_case(status.as_str()));
            Some(status.map_or(nothing, Walk::Status))
        }
        AppAttribute::Make if text.eq_ignore_ascii_case(MAKE) => Some(Walk::ById),
        AppAttribute::Make => Some(nothing),
        AppAttribute::OpenToAll | AppAttribute::Person | AppAttribute::Group => None,
    }
}

impl Cell {
    /// A page of apps after that place. It looks at no more than [`EXAMINED_MAX`](walk::EXAMINED_MAX) of them, so that it
    /// may be shorter than asked for, or empty, and yet not the last.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn search_apps(
        &self,
        permit: &Permit,
        search: &AppSearch,
        after: Option<Place>,
        limit: usize,
    ) -> Result<FoundApps, Refusal> {
        permit.covers_within(Permission::ReadDirectory, Capability::AppsRead)?;
        let mut tx = self.database.read().await?;
        let extent = within::load_extent(&mut tx, permit, ThingKind::App).await?;
        if extent.is_some() {
            search.refuse_assignment()?;
        }
        if let Some(extent) = extent.filter(|extent| !extent.reach.all) {
            let walked = AppSearch::within(&extent.reach.ids);
            let mut page = Page::begin(&walked.0, after, limit)?.sifted();
            while let Some(batch) = page.wanted() {
                let met = store::load_batch(&mut tx, permit.org(), &batch).await?;
                page.take_those(batch, met, |app, _| search.fits(app));
            }
            let (apps, next) = page.finish();
            return Ok(FoundApps { apps, next });
        }
        let mut page = Page::begin(&search.0, after, limit)?;
        while let Some(batch) = page.wanted() {
            let met = store::load_batch(&mut tx, permit.org(), &batch).await?;
            page.take(batch, met);
        }
        let (apps, next) = page.finish();
        Ok(FoundApps { apps, next })
    }

    /// The app of that id, as it is stored now.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if this org has none such.
    #[boxed]
    pub async fn find_app(&self, permit: &Permit, app_id: &AppId) -> Result<App, Refusal> {
        permit.covers_finding(ThingKind::App)?;
        let mut tx = self.database.read().await?;
        let found = crate::app::store::load(&mut tx, permit.org(), app_id).await?;
        let found = found.ok_or(Refusal::NotFound)?;
        within::check_app(&mut tx, permit, app_id).await?;
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::{AppAttribute, AppCondition, AppSearch, Walk};
    use crate::app::AppStatus;
    use crate::condition::{Comparison, Condition, Operand, Unanswerable};

    fn is(attribute: AppAttribute, text: &str) -> AppCondition {
        Condition::Compare(attribute, Comparison::Equal, Operand::Text(text.into()))
    }

    fn walks(condition: &AppCondition) -> Result<Vec<Walk>, Unanswerable> {
        let search = AppSearch::plan(condition)?;
        let alternatives = search.0.alternatives.into_iter();
        Ok(alternatives.map(|one| one.walk).collect())
    }

    #[test]
    fn each_condition_is_answered_by_the_narrowest_walk() {
        use AppAttribute::{Group, Id, Make, Person, Status};
        let inactive = Walk::Status(AppStatus::Inactive);
        let (ada, eng) = (
            Walk::OfPerson("00uAda".into()),
            Walk::OfGroup("00gEng".into()),
        );
        let not = |condition| Condition::Not(Box::new(condition));
        for (condition, expected) in [
            (is(Status, "inactive"), vec![inactive.clone()]),
            (is(Status, "DELETED"), vec![Walk::Id(String::new())]),
            (is(Make, "OIDC_CLIENT"), vec![Walk::ById]),
            (is(Make, "bookmark"), vec![Walk::Id(String::new())]),
            (
                Condition::All(vec![is(Status, "ACTIVE"), is(Id, "0oa")]),
                vec![Walk::Id("0oa".into())],
            ),
            (
                Condition::Any(vec![is(Id, "0oa"), is(Status, "INACTIVE")]),
                vec![Walk::Id("0oa".into()), inactive],
            ),
            (is(Person, "00uAda"), vec![ada.clone()]),
            (
                Condition::All(vec![not(is(Status, "ACTIVE")), is(Group, "00gEng")]),
                vec![eng],
            ),
        ] {
            assert_eq!(walks(&condition), Ok(expected), "{condition:?}");
        }
        for condition in [
            Condition::Any(vec![is(Person, "00uAda"), is(Id, "0oa")]),
            Condition::All(vec![is(Person, "00uAda"), is(Group, "00gEng")]),
            not(is(Person, "00uAda")),
            Condition::Present(Group),
        ] {
            let seen = walks(&condition);
            assert_eq!(seen, Err(Unanswerable::Assignment), "{condition:?}");
        }
        let unbounded = not(is(Status, "ACTIVE"));
        assert_eq!(walks(&unbounded), Err(Unanswerable::NoIndex));
    }
}
