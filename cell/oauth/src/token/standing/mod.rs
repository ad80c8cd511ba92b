//! What the end of a person's access token depends on, read in one go each time that the token is shown.

pub mod store;
