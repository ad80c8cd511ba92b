//! What a role of somebody is held over: of a person, of a group, of an app that acts for itself. Super administrators alone
//! change it, and prove afresh who they are.

use crate::admin::apps::{find_apps, load_app};
use crate::admin::caller::{
    Answer, Detour, administrator, administrator_freshly, done, found, loaded,
};
use crate::admin::form::shell_after;
use crate::admin::groups::{find_groups, load_group};
use crate::admin::paging::search_of;
use crate::admin::people::load_person;
use crate::admin::row::moment;
use crate::view::admin::{
    EVERY_APP, Hold, Picker, RoleHolderView, RoleTargetsPage, TargetRow, TargetsOf, role_choices,
};
use crate::view::shell::{Place, Right, Shell};
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::narrowed::{
    AddedTarget, RoleHolder, RoleTarget, TargetKind, narrowed_by, store,
};
use identity::access::{Permission, Permit, Role};
use identity::fault::Refusal;
use identity::person::roles::refuse_own_role;
use vocab::id::{AppId, GroupId};

/// A role of somebody, and where its page stands.
struct Held {
    holder: RoleHolder,
    role: Role,
    kind: TargetKind,
    view: RoleHolderView,
    path: String,
}

/// Of which kind the holder is.
#[derive(Clone, Copy)]
enum Whose {
    Person,
    Group,
    App,
}

impl Whose {
    /// The page of the role of an address, whether or not there is one.
    fn path(self, (id, role): (&str, &str)) -> String {
        match self {
            Self::Person => format!("/admin/administrators/{id}/roles/{role}"),
            Self::Group => format!("/admin/groups/{id}/roles/{role}"),
            Self::App => format!("/admin/apps/{id}/api/roles/{role}"),
        }
    }

    /// The role of an address, of a kind that can be narrowed.
    async fn load(self, visit: &Visit, (id, role): (&str, &str)) -> Result<Held, Detour> {
        let role = found(visit, Role::from_word(role))?;
        let kind = found(visit, narrowed_by(role))?;
        let (holder, name, roles_href, place) = match self {
            Self::Person => {
                let person = load_person(visit, id).await?;
                let name = person.display_name();
                let href = String::from("/admin/administrators");
                let holder = RoleHolder::User(person.id);
                (holder, name, href, Place::Administrators)
            }
            Self::Group => {
                let group = load_group(visit, id).await?;
                let href = format!("/admin/groups/{}/roles", group.id);
                (RoleHolder::Group(group.id), group.name, href, Place::Groups)
            }
            Self::App => {
                let app = load_app(visit, id).await?;
                let href = format!("/admin/apps/{}/api", app.id);
                (RoleHolder::App(app.id), app.label, href, Place::Apps)
            }
        };
        Ok(Held {
            holder,
            role,
            kind,
            view: RoleHolderView {
                name,
                roles_href,
                place,
            },
            path: self.path((id, role.as_str())),
        })
    }

    async fn show(self, visit: &Visit, named: (&str, &str)) -> Answer {
        let reader = administrator(visit, Permission::ReadDirectory).await?;
        let held = self.load(visit, named).await?;
        page(visit, visit.shell(), &reader, held).await
    }

    /// The permit for a change, and what is to be changed.
    async fn at(self, visit: &Visit, named: (&str, &str)) -> Result<(Permit, Held), Detour> {
        // The browser comes back to an address of ours: what is none leads to nothing.
        let is_known = Role::from_word(named.1).is_some();
        let back = self.path(if is_known { named } else { ("-", "-") });
        let permit = administrator_freshly(visit, Permission::ManageOrg, &back).await?;
        let held = self.load(visit, named).await?;
        if let RoleHolder::User(user) = &held.holder {
            done(visit, refuse_own_role(&permit, user))?;
        }
        Ok((permit, held))
    }

    async fn add(self, visit: &Visit, named: (&str, &str)) -> Answer {
        let (permit, held) = self.at(visit, named).await?;
        let target = posted_target(visit, held.kind)?;
        let whose = (&held.holder, held.role);
        let added = visit.cell.add_role_target(&permit, whose, target).await;
        answer(visit, held, added).await
    }

    async fn remove(self, visit: &Visit, named: (&str, &str)) -> Answer {
        let (permit, held) = self.at(visit, named).await?;
        let target = posted_target(visit, held.kind)?;
        let whose = (&held.holder, held.role);
        let removed = visit.cell.remove_role_target(&permit, whose, target).await;
        answer(visit, held, removed).await
    }
}

/// The handlers of a kind of holder.
macro_rules! handlers {
    ($module:ident, $whose:expr, $path:literal) => {
        #[doc = concat!("Below `", $path, "`.")]
        pub mod $module {
            use super::{Answer, Path, Visit, Whose};

            const WHOSE: Whose = $whose;

            #[doc = concat!("`GET ", $path, "`.")]
            pub async fn show(Path((id, role)): Path<(String, String)>, visit: Visit) -> Answer {
                WHOSE.show(&visit, (&id, &role)).await
            }

            #[doc = concat!("`POST ", $path, "/add`.")]
            pub async fn add(Path((id, role)): Path<(String, String)>, visit: Visit) -> Answer {
                WHOSE.add(&visit, (&id, &role)).await
            }

            #[doc = concat!("`POST ", $path, "/remove`.")]
            pub async fn remove(Path((id, role)): Path<(String, String)>, visit: Visit) -> Answer {
                WHOSE.remove(&visit, (&id, &role)).await
            }
        }
    };
}

