//! Commands as people are told to type them: with the options that lead to the same fleet, at the address that it had.

use crate::fleet::folder::load_origin;
use crate::options::fleet::FLEET_FOLDER;
use std::path::Path;

/// Where people reach a fleet that was started without a word about it.
const ORIGIN: &str = "http://localhost:8080";

/// The options by which a command finds the fleet of a folder, with a space before them.
#[must_use]
pub fn at(data: &Path) -> String {
    let bare = FLEET_FOLDER.trim_start_matches("./");
    if data == Path::new(FLEET_FOLDER) || data == Path::new(bare) {
        return String::new();
    }
    format!(" --data {}", quote(&data.display().to_string()))
}

/// The options by which a fleet has the address that it had, with a space before them.
#[must_use]
pub fn at_address(origin: &str) -> String {
    if origin == ORIGIN {
        return String::new();
    }
    let tls = match origin.starts_with("https:") {
        true => " --tls local",
        false => "",
    };
    let port = origin.rsplit(':').next().unwrap_or_default();
    format!(" --listen 127.0.0.1:{port}{tls}")
}

/// How the fleet of a folder is started as it was.
#[must_use]
pub fn up(data: &Path) -> String {
    let address = load_origin(data).map(|origin| at_address(&origin));
    format!(
        "testudo fleet up{}{}",
        at(data),
        address.unwrap_or_default()
    )
}

/// A word as a shell reads it.
fn quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::{at, at_address, up};
    use crate::fleet::folder::keep_origin;
    use std::path::Path;

    #[test]
    fn a_command_leads_to_the_same_fleet() {
        for (data, options) in [
            ("./testudo-fleet", ""),
            ("testudo-fleet", ""),
            ("f2", " --data f2"),
            ("/srv/my fleet", " --data '/srv/my fleet'"),
            ("it's", r" --data 'it'\''s'"),
        ] {
            assert_eq!(at(Path::new(data)), options);
        }
        for (origin, options) in [
            ("http://localhost:8080", ""),
            ("http://localhost:18080", " --listen 127.0.0.1:18080"),
            (
                "https://localhost:8080",
                " --listen 127.0.0.1:8080 --tls local",
            ),
        ] {
            assert_eq!(at_address(origin), options);
        }
        let folder = tempfile::tempdir().unwrap();
        let data = at(folder.path());
        assert_eq!(up(folder.path()), format!("testudo fleet up{data}"));
        keep_origin(folder.path(), "https://localhost:1").unwrap();
        let said = up(folder.path());
        let whole = format!("testudo fleet up{data} --listen 127.0.0.1:1 --tls local");
        assert_eq!(said, whole);
    }
}
