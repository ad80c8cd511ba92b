//! Provisioning of apps: the connection to the SCIM server of an app, what is done there, which groups are pushed, and, beside the interface
//! of the field, what waits, what went wrong, what was sent, what would be sent, and imports.

pub mod accounts;
pub mod connection;
pub(crate) mod described;
pub mod features;
pub mod imports;
pub mod plan;
pub mod pushes;
pub mod requests;

use crate::apps::load_app;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use identity::app::App;
use identity::fault::Refusal;
use identity::provisioning::Connection;

/// The reasons of the domain in the words of the wire.
pub(crate) fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::WrongState(why) => ApiError::invalid("status", why),
        other => other.into(),
    }
}

/// Why nothing can be done with an app that has no connection.
pub(crate) fn not_set_up() -> ApiError {
    ApiError::invalid("connection", "provisioning is not set up for this app")
}

/// The app of a call, with its connection.
///
/// # Errors
/// [`ApiError`] if this org has no such app, or it has no connection.
pub(crate) async fn load(call: &Call) -> Result<(App, Connection), ApiError> {
    let app = load_app(call).await?;
    let connection = call.cell.find_connection(&call.permit, &app.id).await?;
    Ok((app, connection.ok_or_else(not_set_up)?))
}

/// The address of what stands below an app.
pub(crate) fn href(call: &Call, app: &App, rest: &str) -> String {
    call.href(&format!("/api/v1/apps/{}{rest}", app.id))
}

/// Something of an app that is not there.
pub(crate) fn missing(call: &Call, thing: Thing, parameter: &str) -> ApiError {
    ApiError::not_found(thing, call.parameter(parameter))
}
