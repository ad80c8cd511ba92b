//! People as SCIM users: one of them, added, shown, changed and removed. Lists have a folder of their own.

pub mod input;
pub mod render;

use crate::call::{Asked, Call};
use crate::error::ScimError;
use crate::limits::{CHANGE_ATTEMPTS_MAX, GROUPS_SHOWN_MAX};
use crate::reply::Reply;
use crate::users::input::{Mode, UserInput, plan_user};
use crate::users::render::{render_document, render_user, version_of};
use identity::access::Permission;
use identity::credential::password::PasswordRefusal;
use identity::fault::Refusal;
use identity::group::Group;
use identity::person::change::PersonChange;
use identity::person::creation::{Beginning, FirstPassword, NewPerson};
use identity::person::search::PersonRecord;
use protocol::scim::patch::apply::apply;
use protocol::scim::patch::{Operation, read_patch};
use protocol::scim::problem::{Kind, Problem};
use protocol::scim::projection::Projection;
use protocol::scim::search::{Start, parse_query};
use std::sync::Arc;
use vocab::id::UserId;

/// What the server alone says of a user.
const READ_ONLY: [&str; 3] = ["id", "meta", "groups"];

/// The user of that id.
///
/// # Errors
/// [`ScimError`] if this org has nobody such.
pub(crate) async fn find(call: &Call, id: &str) -> Result<PersonRecord, ScimError> {
    let missing = || ScimError::not_found(id);
    let parsed = UserId::parse(id).map_err(|_| missing())?;
    let reader = call.permit(Permission::ReadDirectory)?;
    match call.cell.find_person(&reader, parsed.as_str()).await {
        // A login may look like an id.
        Ok(record) if record.person.id == parsed => Ok(record),
        Ok(_) | Err(Refusal::NotFound) => Err(missing()),
        Err(refusal) => Err(refusal.into()),
    }
}

/// What is to be shown of one resource.
///
/// # Errors
/// [`ScimError`] for a query that asks for more than that.
pub(crate) fn projection_of(asked: &Asked) -> Result<Projection, ScimError> {
    let request = parse_query(&asked.query)?;
    let is_list = request.filter.is_some()
        || request.sort_by.is_some()
        || request.count.is_some()
        || request.start != Start::Index(1);
    if is_list {
        let detail = "one resource is neither filtered, sorted nor counted";
        return Err(ScimError::bad(Kind::InvalidValue, detail));
    }
    Ok(request.projection)
}

/// `GET /Users/{id}`.
///
/// # Errors
/// [`ScimError`] as every operation.
pub async fn show(call: &Call, asked: &Asked) -> Result<Reply, ScimError> {
    let projection = projection_of(asked)?;
    let record = find(call, &asked.id).await?;
    let version = version_of(&record.person);
    asked.check_version(&version)?;
    match &asked.if_none_match {
        Some(condition) if condition.holds(&version) => Ok(Reply::not_modified(version)),
        _ => shown(call, &record, &projection).await,
    }
}

async fn shown(
    call: &Call,
    record: &PersonRecord,
    projection: &Projection,
) -> Result<Reply, ScimError> {
    let groups = groups_of(call, record, projection).await?;
    let body = render_user(call, record, groups.as_deref(), projection);
    let location = call.href(&format!("/Users/{}", record.person.id));
    Ok(Reply::resource(body, version_of(&record.person), location))
}

/// The groups of a user, where they are to be shown.
///
/// # Errors
/// [`ScimError`] if they cannot be read.
pub(crate) async fn groups_of(
    call: &Call,
    record: &PersonRecord,
    projection: &Projection,
) -> Result<Option<Vec<Group>>, ScimError> {
    if !projection.wants_on_request("groups") {
        return Ok(None);
    }
    let reader = call.permit(Permission::ReadDirectory)?;
    let listed = call
        .cell
        .list_groups_of(&reader, &record.person.id, "", GROUPS_SHOWN_MAX);
    Ok(Some(listed.await?.0))
}

