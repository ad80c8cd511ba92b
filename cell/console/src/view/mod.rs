//! The pages: one plain struct per page, rendered by its template.
//!
//! A handler fills a struct with data that the reader may already see and calls `render()` (from `askama::Template`).
//! Nothing here reads a database, decides a permission or knows an id type: strings, lists and small enums only.
//! Fields of a form carry an [`part::Input`] each: the value to show again and the error to show beside it. Every form
//! posts `csrf`; the other field names stand on the struct of the page.

pub mod account;
pub mod admin;
pub mod apps;
pub mod colour;
pub mod mailbox;
pub mod part;
pub mod reference;
pub mod row;
pub mod shell;
pub mod signin;
pub mod trouble;

#[cfg(test)]
mod check;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
