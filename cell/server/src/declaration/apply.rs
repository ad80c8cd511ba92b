//! Compares one org after the other with what is declared of it, and makes what differs through the operations that
//! administrators use. In [`Mode::Plan`] it takes the same way and stops before each change.

use crate::declaration::document::{ApiTokenDeclaration, Name, OrgDeclaration};
use crate::declaration::plan::{Known, OrgPlan, find, plan_org, plan_token};
use crate::declaration::problem::{Problem, placed};
use crate::declaration::progress::Progress;
use crate::declaration::report::{Kind, Report, Standing};
use crate::declaration::secret::Secrets;
use crate::declaration::types::{KnownTypes, apply_types};
use crate::declaration::{Mode, apply_apps, apply_people, apply_policies, origins};
use identity::access::{Caller, Permission, Permit, authorize};
use identity::api_token::operations::DeclaredApiToken;
use identity::cell::Cell;
use identity::fault::Refusal;
use identity::org::Org;
use identity::org::context::OrgContext;
use identity::org::settings::OrgSettings;
use identity::user_type::schemas::{ProfileSchemas, decide_together};
use ledger::ClientFacts;
use std::sync::Arc;
use vocab::id::OrgId;
use vocab::secret::{Secret, SecretHash};
use vocab::slug::Slug;

/// What one run is about.
pub(super) struct Errand<'e> {
    pub(super) cell: &'e Cell,
    pub(super) mode: Mode,
    pub(super) base_url: &'e str,
    pub(super) secrets: &'e Arc<Secrets>,
    pub(super) progress: &'e Progress,
}

/// Whether the org was there when the run began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// It was, or has been made by now.
    There,
    /// It is only planned: nothing is stored under its id.
    Planned,
}

/// One org that is compared or made.
pub(super) struct Site {
    pub(super) cell: Cell,
    pub(super) mode: Mode,
    /// Drawn and stored nowhere for an org that is only planned, so that nothing is found under it.
    pub(super) org: OrgId,
    pub(super) presence: Presence,
    pub(super) slug: Slug,
    pub(super) name: String,
    pub(super) settings: OrgSettings,
    pub(super) types: KnownTypes,
    pub(super) secrets: Arc<Secrets>,
    pub(super) progress: Progress,
    base_url: String,
}

impl Site {
    /// A permit of the operator.
    pub(super) fn permit(&self, permission: Permission) -> Result<Permit, Refusal> {
        permit(&self.org, permission)
    }

    /// How people reach the org.
    pub(super) fn context(&self) -> OrgContext {
        let path_prefix = format!("/t/{}", self.slug);
        OrgContext {
            org: self.org.clone(),
            slug: self.slug.to_string(),
            name: self.name.clone(),
            base_url: format!("{}{path_prefix}", self.base_url),
            path_prefix,
            rp_id: String::new(),
        }
    }

    /// Notes how a thing stood.
    pub(super) fn note(&self, report: &mut Report, kind: Kind, name: &Name, standing: Standing) {
        report.note(self.slug.as_str(), kind, &name.value, standing);
        self.progress.step();
    }
}

fn permit(org: &OrgId, permission: Permission) -> Result<Permit, Refusal> {
    authorize(&Caller::Operator, org, permission, &ClientFacts::default())
}

pub(super) async fn apply_org(
    errand: &Errand<'_>,
    declared: OrgDeclaration,
    report: &mut Report,
) -> Result<(), Problem> {
    let made = make_org(errand, &declared).await;
    let (mut site, standing) = placed(Kind::Organisation, &declared.slug, made)?;
    site.note(report, Kind::Organisation, &declared.slug, standing);
    site.types = apply_types(&site, &declared.user_types, report).await?;
    let site = Arc::new(site);
    let mut known = Known::default();
    apply_people::apply_people(&site, declared.people, &mut known, report).await?;
    for group in &declared.groups {
        let done = apply_people::apply_group(&site, group, &mut known).await;
        let standing = placed(Kind::Group, &group.name, done)?;
        site.note(report, Kind::Group, &group.name, standing);
    }
    apply_policies::apply_zones(&site, &declared.zones, &mut known, report).await?;
    apply_policies::apply_behaviors(&site, &declared.behaviors, &mut known, report).await?;
    origins::apply_origins(&site, &declared.trusted_origins, report).await?;
    apply_policies::apply_policies(&site, &declared.policies, &mut known, report).await?;
    for app in &declared.apps {
        let standing = apply_apps::apply_app(&site, app, &mut known).await?;
        site.note(report, Kind::App, &app.label, standing);
    }
    apply_apps::apply_servers(&site, &declared.authorization_servers, &known, report).await?;
    for token in &declared.api_tokens {
        let text = site
            .secrets
            .get(Kind::ApiToken, &token.name, &token.token)?;
        let done = apply_token(&site, token, text, &known).await;
        let standing = placed(Kind::ApiToken, &token.name, done)?;
        site.note(report, Kind::ApiToken, &token.name, standing);
    }
    Ok(())
}

