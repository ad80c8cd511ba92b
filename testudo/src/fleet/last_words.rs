//! What a process that did not start wrote last: whoever started it is told why, and need not look into a log.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// The end of a log that is looked at.
const TAIL_BYTES_MAX: u64 = 4 * 1024;
/// What the last words of this program begin with.
const MARK: &str = "testudo:";

/// Why a process ended, by what it has written since this place of its log.
pub fn read_last_words(log: &Path, since: u64) -> String {
    let words = read_tail(log, since).ok();
    let words = words.as_deref().and_then(parse_last_words);
    words.unwrap_or_else(|| String::from("it did not say why"))
}

fn read_tail(log: &Path, since: u64) -> io::Result<String> {
    let mut file = File::open(log)?;
    let end = file.metadata()?.len();
    file.seek(SeekFrom::Start(
        since.max(end.saturating_sub(TAIL_BYTES_MAX)),
    ))?;
    let mut tail = Vec::new();
    file.take(TAIL_BYTES_MAX).read_to_end(&mut tail)?;
    Ok(String::from_utf8_lossy(&tail).into_owned())
}

/// From the last line that is said to people; the last line at all, if there is none.
fn parse_last_words(tail: &str) -> Option<String> {
    let lines: Vec<&str> = tail.lines().map(str::trim_end).collect();
    let said = lines.iter().rposition(|line| line.starts_with(MARK));
    let words = match said {
        Some(at) => lines.get(at..)?.join(" "),
        None => lines.iter().rfind(|line| !line.is_empty())?.to_string(),
    };
    let words = words.strip_prefix(MARK).unwrap_or(&words).trim();
    (!words.is_empty()).then(|| words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{parse_last_words, read_last_words};
    use std::path::Path;

    #[test]
    fn the_last_words_are_those_to_people() {
        let table = [
            ("", None),
            ("\n \n", None),
            ("testudo: \n", None),
            ("{\"level\":\"INFO\"}\nboom\n\n", Some("boom")),
            (
                "testudo: old\n{\"level\":\"INFO\"}\ntestudo: cannot listen on 127.0.0.1:80: in use\n  name another one\n",
                Some("cannot listen on 127.0.0.1:80: in use   name another one"),
            ),
        ];
        for (tail, words) in table {
            assert_eq!(parse_last_words(tail).as_deref(), words, "{tail:?}");
        }
        let nowhere = read_last_words(Path::new("/nonexistent/log"), 0);
        assert_eq!(nowhere, "it did not say why");
    }
}
