//! The local mailbox: mail that is kept in the data folder because no mail server is configured, shown to a browser on
//! this very machine and to nobody else. Whoever sees it can open every account.

use crate::config::ProxyMode;
use axum::Extension;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use console::view::mailbox::{MailPage, MailRow, MailboxPage, split_links};
use console::view::part::Moment;
use console::view::trouble::ErrorKind;
use console::visit::{MAILBOX_PATH, Visit};
use std::cmp::Reverse;
use std::io::{self, Read as _};
use std::net::IpAddr;
use std::path::{Path as FilePath, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use vocab::id::OutboxId;
use wire::placement::LOCAL_HEADER;

/// Most messages that are listed, the newest ones.
const ROWS_MAX: usize = 100;
/// Most files of the folder that are looked at.
const FILES_MAX: usize = 20_000;
/// Most bytes of a message that are read.
const MAIL_BYTES_MAX: u64 = 256 * 1024;
/// What a proxy adds to a request: then the peer is the proxy, and who asks is somebody else.
const FORWARDING: [&str; 6] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "via",
];

/// The folder, as an extension of those requests that may see what is in it.
#[derive(Debug, Clone)]
pub struct MailFolder(pub PathBuf);

/// Whether a request may see the local mailbox: it comes from this machine, directly, or an edge says so.
#[must_use]
pub fn decide_mailbox(proxy: ProxyMode, peer: Option<IpAddr>, headers: &HeaderMap) -> bool {
    match proxy {
        ProxyMode::None => {
            peer.is_some_and(|peer| peer.to_canonical().is_loopback())
                && !FORWARDING.iter().any(|name| headers.contains_key(*name))
        }
        ProxyMode::TerminatesTls => false,
        ProxyMode::FleetEdge => headers.contains_key(LOCAL_HEADER),
    }
}

/// A message as it is read from its file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct KeptMail {
    from: String,
    to: String,
    subject: String,
    text: String,
}

/// A file of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
struct KeptFile {
    id: OutboxId,
    written: SystemTime,
}

/// `GET /mailbox`.
pub async fn list(folder: Option<Extension<MailFolder>>, visit: Visit) -> Response {
    let Some(Extension(MailFolder(folder))) = folder else {
        return absent(&visit);
    };
    let rows = read_in_background(move || load_rows(&folder)).await;
    match rows {
        Ok(rows) => visit.page(&MailboxPage {
            shell: visit.gate_shell(),
            rows,
        }),
        Err(error) => failed(&visit, &error),
    }
}

