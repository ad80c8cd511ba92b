//! What lies where a part of a fleet is to have its data. A folder that is misspelt, another part's, or somebody's own is refused
//! before anything in it is touched: a part that began there would know nothing, and nobody would notice.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::Path;

/// What keeps a part's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The register.
    Control,
    /// The route map, and certificates for clients.
    Edge,
    /// Organisations.
    Cell,
}

impl Part {
    /// Files by which its folder is known. One is enough: a store may be elsewhere, and a map not had yet.
    const fn marks(self) -> &'static [&'static str] {
        match self {
            Self::Control => &["register.db", "route.key", "control.lock"],
            Self::Edge => &["edge.lock", "routes.map", "tls"],
            Self::Cell => &["FORMAT", "cell.json"],
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Control => "the control plane",
            Self::Edge => "an edge",
            Self::Cell => "a cell",
        })
    }
}

/// Whether a part may begin anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// Its data must be there.
    Goes,
    /// Whoever starts it says that it is new.
    MayBeNew,
}

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Premises {
    /// Nothing, or a folder with nothing in it.
    Bare,
    /// What a part of that kind has left there.
    Kept,
    /// A folder with something else, and one thing in it.
    Foreign(String),
    /// Something that cannot be looked into.
    Shut(ErrorKind),
}

/// Looks what is there. Nothing is touched.
pub fn load_premises(part: Part, data: &Path) -> Premises {
    let names = match list(data) {
        Ok(names) => names,
        Err(error) if error.kind() == ErrorKind::NotFound => return Premises::Bare,
        Err(error) => return Premises::Shut(error.kind()),
    };
    let is_mark = |name: &String| part.marks().contains(&name.as_str());
    // A start that was interrupted leaves a lock, and the first half of a file.
    let is_remnant = |name: &&String| *name == "lock" || name.ends_with(".new");
    match names.iter().find(|name| !is_remnant(name)) {
        _ if names.iter().any(is_mark) => Premises::Kept,
        None => Premises::Bare,
        Some(name) => Premises::Foreign(name.clone()),
    }
}

fn list(data: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(data)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Whether a part may use what is there.
///
/// # Errors
/// What is wrong with `--data`, and what to do.
pub fn decide_premises(
    part: Part,
    data: &Path,
    found: &Premises,
    beginning: Beginning,
) -> Result<(), String> {
    let path = data.display();
    match (found, beginning) {
        (Premises::Kept, _) | (Premises::Bare, Beginning::MayBeNew) => Ok(()),
        (Premises::Bare, Beginning::Goes) => Err(format!(
            "--data: there is no data of {part} in {path}; name the folder where it is, or say --new if it shall begin there with \
             nothing"
        )),
        (Premises::Foreign(other), _) => Err(format!(
            "--data: {path} holds something else than the data of {part} (among it {other:?}); name the folder of {part}, or an \
             empty one with --new"
        )),
        // What the system says of it is told in words when it is opened.
        (Premises::Shut(_), _) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Beginning, Part, Premises, decide_premises, load_premises};
    use std::fs;
    use std::io::ErrorKind;
    use std::path::Path;

    #[test]
    fn a_part_begins_with_nothing_only_where_it_is_said_so() {
        use Beginning::{Goes, MayBeNew};
        let foreign = Premises::Foreign(String::from("letter.txt"));
        let table = [
            (Premises::Bare, Goes, Some("say --new")),
            (Premises::Bare, MayBeNew, None),
            (Premises::Kept, Goes, None),
            (Premises::Kept, MayBeNew, None),
            (foreign.clone(), Goes, Some("among it \"letter.txt\"")),
            (foreign, MayBeNew, Some("something else")),
            (Premises::Shut(ErrorKind::NotADirectory), Goes, None),
        ];
        for (found, beginning, part) in table {
            let verdict = decide_premises(Part::Edge, Path::new("/data"), &found, beginning);
            match part {
                None => assert_eq!(verdict, Ok(()), "{found:?}"),
                Some(part) => {
                    let said = verdict.unwrap_err();
                    assert!(said.contains(part) && said.contains("/data"), "{said}");
                }
            }
        }
    }

    #[test]
    fn whose_a_folder_is_is_seen_by_what_lies_there() {
        let parent = tempfile::tempdir().unwrap();
        let at = |name: &str| parent.path().join(name);
        for (folder, files) in [
            ("empty", &[][..]),
            ("begun", &["lock", "FORMAT.new"]),
            ("control", &["route.key", "control.lock"]),
            ("edge", &["edge.lock", "take-over.sock"]),
            ("cell", &["FORMAT", "root.key", "lock"]),
            ("home", &["letter.txt"]),
        ] {
            fs::create_dir(at(folder)).unwrap();
            for file in files {
                fs::write(at(folder).join(file), "").unwrap();
            }
        }
        let kept = |folder: &str| {
            [Part::Control, Part::Edge, Part::Cell]
                .map(|part| load_premises(part, &at(folder)) == Premises::Kept)
        };
        assert_eq!(kept("control"), [true, false, false]);
        assert_eq!(kept("edge"), [false, true, false]);
        assert_eq!(kept("cell"), [false, false, true]);
        for bare in ["empty", "begun", "nowhere"] {
            assert_eq!(
                load_premises(Part::Cell, &at(bare)),
                Premises::Bare,
                "{bare}"
            );
        }
        let other = load_premises(Part::Edge, &at("control"));
        assert_eq!(other, Premises::Foreign(String::from("control.lock")));
        let file = load_premises(Part::Cell, &at("home/letter.txt"));
        assert_eq!(file, Premises::Shut(ErrorKind::NotADirectory));
    }
}
