//! Reads the mail that the program keeps in its data folder when no mail server is configured.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use base64::Engine as _;

use crate::wait;

/// The longest that the outbox may take.
const DELIVERY_MAX: Duration = Duration::from_secs(20);

/// One mail as it was written.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The file.
    pub path: PathBuf,
    /// To whom, as the header has it.
    pub to: String,
    /// What about.
    pub subject: String,
    /// The text, decoded.
    pub text: String,
}

impl Mail {
    /// The first address in the text that contains `part`.
    #[must_use]
    pub fn link(&self, part: &str) -> Option<String> {
        self.text
            .split(|character: char| {
                character.is_whitespace() || matches!(character, '<' | '>' | '"')
            })
            .find(|word| word.starts_with("http") && word.contains(part))
            .map(str::to_owned)
    }

    /// The first run of exactly `digits` digits in the text.
    #[must_use]
    pub fn code(&self, digits: usize) -> Option<String> {
        self.text
            .split(|character: char| !character.is_ascii_digit())
            .find(|word| word.len() == digits)
            .map(str::to_owned)
    }
}

/// All mails so far, oldest first.
///
/// # Errors
/// When the folder cannot be read.
pub fn all(data: &Path) -> anyhow::Result<Vec<Mail>> {
    let folder = data.join("mail");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths: Vec<(std::time::SystemTime, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "eml") {
            paths.push((path.metadata()?.modified()?, path));
        }
    }
    paths.sort();
    paths
        .into_iter()
        .map(|(_, path)| {
            let bytes =
                std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            Ok(parse_mail(path, &String::from_utf8_lossy(&bytes)))
        })
        .collect()
}

/// Waits for a mail to `address` for which `wanted` holds.
///
/// # Errors
/// When none comes.
pub fn wait_for(
    data: &Path,
    address: &str,
    wanted: impl Fn(&Mail) -> bool,
) -> anyhow::Result<Mail> {
    wait::until(&format!("a mail to {address}"), DELIVERY_MAX, || {
        Ok(all(data)?
            .into_iter()
            .rev()
            .find(|mail| mail.to.contains(address) && wanted(mail)))
    })
}

fn parse_mail(path: PathBuf, message: &str) -> Mail {
    let message = message.replace("\r\n", "\n");
    let (head, body) = message.split_once("\n\n").unwrap_or((&message, ""));
    Mail {
        path,
        to: header(head, "To").unwrap_or_default(),
        subject: header(head, "Subject").unwrap_or_default(),
        text: parse_body(head, body),
    }
}

/// A header with its continuation lines joined.
fn header(head: &str, name: &str) -> Option<String> {
    let mut lines = head.lines();
    let first = lines.find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name)
            .then(|| value.trim().to_owned())
    })?;
    Some(
        lines
            .take_while(|line| line.starts_with([' ', '\t']))
            .fold(first, |joined, line| format!("{joined} {}", line.trim())),
    )
}

/// The plain text, whether the mail is one part or several.
fn parse_body(head: &str, body: &str) -> String {
    let kind = header(head, "Content-Type").unwrap_or_default();
    let boundary = kind
        .split(';')
        .filter_map(|part| part.trim().strip_prefix("boundary="))
        .map(|boundary| boundary.trim_matches('"').to_owned())
        .next();
    let Some(boundary) = boundary else {
        return decode(
            &header(head, "Content-Transfer-Encoding").unwrap_or_default(),
            body,
        );
    };
    body.split(&format!("--{boundary}"))
        .filter_map(|part| part.trim_start_matches('\n').split_once("\n\n"))
        .map(|(head, body)| parse_body(head, body))
        .collect::<Vec<String>>()
        .join("\n")
}

fn decode(encoding: &str, body: &str) -> String {
    match encoding.to_ascii_lowercase().as_str() {
        "quoted-printable" => decode_quoted_printable(body),
        "base64" => {
            let packed: String = body.split_whitespace().collect();
            base64::engine::general_purpose::STANDARD
                .decode(packed)
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                .unwrap_or_default()
        }
        _ => body.to_owned(),
    }
}

fn decode_quoted_printable(body: &str) -> String {
    let joined = body.replace("=\n", "");
    let mut bytes = Vec::with_capacity(joined.len());
    let mut pieces = joined.split('=');
    bytes.extend_from_slice(pieces.next().unwrap_or_default().as_bytes());
    for piece in pieces {
        let decoded = piece
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match decoded {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend_from_slice(piece.get(2..).unwrap_or_default().as_bytes());
            }
            None => {
                bytes.push(b'=');
                bytes.extend_from_slice(piece.as_bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_broken_by_quoted_printable_is_whole_again() {
        let message = "To: Ada <ada@example.com>\r\nSubject: Recover\r\n your account\r\n\
            Content-Transfer-Encoding: quoted-printable\r\n\r\nOpen http://localhost:1/reset?tok=\r\nen=3Dabc now.\r\nCode 123456.\r\n";
        let mail = parse_mail(PathBuf::from("a.eml"), message);
        assert_eq!(mail.to, "Ada <ada@example.com>");
        assert_eq!(mail.subject, "Recover your account");
        assert_eq!(
            mail.link("/reset").as_deref(),
            Some("http://localhost:1/reset?token=abc")
        );
        assert_eq!(mail.code(6).as_deref(), Some("123456"));
    }

    #[test]
    fn the_text_of_a_mail_in_parts_is_found() {
        let message = "To: a@example.com\nContent-Type: multipart/alternative; boundary=\"xyz\"\n\n\
            --xyz\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\nSGVsbG8=\n--xyz--\n";
        let mail = parse_mail(PathBuf::from("a.eml"), message);
        assert_eq!(mail.text.trim(), "Hello");
    }
}