/// `GET /mailbox/{id}`.
pub async fn show(
    folder: Option<Extension<MailFolder>>,
    Path(id): Path<String>,
    visit: Visit,
) -> Response {
    let (Some(Extension(MailFolder(folder))), Ok(id)) = (folder, OutboxId::parse(&id)) else {
        return absent(&visit);
    };
    let read = read_in_background(move || load_mail(&folder, &id)).await;
    match read {
        Ok((mail, written)) => visit.page(&MailPage {
            shell: visit.gate_shell(),
            list_href: MAILBOX_PATH.to_owned(),
            from: mail.from,
            to: mail.to,
            subject: mail.subject,
            at: moment(written),
            pieces: split_links(&mail.text, &visit.context.base_url),
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => absent(&visit),
        Err(error) => failed(&visit, &error),
    }
}

async fn read_in_background<T: Send + 'static>(
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(read)
        .await
        .map_err(io::Error::other)?
}

fn absent(visit: &Visit) -> Response {
    visit.error(StatusCode::NOT_FOUND, ErrorKind::NotFound)
}

fn failed(visit: &Visit, error: &io::Error) -> Response {
    tracing::error!(%error, "mail in the data folder cannot be read");
    visit.error(StatusCode::INTERNAL_SERVER_ERROR, ErrorKind::Fault)
}

fn load_rows(folder: &FilePath) -> io::Result<Vec<MailRow>> {
    let mut rows = Vec::new();
    for file in load_newest(folder)? {
        match load_mail(folder, &file.id) {
            Ok((mail, written)) => rows.push(MailRow {
                href: format!("{MAILBOX_PATH}/{}", file.id),
                to: mail.to,
                subject: mail.subject,
                at: moment(written),
            }),
            // Somebody cleared it away since.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(rows)
}

fn load_newest(folder: &FilePath) -> io::Result<Vec<KeptFile>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)?.take(FILES_MAX) {
        let entry = entry?;
        let name = entry.file_name();
        let id = name.to_str().and_then(|name| name.strip_suffix(".eml"));
        let Some(Ok(id)) = id.map(OutboxId::parse) else {
            continue;
        };
        let written = entry.metadata()?.modified()?;
        files.push(KeptFile { id, written });
    }
    files.sort_by(|a, b| (Reverse(a.written), &a.id).cmp(&(Reverse(b.written), &b.id)));
    files.truncate(ROWS_MAX);
    Ok(files)
}

/// The id is one of ours, so the name leads nowhere but into the folder.
fn load_mail(folder: &FilePath, id: &OutboxId) -> io::Result<(KeptMail, SystemTime)> {
    let file = std::fs::File::open(folder.join(format!("{id}.eml")))?;
    let written = file.metadata()?.modified()?;
    let mut bytes = Vec::new();
    file.take(MAIL_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok((parse_mail(&String::from_utf8_lossy(&bytes)), written))
}

fn moment(at: SystemTime) -> Moment {
    let micros = at
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_micros()).ok());
    Moment::from_micros(micros.unwrap_or_default())
}

/// Reads a message of our own: one part of plain text.
fn parse_mail(raw: &str) -> KeptMail {
    let message = raw.replace("\r\n", "\n");
    let (head, body) = message.split_once("\n\n").unwrap_or((&message, ""));
    let head = head.replace("\n ", " ").replace("\n\t", " ");
    let field = |name: &str| {
        let line = head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        });
        line.unwrap_or_default().to_owned()
    };
    let encoding = field("Content-Transfer-Encoding").to_ascii_lowercase();
    KeptMail {
        from: parse_words(&field("From")),
        to: parse_words(&field("To")),
        subject: parse_words(&field("Subject")),
        text: match encoding.as_str() {
            "base64" => lossy(&parse_base64(body)),
            "quoted-printable" => lossy(&parse_quoted(&body.replace("=\n", ""), false)),
            _ => body.to_owned(),
        },
    }
}

/// Encoded words of a header (RFC 2047); the space between two of them does not count.
fn parse_words(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let mut after_word = false;
    while let Some(start) = rest.find("=?") {
        let (before, from) = rest.split_at(start);
        let Some((word, after)) = parse_word(from) else {
            break;
        };
        if !after_word || !before.trim().is_empty() {
            out.push_str(before);
        }
        out.push_str(&word);
        (rest, after_word) = (after, true);
    }
    out.push_str(rest);
    out
}

