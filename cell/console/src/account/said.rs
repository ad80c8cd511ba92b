//! What the page after a change says once: a word in a cookie of our own, which no other site can plant as it could a
//! parameter of the address.

use crate::cookie::CookieKind;
use crate::text::Text;
use crate::view::part::Tone;
use crate::view::shell::{Flash, Shell};
use crate::visit::Visit;
use askama::Template;
use axum::response::Response;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Something was saved.
    Saved,
    /// A means of proof was removed.
    Removed,
    /// The password was changed.
    PasswordSaved,
    /// A passkey was added.
    PasskeyAdded,
    /// An authenticator app was connected.
    TotpAdded,
    /// A consent was taken back.
    Revoked,
    /// One session or several were ended.
    SessionsEnded,
    /// Nothing yet: proof was wanted first, and the button has to be pressed again.
    ProveAgain,
}

impl Said {
    const ALL: [Self; 8] = [
        Self::Saved,
        Self::Removed,
        Self::PasswordSaved,
        Self::PasskeyAdded,
        Self::TotpAdded,
        Self::Revoked,
        Self::SessionsEnded,
        Self::ProveAgain,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::Removed => "removed",
            Self::PasswordSaved => "password",
            Self::PasskeyAdded => "passkey",
            Self::TotpAdded => "totp",
            Self::Revoked => "revoked",
            Self::SessionsEnded => "sessions",
            Self::ProveAgain => "again",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|said| said.word() == word)
    }

    const fn flash(self, t: &'static Text) -> (Tone, &'static str) {
        match self {
            Self::Saved => (Tone::Ok, t.words.saved),
            Self::Removed => (Tone::Ok, t.words.removed),
            Self::PasswordSaved => (Tone::Ok, t.words.password_saved),
            Self::PasskeyAdded => (Tone::Ok, t.words.passkey_added),
            Self::TotpAdded => (Tone::Ok, t.words.totp_added),
            Self::Revoked => (Tone::Ok, t.words.revoked),
            Self::SessionsEnded => (Tone::Ok, t.words.sessions_ended),
            Self::ProveAgain => (Tone::Info, t.account.proved_again),
        }
    }
}

/// Sends the browser on to a page that says what was done.
#[must_use]
pub fn go_saying(visit: &Visit, path: &str, said: Said) -> Response {
    visit.with_cookie(visit.go(path), CookieKind::Said, said.word())
}

/// The frame of a page, with what the change before it has to say.
#[must_use]
pub fn shell(visit: &Visit) -> Shell {
    let shell = visit.shell();
    let said = visit
        .cookie(CookieKind::Said)
        .and_then(|word| Said::parse(&word))
        .map(|said| said.flash(shell.t));
    let flash = said.map(|(tone, text)| Flash {
        tone,
        text: text.to_owned(),
    });
    Shell { flash, ..shell }
}

/// The page, which says it once.
#[must_use]
pub fn page(visit: &Visit, page: &impl Template) -> Response {
    let response = visit.page(page);
    if visit.cookie(CookieKind::Said).is_some() {
        visit.without_cookie(response, CookieKind::Said)
    } else {
        response
    }
}

#[cfg(test)]
mod tests {
    use super::Said;

    #[test]
    fn every_word_is_read_back_and_others_say_nothing() {
        for said in Said::ALL {
            assert_eq!(Said::parse(said.word()), Some(said));
        }
        assert_eq!(Said::parse(""), None);
        assert_eq!(Said::parse("<b>"), None);
    }
}
