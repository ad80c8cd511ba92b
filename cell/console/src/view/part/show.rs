//! Things that show a state: badges, banners, empty states, figures, initials.

use super::{Icon, initials};
use crate::view::shell::Shell;
use askama::Template;

/// The weight of a message or a state. Colour is never its only sign: an icon or a word always stands beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Neither good nor bad.
    #[default]
    Plain,
    /// Worth knowing.
    Info,
    /// As it should be.
    Ok,
    /// Needs a look.
    Warn,
    /// Wrong.
    Bad,
}

impl Tone {
    /// The class that carries the tone.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match self {
            Tone::Plain => "is-plain",
            Tone::Info => "is-info",
            Tone::Ok => "is-ok",
            Tone::Warn => "is-warn",
            Tone::Bad => "is-bad",
        }
    }

    /// The picture that says the same.
    #[must_use]
    pub fn icon(&self) -> Icon {
        match self {
            Tone::Plain | Tone::Info => Icon::Info,
            Tone::Ok => Icon::Check,
            Tone::Warn | Tone::Bad => Icon::Warning,
        }
    }
}

/// A word that names a state. See [`badge`].
#[derive(Clone, Debug, Template)]
#[template(
    source = "<span class=\"badge {{ tone.class() }}\">{{ text }}</span>",
    ext = "html"
)]
pub struct Badge<'a> {
    text: &'a str,
    tone: Tone,
}

impl askama::filters::HtmlSafe for Badge<'_> {}

/// A word that names a state.
#[must_use]
pub fn badge(text: &str, tone: Tone) -> Badge<'_> {
    Badge { text, tone }
}

/// A message above the content it is about. See [`banner`].
#[derive(Clone, Debug, Template)]
#[template(path = "component/banner.html")]
pub struct Banner<'a> {
    text: &'a str,
    tone: Tone,
}

impl askama::filters::HtmlSafe for Banner<'_> {}

/// A message above the content it is about; errors are announced at once, the rest politely.
#[must_use]
pub fn banner(text: &str, tone: Tone) -> Banner<'_> {
    Banner { text, tone }
}

/// What stands where a list would be: a frame of its own on a page, none within a card. See [`empty`].
#[derive(Clone, Debug, Template)]
#[template(path = "component/empty.html")]
pub struct Empty<'a> {
    icon: Icon,
    title: &'a str,
    text: &'a str,
    link: Option<(&'a Shell, &'a str, &'a str)>,
}

impl askama::filters::HtmlSafe for Empty<'_> {}

/// What stands where a list would be.
#[must_use]
pub fn empty<'a>(icon: Icon, title: &'a str, text: &'a str) -> Empty<'a> {
    Empty {
        icon,
        title,
        text,
        link: None,
    }
}

impl<'a> Empty<'a> {
    /// With the link that fills the list; `href` stands after the path prefix.
    #[must_use]
    pub fn link(mut self, shell: &'a Shell, href: &'a str, label: &'a str) -> Empty<'a> {
        self.link = Some((shell, href, label));
        self
    }
}

/// One figure. See [`stat`].
#[derive(Clone, Debug, Template)]
#[template(
    source = "<div class=\"stat\"><dt>{{ label }}</dt><dd>{{ value }}</dd></div>",
    ext = "html"
)]
pub struct Stat<'a> {
    label: &'a str,
    value: &'a str,
}

impl askama::filters::HtmlSafe for Stat<'_> {}

/// One figure with its name; several stand in a `<dl class="stats">`.
#[must_use]
pub fn stat<'a>(label: &'a str, value: &'a str) -> Stat<'a> {
    Stat { label, value }
}

/// Initials on a quiet ground. See [`avatar`] and [`scute`].
#[derive(Clone, Debug, Template)]
#[template(
    source = "<span class=\"{{ shape }} hue-{{ hue }}\" aria-hidden=\"true\">{{ letters }}</span>",
    ext = "html"
)]
pub struct Avatar {
    shape: &'static str,
    hue: u32,
    letters: String,
}

impl askama::filters::HtmlSafe for Avatar {}

/// How many grounds there are for initials.
const HUES: u32 = 8;

/// A person's initials in a circle.
#[must_use]
pub fn avatar(name: &str) -> Avatar {
    Avatar {
        shape: "avatar",
        hue: hue_of(name),
        letters: initials(name),
    }
}

/// An application's initials in a plate of the shell.
#[must_use]
pub fn scute(name: &str) -> Avatar {
    Avatar {
        shape: "scute",
        hue: hue_of(name),
        letters: initials(name),
    }
}

/// The same name has the same ground on every page.
fn hue_of(name: &str) -> u32 {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    (hash ^ (hash >> 15)) % HUES
}
