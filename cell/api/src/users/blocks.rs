//! From where a person cannot sign in at this moment.

use crate::call::Call;
use crate::error::ApiError;
use crate::reply::Reply;
use identity::person::Person;
use identity::person::blocks::Block;
use serde_json::{Value, json};

/// `GET /api/v1/users/{id}/blocks`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let person = call.user("id").await?.person;
    Ok(Reply::of(render_blocks(&call, &person)?))
}

/// The blocks of a person; nothing is read for it.
pub(super) fn render_blocks(call: &Call, person: &Person) -> Result<Value, ApiError> {
    let reader = call.reader()?;
    let block = call.cell.find_block(&reader, person)?;
    Ok(block.into_iter().map(render).collect())
}

fn render(block: Block) -> Value {
    let devices = match block {
        Block::Everywhere => "ANY_DEVICES",
        Block::StrangePlaces => "UNKNOWN_DEVICES",
    };
    json!({ "type": "DEVICE_BASED", "appliesTo": devices })
}