async fn make_org(
    errand: &Errand<'_>,
    declared: &OrgDeclaration,
) -> Result<(Site, Standing), Refusal> {
    let cell = errand.cell;
    let slug = Slug::parse(&declared.slug.value)?;
    let present = find_org(cell, &slug).await?;
    let plan = plan_org(declared, present.as_ref())?;
    if let Some(org) = &present {
        check_schema(cell, org, &plan).await?;
    }
    let present = match (present, errand.mode) {
        (present, Mode::Plan) => present,
        (present, Mode::Apply) => Some(change_org(cell, declared, &slug, present, &plan).await?),
    };
    let (org, presence) = match present {
        Some(org) => (org.id, Presence::There),
        None => (OrgId::generate(cell.entropy()), Presence::Planned),
    };
    let site = Site {
        cell: cell.clone(),
        mode: errand.mode,
        org,
        presence,
        slug,
        name: declared.name.trim().to_owned(),
        settings: plan.settings,
        types: KnownTypes::default(),
        secrets: Arc::clone(errand.secrets),
        progress: errand.progress.clone(),
        base_url: errand.base_url.to_owned(),
    };
    Ok((site, plan.standing))
}

/// Holds the attributes of the type that every org has against those that the other types have before theirs are declared.
async fn check_schema(cell: &Cell, present: &Org, plan: &OrgPlan) -> Result<(), Refusal> {
    let of_default = &plan.settings.profile_schema;
    if *of_default == present.settings.profile_schema {
        return Ok(());
    }
    let snapshot = cell.snapshot(&present.id).await?;
    let snapshot = snapshot.ok_or(Refusal::NotFound)?;
    decide_together(ProfileSchemas {
        of_default,
        of_types: &snapshot.type_schemas,
    })
}

async fn change_org(
    cell: &Cell,
    declared: &OrgDeclaration,
    slug: &Slug,
    present: Option<Org>,
    plan: &OrgPlan,
) -> Result<Org, Refusal> {
    let org = match present {
        Some(org) if plan.standing == Standing::Same => return Ok(org),
        Some(org) => org,
        None => {
            let id = cell.create_org(slug, &declared.name).await?;
            load_org(cell, &id).await?.ok_or(Refusal::NotFound)?
        }
    };
    let id = org.id.clone();
    if org.settings != plan.settings || org.name != declared.name.trim() {
        let permit = permit(&id, Permission::ManageOrg)?;
        cell.update_org(&permit, org, &declared.name, plan.settings.clone())
            .await?;
    }
    load_org(cell, &id).await?.ok_or(Refusal::NotFound)
}

async fn find_org(cell: &Cell, slug: &Slug) -> Result<Option<Org>, Refusal> {
    let mut tx = cell.database.read().await?;
    match identity::org::store::find_by_slug(&mut tx, slug.as_str()).await? {
        Some(id) => Ok(identity::org::store::load(&mut tx, &id).await?),
        None => Ok(None),
    }
}

async fn load_org(cell: &Cell, id: &OrgId) -> Result<Option<Org>, Refusal> {
    let mut tx = cell.database.read().await?;
    Ok(identity::org::store::load(&mut tx, id).await?)
}

async fn apply_token(
    site: &Site,
    declared: &ApiTokenDeclaration,
    text: Secret<String>,
    known: &Known,
) -> Result<Standing, Refusal> {
    let hash = SecretHash::of(text.expose());
    let present = {
        let mut tx = site.cell.database.read().await?;
        identity::api_token::store::find_by_hash(&mut tx, &site.org, &hash).await?
    };
    let user_id = find(&known.people, &declared.person)?;
    let standing = plan_token(&declared.name.value, &user_id, &text, present.as_ref())?;
    if site.mode == Mode::Apply && standing == Standing::Missing {
        let permit = site.permit(Permission::ManageOrg)?;
        let token = DeclaredApiToken {
            name: declared.name.value.clone(),
            user_id,
            text,
        };
        site.cell.declare_api_token(&permit, token).await?;
    }
    Ok(standing)
}
