//! What the operations on schemas of groups, and of the people of apps, read and answer.

use crate::description::{Description, shows};
use crate::user_schema::described::{SCHEMA, SCHEMA_CHANGE};

pub(crate) static SHOW: Description = shows(&SCHEMA);
pub(crate) static UPDATE: Description = shows(&SCHEMA).takes(
    &SCHEMA_CHANGE,
    r#"{"definitions":{"custom":{"properties":{"cost_centre":{"title":"Cost centre","type":"string","maxLength":20}}}}}"#,
);