handlers!(
    of_people,
    Whose::Person,
    "/admin/administrators/{id}/roles/{role}"
);
handlers!(of_groups, Whose::Group, "/admin/groups/{id}/roles/{role}");
handlers!(of_apps, Whose::App, "/admin/apps/{id}/api/roles/{role}");

/// `POST /admin/administrators/{id}/roles/{role}/widen`: held over everything again.
pub async fn widen(Path((id, role)): Path<(String, String)>, visit: Visit) -> Answer {
    let (permit, held) = Whose::Person.at(&visit, (&id, &role)).await?;
    let widened = visit
        .cell
        .widen_role(&permit, &held.holder, held.role)
        .await;
    answer(&visit, held, widened).await
}

fn posted_target(visit: &Visit, kind: TargetKind) -> Result<RoleTarget, Detour> {
    let id = visit.field("id");
    let target = match kind {
        TargetKind::Groups => GroupId::parse(id).ok().map(RoleTarget::Group),
        TargetKind::Apps if id == EVERY_APP => Some(RoleTarget::Apps),
        TargetKind::Apps => AppId::parse(id).ok().map(RoleTarget::App),
    };
    found(visit, target)
}

/// The page again after a change, or with what was refused above it.
async fn answer(visit: &Visit, held: Held, outcome: Result<(), Refusal>) -> Answer {
    match outcome {
        Ok(()) => Ok(visit.go(&held.path)),
        Err(refusal) => {
            let shell = done(visit, shell_after(visit, refusal))?;
            let reader = administrator(visit, Permission::ReadDirectory).await?;
            page(visit, shell, &reader, held).await
        }
    }
}

async fn page(visit: &Visit, shell: Shell, reader: &Permit, held: Held) -> Answer {
    let whose = (&held.holder, held.role);
    let targets = done(visit, visit.cell.list_role_targets(reader, whose).await)?;
    let (is_narrowed, picker) = {
        let mut tx = loaded(visit, visit.cell.database.read().await)?;
        let since = store::load_since(&mut tx, reader.org(), whose).await;
        let is_narrowed = loaded(visit, since)?.is_some();
        let find = search_of(visit, "find");
        let picker = match held.kind {
            _ if !shell.may(Right::ChangeOrg) => Ok(Picker::default()),
            TargetKind::Groups => find_groups(&mut tx, reader.org(), &find).await,
            TargetKind::Apps => find_apps(&mut tx, reader.org(), &find).await,
        };
        (is_narrowed, loaded(visit, picker)?)
    };
    let rows = target_rows(visit, reader, targets).await?;
    let role = role_choices(shell.t).into_iter();
    let mut role = role.filter(|choice| choice.value == held.role.as_str());
    let is_own = match &held.holder {
        RoleHolder::User(user) => refuse_own_role(reader, user).is_err(),
        RoleHolder::Group(_) | RoleHolder::App(_) => false,
    };
    Ok(visit.page(&RoleTargetsPage {
        role: role.next().map(|choice| choice.label).unwrap_or_default(),
        may_change: shell.may(Right::ChangeOrg) && !is_own,
        is_own,
        may_widen: is_narrowed
            && held.kind == TargetKind::Apps
            && matches!(held.holder, RoleHolder::User(_)),
        hold: match (is_narrowed, rows.is_empty()) {
            (false, _) => Hold::Whole,
            (true, false) => Hold::Narrowed,
            (true, true) => Hold::Nothing,
        },
        of: match held.kind {
            TargetKind::Groups => TargetsOf::Groups,
            TargetKind::Apps => TargetsOf::Apps,
        },
        shell,
        holder: held.view,
        own_path: held.path,
        rows,
        picker,
    }))
}

/// What stands of each target; one that ended in this moment is left out.
async fn target_rows(
    visit: &Visit,
    reader: &Permit,
    targets: Vec<AddedTarget>,
) -> Result<Vec<TargetRow>, Detour> {
    let groups = targets.iter().filter_map(|one| match &one.target {
        RoleTarget::Group(id) => Some(id.clone()),
        RoleTarget::App(_) | RoleTarget::Apps => None,
    });
    let groups: Vec<GroupId> = groups.collect();
    let mut groups = done(visit, visit.cell.find_groups(reader, &groups).await)?;
    let mut rows = Vec::with_capacity(targets.len());
    for AddedTarget { target, added_at } in targets {
        let named = match target {
            RoleTarget::Group(id) => groups.remove(&id).map(|group| {
                let href = format!("/admin/groups/{id}");
                (id.to_string(), group.name, Some(href))
            }),
            RoleTarget::App(id) => {
                let app = loaded(visit, visit.cell.app(reader.org(), &id).await)?;
                app.map(|app| {
                    let href = format!("/admin/apps/{id}");
                    (id.to_string(), app.label.clone(), Some(href))
                })
            }
            RoleTarget::Apps => {
                let name = visit.shell().t.targets.every_app;
                Some((EVERY_APP.to_owned(), name.to_owned(), None))
            }
        };
        rows.extend(named.map(|(id, name, href)| TargetRow {
            id,
            name,
            href,
            since: moment(added_at),
        }));
    }
    rows.sort_by_cached_key(|row| (row.name.to_lowercase(), row.id.clone()));
    Ok(rows)
}
