//! The components that pages are made of: small builders, each with a template of its own in `templates/component`.
//!
//! A component escapes what it is given and may therefore stand in a page unescaped (`HtmlSafe`). None of them holds
//! text of its own: words come from the catalogue through the caller.

mod action;
mod attribute;
mod field;
mod icon;
mod moment;
mod navigate;
mod qr;
mod show;
mod words;

pub use action::{
    Code, Confirm, CopyField, HiddenField, PostButton, code, confirm, copy_field, post_button,
};
pub use attribute::{AttributeAccess, AttributeField, AttributeKind, TEXT_UNITS_MAX};
pub use field::{Choice, Field, Input};
pub use icon::Icon;
pub use moment::Moment;
pub use navigate::{
    Crumb, Filter, Pager, Sections, Step, StepState, Steps, Tab, TabBar, crumbs, sections, steps,
    tabs,
};
pub use qr::QrPicture;
pub use show::{
    Avatar, Badge, Banner, Empty, Stat, Tone, avatar, badge, banner, empty, scute, stat,
};
pub use words::{count, initials, put};