/// `POST /Users`.
///
/// # Errors
/// [`ScimError`] as every operation; nobody was added.
pub async fn create(call: &Call, asked: &Asked) -> Result<Reply, ScimError> {
    let projection = projection_of(asked)?;
    let permit = call.permit(Permission::ManagePeople)?;
    let input = plan_user(
        call.attributes_of(None),
        None,
        asked.object()?,
        Mode::Create,
    )?;
    let new = NewPerson {
        profile: input.profile,
        external_id: input.external_id,
        password: input.password.map(FirstPassword::Given),
        groups: None,
        type_id: None,
        beginning: match input.active {
            Some(false) => Beginning::Staged,
            Some(true) | None => Beginning::Active,
        },
        invited_by: Some(Arc::clone(&call.context)),
    };
    let (id, _) = call.cell.add_person(&permit, new).await?;
    let record = find(call, id.as_str()).await?;
    Ok(shown(call, &record, &projection).await?.created())
}

/// `PUT /Users/{id}`: what is not named of a schema that is named is taken away.
///
/// # Errors
/// [`ScimError`] as every operation; nothing was changed.
pub async fn replace(call: &Call, asked: &Asked) -> Result<Reply, ScimError> {
    change(call, asked, |record| {
        let person = Some(&record.person);
        let attributes = call.attributes_of(person);
        let planned = plan_user(attributes, person, asked.object()?, Mode::Replace);
        Ok(planned?)
    })
    .await
}

/// `PATCH /Users/{id}`.
///
/// # Errors
/// [`ScimError`] as every operation; nothing was changed.
pub async fn patch(call: &Call, asked: &Asked) -> Result<Reply, ScimError> {
    change(call, asked, |record| {
        let operations = read_patch(asked.object()?)?;
        refuse_read_only(&operations, &READ_ONLY)?;
        let attributes = call.attributes_of(Some(&record.person));
        let mut document = render_document(attributes, &record.person);
        for operation in &operations {
            apply(&mut document, operation)?;
        }
        let person = Some(&record.person);
        let planned = plan_user(attributes, person, document, Mode::Whole);
        // What stands there now stands there by a path of the patch.
        Ok(planned.map_err(|problem| match problem.kind {
            Kind::InvalidSyntax => Problem::of(Kind::InvalidPath, problem.detail),
            _ => problem,
        })?)
    })
    .await
}

/// Refuses a patch of what the server alone says.
///
/// # Errors
/// [`ScimError`] naming the first such attribute.
pub(crate) fn refuse_read_only(
    operations: &[Operation],
    read_only: &[&str],
) -> Result<(), ScimError> {
    for operation in operations {
        let at = &operation.path.at;
        if let Some(name) = read_only.iter().find(|name| at.is_core(name)) {
            let detail = format!("{name}: it is read-only");
            return Err(ScimError::bad(Kind::Mutability, detail));
        }
    }
    Ok(())
}

async fn change(
    call: &Call,
    asked: &Asked,
    plan: impl Fn(&PersonRecord) -> Result<UserInput, ScimError>,
) -> Result<Reply, ScimError> {
    let projection = projection_of(asked)?;
    let permit = call.permit(Permission::ManagePeople)?;
    for _ in 0..CHANGE_ATTEMPTS_MAX {
        let record = find(call, &asked.id).await?;
        let person = &record.person;
        asked.check_version(&version_of(person))?;
        let input = plan(&record)?;
        let change = PersonChange {
            profile: input.profile,
            external_id: input.external_id,
            password: input.password,
            belongs: input.active,
            invited_by: Arc::clone(&call.context),
        };
        let changed = call
            .cell
            .change_person(&permit, &person.id, person.revision, change)
            .await;
        match changed {
            Ok(()) => {
                let record = find(call, &asked.id).await?;
                return shown(call, &record, &projection).await;
            }
            Err(PasswordRefusal::Refused(Refusal::Changed)) if !asked.is_conditional() => {}
            Err(PasswordRefusal::Refused(Refusal::Changed)) => return Err(asked.lost()),
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Err(asked.lost())
}

/// `DELETE /Users/{id}`: whoever was not deactivated before is, on the way.
///
/// # Errors
/// [`ScimError`] as every operation; nobody was removed.
pub async fn delete(call: &Call, asked: &Asked) -> Result<Reply, ScimError> {
    projection_of(asked)?;
    let permit = call.permit(Permission::ManagePeople)?;
    let record = find(call, &asked.id).await?;
    let person = &record.person;
    asked.check_version(&version_of(person))?;
    let revision = asked.is_conditional().then_some(person.revision);
    match call.cell.remove_person(&permit, &person.id, revision).await {
        Ok(()) => Ok(Reply::empty()),
        Err(Refusal::Changed) => Err(asked.lost()),
        Err(refusal) => Err(refusal.into()),
    }
}
