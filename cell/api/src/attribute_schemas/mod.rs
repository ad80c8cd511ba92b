//! What groups have beyond name and description, and people in an app beyond their profile: schemas in the manner of that of
//! people. What is built in is shown and cannot be changed.

pub(crate) mod described;
pub mod render;

use crate::apps::load_app;
use crate::attribute_schemas::render::{Frame, render_schema};
use crate::call::Call;
use crate::error::ApiError;
use crate::limits::CHANGE_ATTEMPTS_MAX;
use crate::org;
use crate::reply::Reply;
use crate::user_schema::input::{parse_changes, plan_schema};
use crate::user_schema::refused;
use identity::fault::Refusal;
use identity::org::settings::ProfileAttribute;

/// `GET /api/v1/meta/schemas/group/default`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show_of_groups(call: Call) -> Result<Reply, ApiError> {
    show(&call, &frame_of_groups(&call).await?).await
}

/// `POST /api/v1/meta/schemas/group/default`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn update_of_groups(call: Call) -> Result<Reply, ApiError> {
    update(&call, &frame_of_groups(&call).await?).await
}

/// `GET /api/v1/meta/schemas/apps/{id}/default`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show_of_app(call: Call) -> Result<Reply, ApiError> {
    show(&call, &frame_of_app(&call).await?).await
}

/// `POST /api/v1/meta/schemas/apps/{id}/default`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn update_of_app(call: Call) -> Result<Reply, ApiError> {
    update(&call, &frame_of_app(&call).await?).await
}

async fn frame_of_groups(call: &Call) -> Result<Frame, ApiError> {
    let org = org::load(call).await?;
    Ok(Frame::of_groups(call, org.created_at))
}

async fn frame_of_app(call: &Call) -> Result<Frame, ApiError> {
    let app = load_app(call).await?;
    Ok(Frame::of_app(call, &app))
}

async fn show(call: &Call, frame: &Frame) -> Result<Reply, ApiError> {
    let reader = call.reader()?;
    let schema = call.cell.attribute_schema(&reader, &frame.owner).await?;
    Ok(Reply::of(render_schema(frame, &schema)))
}

/// Attributes that are named are added or changed, those that are `null` removed.
async fn update(call: &Call, frame: &Frame) -> Result<Reply, ApiError> {
    let changes = parse_changes(call.json()?, frame.base())?;
    // Nobody has pages of their own where these would be seen.
    let new = ProfileAttribute {
        self_hidden: true,
        ..ProfileAttribute::default()
    };
    let reader = call.reader()?;
    for _ in 0..CHANGE_ATTEMPTS_MAX {
        let seen = call.cell.attribute_schema(&reader, &frame.owner).await?;
        let planned = plan_schema(&seen.attributes, &changes, &new)?;
        if planned == seen.attributes {
            return Ok(Reply::of(render_schema(frame, &seen)));
        }
        let put = call
            .cell
            .put_attribute_schema(&call.permit, &frame.owner, seen, planned);
        match put.await {
            Ok(()) => return show(call, frame).await,
            Err(Refusal::Changed) => {}
            Err(refusal) => return Err(refused(refusal)),
        }
    }
    Err(Refusal::Changed.into())
}
