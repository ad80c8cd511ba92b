//! Tests of the whole cell: every route, called by everybody.

mod behaviors;
mod blocked;
mod closed_store;
mod console_attributes;
mod console_directory;
mod console_forms;
mod console_pages;
mod console_people;
mod console_person;
mod console_resting;
mod console_sign_on;
mod console_stale;
mod console_types;
mod cors;
mod event_hooks;
mod hook_tokens;
mod inline_hooks;
mod log_streams;
mod log_words;
pub(crate) mod matrix;
pub(crate) mod one_org;
mod provider_sign_in;
mod provisioning;
mod receiver;
mod released_steps;
mod two_answers;
pub(crate) mod two_orgs;
