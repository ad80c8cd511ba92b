//! The pages of one cell, rendered on the server: signing in, my account, my apps, the administration.
//!
//! `view` holds one plain struct per page and its components, `text` every word in every language, `assets` the files
//! that pages link. None of them reads storage or decides a permission.

pub mod account;
pub mod admin;
pub mod assets;
pub mod consent;
pub mod cookie;
pub mod courier;
pub mod dashboard;
pub mod device;
pub mod files;
pub mod reference;
pub mod signin;
pub mod style_page;
pub mod text;
pub mod upload;
pub mod view;
pub mod visit;
