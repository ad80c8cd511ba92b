//! People: one of them, added, shown and changed. Lists and the life cycle have files of their own.

pub mod blocks;
pub mod credentials;
pub(crate) mod described;
pub mod factors;
pub mod grants;
pub mod input;
pub mod lifecycle;
pub mod list;
pub mod render;
pub mod roles;

use crate::call::{Call, Precondition};
use crate::error::{ApiError, ErrorCode};
use crate::limits::CHANGE_ATTEMPTS_MAX;
use crate::reply::Reply;
use crate::users::blocks::render_blocks;
use crate::users::input::{Mode, UserInput, apply_profile, parse_user};
use crate::users::render::render_one;
use identity::access::Permission;
use identity::credential::password::PasswordRefusal;
use identity::fault::Refusal;
use identity::person::creation::{Beginning, FirstPassword, NewPerson};
use identity::person::operations::Retype;
use identity::person::profile::{ProfileInput, known_attributes};
use identity::person::search::PersonRecord;
use identity::user_type::parse_id;
use serde_json::json;
use std::sync::Arc;
use vocab::id::{GroupId, UserTypeId};

/// `GET /api/v1/users/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let is_expanded = call.query.expand(&["blocks"])?.is_some();
    let record = call.user("id").await?;
    let mut body = render_one(&call, &record);
    if is_expanded {
        body["_embedded"] = json!({ "blocks": render_blocks(&call, &record.person)? });
    }
    Ok(Reply::of(body).revision(record.person.revision))
}

fn shown(call: &Call, record: &PersonRecord) -> Reply {
    Reply::of(render_one(call, record)).revision(record.person.revision)
}

/// `POST /api/v1/users`.
///
/// # Errors
/// [`ApiError`] as every operation; nobody was added.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    if call.query.flag("provider", false)? {
        return Err(ApiError::not_supported("provider"));
    }
    let beginning = match (
        call.query.flag("activate", true)?,
        call.query.get("nextLogin"),
    ) {
        (_, Some(word)) if word != "changePassword" => {
            return Err(ApiError::invalid("nextLogin", "use changePassword"));
        }
        (false, Some(_)) => return Err(ApiError::invalid("nextLogin", "it needs activate=true")),
        (true, Some(_)) => Beginning::ActiveWithNewPassword,
        (true, None) => Beginning::Active,
        (false, None) => Beginning::Staged,
    };
    let input = parse_user(call.json()?, Mode::Create)?;
    let type_id = named_type(&call, &input)?.unwrap_or_default();
    if beginning == Beginning::ActiveWithNewPassword && input.password.is_none() {
        return Err(ApiError::invalid("nextLogin", "it needs a password"));
    }
    let profile = input
        .profile
        .ok_or_else(|| ApiError::invalid("profile", "it is required"))?;
    let groups = match input.groups {
        Some(ids) => Some((
            call.permit_for(Permission::ManageGroups)?,
            parse_group_ids(&ids)?,
        )),
        None => None,
    };
    let password = match (input.password, input.is_imported) {
        (Some(password), _) => Some(FirstPassword::Given(password)),
        (None, true) => Some(FirstPassword::Imported),
        (None, false) => None,
    };
    let new = NewPerson {
        profile: apply_profile(ProfileInput::default(), profile)?,
        external_id: None,
        password,
        groups,
        type_id,
        beginning,
        invited_by: Some(Arc::clone(&call.context)),
    };
    let reader = call.reader()?;
    let (id, _) = call.cell.add_person(&call.permit, new).await?;
    let record = call.cell.find_person(&reader, id.as_str()).await?;
    Ok(shown(&call, &record))
}

fn parse_group_ids(ids: &[String]) -> Result<Vec<GroupId>, ApiError> {
    ids.iter()
        .map(|id| {
            GroupId::parse(id).map_err(|error| ApiError::invalid("groupIds", &error.to_string()))
        })
        .collect()
}

/// `POST /api/v1/users/{id}`: what is not named stays as it is.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn update(call: Call) -> Result<Reply, ApiError> {
    change(&call, Mode::Update).await
}

