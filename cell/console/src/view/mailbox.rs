//! The local mailbox: the mail that would have been sent, shown on loopback where no mail server is configured.

use crate::view::part::{self, Moment, Pager};
use crate::view::shell::Shell;
use askama::Template;

/// One message in the list.
#[derive(Clone, Debug)]
pub struct MailRow {
    /// Its address, after the path prefix.
    pub href: String,
    /// To whom.
    pub to: String,
    /// About what.
    pub subject: String,
    /// When.
    pub at: Moment,
}

/// The list of messages.
#[derive(Debug, Template)]
#[template(path = "signin/mailbox.html")]
pub struct MailboxPage {
    /// The frame.
    pub shell: Shell,
    /// The newest first.
    pub rows: Vec<MailRow>,
    /// Its neighbours.
    pub pager: Pager,
}

/// A piece of a message: text, or an address that can be followed.
#[derive(Clone, Debug)]
pub enum MailPiece {
    /// Text, as it is.
    Text(String),
    /// An address; only `http` and `https` ones may be given.
    Link(String),
}

/// One message.
#[derive(Debug, Template)]
#[template(path = "signin/mail.html")]
pub struct MailPage {
    /// The frame.
    pub shell: Shell,
    /// Where the list is, after the path prefix.
    pub list_href: String,
    /// From whom.
    pub from: String,
    /// To whom.
    pub to: String,
    /// About what.
    pub subject: String,
    /// When.
    pub at: Moment,
    /// What it says. See [`split_links`].
    pub pieces: Vec<MailPiece>,
}

/// Splits a plain-text message into text and the addresses in it.
#[must_use]
pub fn split_links(body: &str) -> Vec<MailPiece> {
    let mut pieces = Vec::new();
    let mut rest = body;
    while let Some(start) = next_link(rest) {
        let (before, from) = rest.split_at(start);
        let end = from
            .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"'))
            .unwrap_or(from.len());
        let length = from
            .split_at(end)
            .0
            .trim_end_matches(['.', ',', ')', ';'])
            .len();
        let (link, after) = from.split_at(length);
        if !before.is_empty() {
            pieces.push(MailPiece::Text(before.to_owned()));
        }
        pieces.push(MailPiece::Link(link.to_owned()));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(MailPiece::Text(rest.to_owned()));
    }
    pieces
}

fn next_link(text: &str) -> Option<usize> {
    [text.find("http://"), text.find("https://")]
        .into_iter()
        .flatten()
        .min()
}

#[cfg(test)]
mod tests {
    use super::{MailPiece, split_links};

    #[test]
    fn addresses_become_links_and_nothing_is_lost() {
        let body = "Open http://localhost:8080/reset?token=a-b_c.\nOr <https://example.com/x>, or javascript:alert(1)";
        let pieces = split_links(body);
        let whole: String = pieces
            .iter()
            .map(|piece| match piece {
                MailPiece::Text(text) | MailPiece::Link(text) => text.as_str(),
            })
            .collect();
        assert_eq!(whole, body);
        let links: Vec<_> = pieces
            .iter()
            .filter_map(|piece| match piece {
                MailPiece::Link(link) => Some(link.as_str()),
                MailPiece::Text(_) => None,
            })
            .collect();
        assert_eq!(
            links,
            [
                "http://localhost:8080/reset?token=a-b_c",
                "https://example.com/x"
            ]
        );
    }
}
