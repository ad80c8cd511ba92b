//! Error pages for people: what happened in plain words, and a reference that finds it in the log.

use crate::text::Text;
use crate::view::part::{Icon, Tone};
use crate::view::shell::Shell;
use askama::Template;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// There is nothing here (or nothing that the reader may see).
    NotFound,
    /// The reader may not do this.
    Forbidden,
    /// The request made no sense; for protocol requests [`ErrorPage::detail`] carries the protocol's words.
    BadRequest,
    /// What was wished for cannot be done now; [`ErrorPage::detail`] says why.
    NotPossible,
    /// A link or a form is too old or was used before.
    Expired,
    /// Too much at once; come back later.
    TooMany,
    /// The policy refused the sign-in.
    Refused,
    /// Nothing is served to where the request comes from.
    Blocked,
    /// Too many names have failed from where the request comes from.
    Threat,
    /// Our own fault.
    Fault,
    /// Out of service for a moment.
    Unavailable,
}

impl ErrorKind {
    fn title(self, t: &'static Text) -> &'static str {
        match self {
            ErrorKind::NotFound => t.trouble.not_found_title,
            ErrorKind::Forbidden => t.trouble.forbidden_title,
            ErrorKind::BadRequest => t.trouble.bad_request_title,
            ErrorKind::NotPossible => t.trouble.not_possible_title,
            ErrorKind::Expired => t.trouble.expired_title,
            ErrorKind::TooMany => t.trouble.too_many_title,
            ErrorKind::Refused => t.trouble.refused_title,
            ErrorKind::Blocked => t.trouble.blocked_title,
            ErrorKind::Threat => t.trouble.threat_title,
            ErrorKind::Fault => t.trouble.fault_title,
            ErrorKind::Unavailable => t.trouble.unavailable_title,
        }
    }

    fn about(self, t: &'static Text) -> &'static str {
        match self {
            ErrorKind::NotFound => t.trouble.not_found_about,
            ErrorKind::Forbidden => t.trouble.forbidden_about,
            ErrorKind::BadRequest => t.trouble.bad_request_about,
            ErrorKind::NotPossible => t.trouble.not_possible_about,
            ErrorKind::Expired => t.trouble.expired_about,
            ErrorKind::TooMany => t.trouble.too_many_about,
            ErrorKind::Refused => t.trouble.refused_about,
            ErrorKind::Blocked => t.trouble.blocked_about,
            ErrorKind::Threat => t.trouble.threat_about,
            ErrorKind::Fault => t.trouble.fault_about,
            ErrorKind::Unavailable => t.trouble.unavailable_about,
        }
    }

    fn tone(self) -> Tone {
        match self {
            ErrorKind::NotFound | ErrorKind::Expired => Tone::Plain,
            ErrorKind::TooMany
            | ErrorKind::Unavailable
            | ErrorKind::Refused
            | ErrorKind::Blocked
            | ErrorKind::Threat
            | ErrorKind::NotPossible
            | ErrorKind::Forbidden => Tone::Warn,
            ErrorKind::BadRequest | ErrorKind::Fault => Tone::Bad,
        }
    }

    fn icon(self) -> Icon {
        match self {
            ErrorKind::NotFound => Icon::Search,
            ErrorKind::Forbidden | ErrorKind::Refused | ErrorKind::Blocked | ErrorKind::Threat => {
                Icon::Lock
            }
            ErrorKind::Expired | ErrorKind::TooMany | ErrorKind::Unavailable => Icon::Timer,
            ErrorKind::BadRequest | ErrorKind::NotPossible | ErrorKind::Fault => Icon::Warning,
        }
    }
}

/// An error page.
#[derive(Debug, Template)]
#[template(path = "signin/error.html")]
pub struct ErrorPage {
    /// The frame.
    pub shell: Shell,
    /// What went wrong.
    pub kind: ErrorKind,
    /// The protocol's words, such as `invalid_request: redirect_uri is missing`, or empty.
    pub detail: String,
    /// What finds this in the log.
    pub reference: String,
    /// Where to go on, after the path prefix, or none.
    pub back: Option<String>,
}