/// `PUT /api/v1/users/{id}`: what is not named of the profile is taken away.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    change(&call, Mode::Replace).await
}

async fn change(call: &Call, mode: Mode) -> Result<Reply, ApiError> {
    let precondition = call.precondition()?;
    for _ in 0..CHANGE_ATTEMPTS_MAX {
        let record = call.user("id").await?;
        let revision = record.person.revision;
        if let Precondition::Revision(wanted) = precondition
            && wanted != revision
        {
            return Err(ApiError::of(ErrorCode::ETagMismatch));
        }
        let input = parse_user(call.json()?, mode)?;
        let retype = plan_type(call, &record, &input, mode)?;
        let profile = plan_profile(call, &record, &input, mode)?;
        match store(call, &record, (profile, retype), input).await {
            Ok(()) => return Ok(shown(call, &reload(call, &record).await?)),
            Err(PasswordRefusal::Refused(Refusal::Changed)) => {}
            Err(refusal) => return Err(refusal.into()),
        }
        if precondition != Precondition::Nothing {
            return Err(ApiError::of(ErrorCode::ETagMismatch));
        }
    }
    Err(Refusal::Changed.into())
}

/// The type that is named, where one is; nothing inside is the one that every org has. Whether the org has it says whoever stores it.
fn named_type(call: &Call, input: &UserInput) -> Result<Option<Option<UserTypeId>>, ApiError> {
    let Some(named) = &input.type_id else {
        return Ok(None);
    };
    let key = parse_id(&call.context.org, named);
    let unknown = |_| ApiError::invalid("type.id", "there is no such type of people");
    key.map(Some).map_err(unknown)
}

/// Somebody gets another type only where they are replaced whole: what else their profile would hold depends on it.
fn plan_type(
    call: &Call,
    record: &PersonRecord,
    input: &UserInput,
    mode: Mode,
) -> Result<Retype, ApiError> {
    match named_type(call, input)? {
        Some(key) if key == record.person.type_id => Ok(Retype::Keep),
        Some(key) if mode == Mode::Replace => Ok(Retype::To(key)),
        Some(_) => {
            let problem = "a type is changed only where the person is replaced whole, by PUT";
            Err(ApiError::invalid("type.id", problem))
        }
        None => Ok(Retype::Keep),
    }
}

fn plan_profile(
    call: &Call,
    record: &PersonRecord,
    input: &UserInput,
    mode: Mode,
) -> Result<ProfileInput, ApiError> {
    let person = &record.person;
    let present = ProfileInput {
        login: person.login.clone(),
        email: person.email.clone(),
        first_name: person.first_name.clone(),
        last_name: person.last_name.clone(),
        attributes: known_attributes(&person.profile, call.snapshot.schema_of_person(person)?),
    };
    match (&input.profile, mode) {
        (None, Mode::Replace) => Err(ApiError::invalid("profile", "it is required")),
        (None, _) => Ok(present),
        (Some(profile), Mode::Replace) => apply_profile(ProfileInput::default(), profile.clone()),
        (Some(profile), _) => apply_profile(present, profile.clone()),
    }
}

async fn store(
    call: &Call,
    record: &PersonRecord,
    (profile, retype): (ProfileInput, Retype),
    input: UserInput,
) -> Result<(), PasswordRefusal> {
    let seen = (&record.person.id, record.person.revision);
    let (cell, permit) = (&call.cell, &call.permit);
    match input.password {
        Some(password) => {
            let written = (profile, retype);
            cell.update_person_with_password(permit, seen, written, password)
                .await
        }
        None => Ok(cell.retype_person(permit, seen, profile, retype).await?),
    }
}

/// The person again: by id, since the login by which the path names them may have changed.
pub(crate) async fn reload(call: &Call, record: &PersonRecord) -> Result<PersonRecord, ApiError> {
    let reader = call.reader()?;
    let id = record.person.id.as_str();
    Ok(call.cell.find_person(&reader, id).await?)
}
