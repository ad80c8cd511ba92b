//! What a profile holds, by the type of the person. The built-in attributes are shown and cannot be changed; those of a type are added,
//! changed and removed as on the page of settings.

pub(crate) mod described;
pub mod input;
pub mod render;
pub mod types;

use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::limits::CHANGE_ATTEMPTS_MAX;
use crate::org;
use crate::reply::Reply;
use crate::user_schema::input::{parse_changes, plan_schema};
use crate::user_schema::render::{render_base, render_schema};
use identity::attribute_schema::AttributeSchema;
use identity::fault::Refusal;
use identity::org::Org;
use identity::org::settings::ProfileAttribute;
use identity::user_type::{DEFAULT_NAME, parse_schema_id};
use vocab::id::UserTypeId;
use vocab::time::Timestamp;

/// What the schema is called of the type that every org has.
const TITLE: &str = "User";

/// A schema.
pub(super) struct Shown {
    of: Of,
    name: String,
    title: String,
    created: Timestamp,
    updated: Timestamp,
}

/// Of what it is. The attributes of the type that every org has stand in its settings, those of the others by themselves.
enum Of {
    EveryOrg(Box<Org>),
    Type(UserTypeId, AttributeSchema),
}

impl Shown {
    fn key(&self) -> Option<&UserTypeId> {
        match &self.of {
            Of::EveryOrg(_) => None,
            Of::Type(key, _) => Some(key),
        }
    }

    fn attributes(&self) -> &[ProfileAttribute] {
        match &self.of {
            Of::EveryOrg(org) => &org.settings.profile_schema,
            Of::Type(_, schema) => &schema.attributes,
        }
    }
}

/// `GET /api/v1/meta/schemas/user/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let key = named(&call)?;
    Ok(Reply::of(render_schema(&call, &load(&call, key).await?)))
}

/// `POST /api/v1/meta/schemas/user/{id}`: attributes that are named are added or changed, those that are `null` removed.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn update(call: Call) -> Result<Reply, ApiError> {
    let key = named(&call)?;
    let changes = parse_changes(call.json()?, render_base())?;
    for _ in 0..CHANGE_ATTEMPTS_MAX {
        let seen = load(&call, key.clone()).await?;
        let new = ProfileAttribute::default();
        let planned = plan_schema(seen.attributes(), &changes, &new)?;
        if planned == seen.attributes() {
            return Ok(Reply::of(render_schema(&call, &seen)));
        }
        match put(&call, seen.of, planned).await {
            Ok(()) => return Ok(Reply::of(render_schema(&call, &load(&call, key).await?))),
            Err(Refusal::Changed) => {}
            Err(refusal) => return Err(refused(refusal)),
        }
    }
    Err(Refusal::Changed.into())
}

async fn put(call: &Call, seen: Of, planned: Vec<ProfileAttribute>) -> Result<(), Refusal> {
    let (cell, permit) = (&call.cell, &call.permit);
    match seen {
        Of::Type(key, schema) => {
            cell.put_user_type_schema(permit, &key, schema, planned)
                .await
        }
        Of::EveryOrg(org) => {
            let (name, mut settings) = (org.name.clone(), org.settings.clone());
            settings.profile_schema = planned;
            cell.update_org(permit, *org, &name, settings).await
        }
    }
}

async fn load(call: &Call, key: Option<UserTypeId>) -> Result<Shown, ApiError> {
    let Some(key) = key else {
        let org = org::load(call).await?;
        return Ok(Shown {
            name: DEFAULT_NAME.to_owned(),
            title: TITLE.to_owned(),
            created: org.created_at,
            updated: org.updated_at,
            of: Of::EveryOrg(Box::new(org)),
        });
    };
    let unknown = |refusal| match refusal {
        Refusal::NotFound => ApiError::not_found(Thing::UserSchema, call.parameter("schema")),
        other => ApiError::from(other),
    };
    let user_type = call.cell.find_user_type(&call.permit, Some(&key)).await;
    let user_type = user_type.map_err(unknown)?;
    let schema = call.cell.user_type_schema(&call.permit, &key).await;
    let schema = schema.map_err(unknown)?;
    let moments = (user_type.created_at, user_type.updated_at);
    let (created, updated) = schema.changed.unwrap_or(moments);
    Ok(Shown {
        name: user_type.name,
        title: user_type.display_name,
        created,
        updated,
        of: Of::Type(key, schema),
    })
}

/// Of which type the path names the schema, whether the org has it or not.
fn named(call: &Call) -> Result<Option<UserTypeId>, ApiError> {
    let named = call.parameter("schema");
    let unknown = |_| ApiError::not_found(Thing::UserSchema, named);
    parse_schema_id(&call.context.org, named).map_err(unknown)
}

/// A refusal of attributes, at the place where they stand.
pub(crate) fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::Invalid { problem, .. } => {
            ApiError::invalid("definitions.custom", &problem.to_string())
        }
        other => other.into(),
    }
}
