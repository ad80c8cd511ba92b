//! The style page (`/style`): every component in its states, for those who build pages and for those who check them.
//!
//! It shows no data of anybody; its words are examples, in English only.

use crate::view::part::{self, Choice, Icon, Input, Moment, Pager, Tone};
use crate::view::shell::{Place, Shell};
use askama::Template;

/// The style page.
#[derive(Debug, Template)]
#[template(path = "style.html")]
pub struct StylePage {
    /// The frame.
    pub shell: Shell,
    filled: Input,
    wrong: Input,
    empty: Input,
    colour: Input,
    chosen: Input,
    ticked: Input,
    few: Vec<Choice>,
    several: Vec<Choice>,
    pager: Pager,
    moment: Moment,
}

impl StylePage {
    /// The page in a frame.
    #[must_use]
    pub fn new(shell: Shell) -> StylePage {
        StylePage {
            filled: Input::of("ada@example.com"),
            wrong: Input::of("ada@").refused("This is not a complete address."),
            empty: Input::default(),
            colour: Input::of(format!("#{}", shell.brand.accent.hex())),
            chosen: Input::of("groups"),
            ticked: Input::ticked(true),
            few: vec![
                Choice::new("everyone", "Everybody").about("Every active person."),
                Choice::new("groups", "Some groups").about("The members of the groups below."),
            ],
            several: vec![
                Choice::new("a", "Possession").ticked(true),
                Choice::new("b", "Phishing-resistant").about("A passkey."),
            ],
            pager: Pager {
                first: Some("?first".to_owned()),
                next: Some("?next".to_owned()),
            },
            moment: Moment::from_micros(1_795_465_901_000_000),
            shell,
        }
    }

    fn here(&self) -> Place {
        Place::Elsewhere
    }

    fn step_labels() -> [&'static str; 3] {
        ["Kind", "Details", "Ready"]
    }

    /// Several rows of pages, of which one wraps in most windows.
    fn sections(&self) -> part::Sections<'_> {
        let (first, second) = (
            [("General", "#general"), ("Mail", "#mail")],
            [
                ("Passwords", "#passwords"),
                ("Passkeys", "#passkeys"),
                ("Authenticators", "#authenticators"),
                ("Identity providers", "#providers"),
                ("Threats", "#threats"),
            ],
        );
        part::sections("Pages", String::new(), "#mail")
            .group("Organisation", &first)
            .group("Signing in", &second)
    }

    fn icons(&self) -> &'static [(&'static str, Icon)] {
        &Icon::ALL
    }
}