/// `=?charset?encoding?text?=` at the beginning, and what follows it.
fn parse_word(text: &str) -> Option<(String, &str)> {
    let mut parts = text.strip_prefix("=?")?.splitn(3, '?');
    let (_, encoding, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let (word, after) = rest.split_once("?=")?;
    let bytes = match encoding {
        "b" | "B" => parse_base64(word),
        "q" | "Q" => parse_quoted(word, true),
        _ => return None,
    };
    Some((lossy(&bytes), after))
}

fn parse_base64(text: &str) -> Vec<u8> {
    let packed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    STANDARD.decode(packed).unwrap_or_default()
}

/// Bytes as `=` and two digits each (RFC 2045 section 6.7); in a header a low line is a space.
fn parse_quoted(text: &str, is_header: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = digits
            .filter(|_| *first == b'=')
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        match byte {
            Some(byte) => {
                out.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                let is_space = is_header && *first == b'_';
                out.push(if is_space { b' ' } else { *first });
                rest = after;
            }
        }
    }
    out
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{ROWS_MAX, decide_mailbox, load_newest, load_rows, parse_mail, parse_words};
    use crate::config::ProxyMode;
    use axum::http::{HeaderMap, HeaderName, HeaderValue};
    use lettre::Message;
    use lettre::message::header::ContentType;
    use std::net::IpAddr;
    use vocab::entropy::SeededEntropy;
    use vocab::id::OutboxId;

    #[test]
    fn only_this_machine_sees_it_and_no_proxy_lends_its_address() {
        let open = |proxy, peer: &str, header: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(name) = header {
                let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
                headers.insert(name, HeaderValue::from_static("127.0.0.1"));
            }
            decide_mailbox(proxy, peer.parse::<IpAddr>().ok(), &headers)
        };
        for here in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(open(ProxyMode::None, here, None), "{here}");
            assert!(!open(ProxyMode::TerminatesTls, here, None), "{here}");
        }
        for elsewhere in ["192.0.2.1", "10.0.0.1", "::2", "::ffff:192.0.2.1", ""] {
            assert!(!open(ProxyMode::None, elsewhere, None), "{elsewhere}");
        }
        for header in ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"] {
            assert!(
                !open(ProxyMode::None, "127.0.0.1", Some(header)),
                "{header}"
            );
        }
    }

    fn compose(subject: &str, text: &str) -> String {
        let message = Message::builder()
            .from("Acme GmbH & Söhne <testudo@example.com>".parse().unwrap())
            .to("ada@example.com".parse().unwrap())
            .subject(subject)
            .header(ContentType::TEXT_PLAIN)
            .body(text.to_owned())
            .unwrap();
        String::from_utf8(message.formatted()).unwrap()
    }

    #[test]
    fn a_mail_is_read_as_it_was_written() {
        let long = "http://localhost:8080/reset?token=abc=def_".repeat(9);
        for text in [
            "Hello Ada,\n\nplain.\n",
            "Grüße, \u{1f422}\n",
            &long,
            "a=3D b\n",
        ] {
            for subject in [
                "Your sign-in code",
                "Schlüssel für Ihr Konto, sehr lang ".repeat(4).trim(),
            ] {
                let mail = parse_mail(&compose(subject, text));
                assert_eq!(mail.subject, subject);
                assert_eq!(mail.text.trim_end(), text.trim_end());
                assert_eq!(mail.to, "ada@example.com");
                assert!(mail.from.contains("Söhne"), "{}", mail.from);
            }
        }
    }

    #[test]
    fn what_is_no_encoded_word_stays() {
        for text in ["", "a =? b", "=?utf-8?x?y?=", "=?utf-8?b?", "1 = 2 ?="] {
            assert_eq!(parse_words(text), text);
        }
        assert_eq!(parse_words("=?utf-8?q?a_b?= =?utf-8?B?Yw==?= d"), "a bc d");
    }

    #[test]
    fn the_newest_are_listed_and_other_files_are_not() {
        let folder = tempfile::TempDir::new().unwrap();
        let entropy = SeededEntropy::new(3);
        for number in 0..ROWS_MAX + 5 {
            let id = OutboxId::generate(&entropy);
            let path = folder.path().join(format!("{id}.eml"));
            std::fs::write(&path, compose(&format!("Mail {number}"), "x")).unwrap();
            let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(number as u64);
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(at).unwrap();
        }
        for other in ["secret.txt", "..eml", "a.eml", "half.eml.tmp"] {
            std::fs::write(folder.path().join(other), "x").unwrap();
        }
        assert_eq!(load_newest(folder.path()).unwrap().len(), ROWS_MAX);
        let rows = load_rows(folder.path()).unwrap();
        assert_eq!(
            rows.first().unwrap().subject,
            format!("Mail {}", ROWS_MAX + 4)
        );
        assert_eq!(rows.last().unwrap().subject, "Mail 5");
    }
}
