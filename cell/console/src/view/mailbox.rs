//! The local mailbox: the mail that would have been sent, shown on loopback where no mail server is configured.

use crate::view::part::{self, Moment};
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
}

/// A piece of a message: text, or an address that can be followed.
#[derive(Clone, Debug)]
pub enum MailPiece {
    /// Text, as it is.
    Text(String),
    /// An address of our own.
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

/// Splits a plain-text message into text and those addresses in it that lead to `own`, which is scheme, host and port,
/// perhaps with a path. An address that leads elsewhere stays text: nobody should be led away by what looks like us.
#[must_use]
pub fn split_links(body: &str, own: &str) -> Vec<MailPiece> {
    let mut pieces = Vec::new();
    let (mut text, mut rest) = (String::new(), body);
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
        let (address, after) = from.split_at(length);
        text.push_str(before);
        if leads_to(address, own) {
            if !text.is_empty() {
                pieces.push(MailPiece::Text(std::mem::take(&mut text)));
            }
            pieces.push(MailPiece::Link(address.to_owned()));
        } else {
            text.push_str(address);
        }
        rest = after;
    }
    text.push_str(rest);
    if !text.is_empty() {
        pieces.push(MailPiece::Text(text));
    }
    pieces
}

fn next_link(text: &str) -> Option<usize> {
    [text.find("http://"), text.find("https://")]
        .into_iter()
        .flatten()
        .min()
}

/// Whether an address has the origin of another. Nothing but a path or a query may follow the origin: a browser reads
/// `http://localhost:8080@evil.example` otherwise than it looks.
fn leads_to(address: &str, own: &str) -> bool {
    let origin = match own.split_once("://") {
        Some((scheme, rest)) => {
            let host = rest.split('/').next().unwrap_or_default();
            format!("{scheme}://{host}")
        }
        None => return false,
    };
    address
        .strip_prefix(&origin)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

#[cfg(test)]
mod tests {
    use super::{MailPiece, split_links};

    #[test]
    fn own_addresses_become_links_and_nothing_is_lost() {
        let body = "Open http://localhost:8080/reset?token=a-b_c.\nOr <https://example.com/x>, or javascript:alert(1), \
                    http://localhost:8080@evil.example/, http://localhost:80801/, https://localhost:8080/, \
                    http://localhost:8080.evil.example/";
        let pieces = split_links(body, "http://localhost:8080/t/acme");
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
        assert_eq!(links, ["http://localhost:8080/reset?token=a-b_c"]);
    }
}
