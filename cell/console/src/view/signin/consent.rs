//! What a person lets an application do, in the browser and for a device.

use crate::text::Text;
use crate::view::part::{self, HiddenField, Input};
use crate::view::shell::Shell;
use askama::Template;

/// One thing that is asked for.
#[derive(Clone, Debug)]
pub struct ScopeLine {
    /// In the reader's language where the scope is a known one, else the scope's own name.
    pub title: String,
    /// A second line, or empty.
    pub about: String,
}

impl ScopeLine {
    /// A line for a scope: in the reader's words where it is a standard one, else its description, else its name.
    #[must_use]
    pub fn new(t: &'static Text, name: &str, description: &str) -> ScopeLine {
        match (t.scope(name), description) {
            (Some(title), _) => ScopeLine {
                title: title.to_owned(),
                about: String::new(),
            },
            (None, "") => ScopeLine {
                title: name.to_owned(),
                about: String::new(),
            },
            (None, described) => ScopeLine {
                title: described.to_owned(),
                about: name.to_owned(),
            },
        }
    }
}

/// Asks for consent. Posts `decision` (`allow` or `deny`) and [`ConsentPage::hidden`] to [`ConsentPage::action`].
#[derive(Debug, Template)]
#[template(path = "signin/consent.html")]
pub struct ConsentPage {
    /// The frame.
    pub shell: Shell,
    /// The application's name.
    pub app: String,
    /// Who is signed in.
    pub login: String,
    /// What it asks for.
    pub scopes: Vec<ScopeLine>,
    /// The host that the browser goes to next.
    pub target_host: String,
    /// Where the form goes, after the path prefix.
    pub action: String,
    /// What the request carries along.
    pub hidden: Vec<HiddenField>,
}

/// Asks for the code that a device shows (`/device`). Posts `user_code`.
#[derive(Debug, Template)]
#[template(path = "signin/device_code.html")]
pub struct DeviceCodePage {
    /// The frame.
    pub shell: Shell,
    /// The code, perhaps from the address.
    pub user_code: Input,
}

/// Asks whether it is really one's own device (RFC 8628 section 5.4). Posts `decision` (`allow` or `deny`) and
/// `user_code` to `/device/confirm`.
#[derive(Debug, Template)]
#[template(path = "signin/device_confirm.html")]
pub struct DeviceConfirmPage {
    /// The frame.
    pub shell: Shell,
    /// The application's name.
    pub app: String,
    /// Who is signed in.
    pub login: String,
    /// The code, to compare with the device's.
    pub user_code: String,
    /// What the device asks for.
    pub scopes: Vec<ScopeLine>,
    /// The address that the device asked from, or empty.
    pub from_address: String,
}

/// How a device request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the outcome that it names")]
pub enum DeviceOutcome {
    Allowed,
    Denied,
    Expired,
}

/// Sends the person back to the device.
#[derive(Debug, Template)]
#[template(path = "signin/device_done.html")]
pub struct DeviceDonePage {
    /// The frame.
    pub shell: Shell,
    /// How it ended.
    pub outcome: DeviceOutcome,
}
