//! Programs of the system: looked for, and installed by Debian's installer when we are root on Debian.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::bail;

use crate::command::{Call, find_program};
use crate::report;

/// The oldest Node.js that the npm clients run on.
const NODE_MAJOR_MIN: u32 = 20;
/// Where Debian keeps the servers of PostgreSQL, one folder a version.
const POSTGRES_VERSIONS: &str = "/usr/lib/postgresql";
/// The programs of a server; all of one version, so all from one folder.
const POSTGRES_PROGRAMS: &[&str] = &["initdb", "pg_ctl", "postgres", "psql"];
/// The browser under the names that it is installed by.
const CHROMIUM_NAMES: &[&str] = &[
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];
/// Where Debian keeps programs that need not be on everybody's path.
const SYSTEM_PROGRAMS: &str = "/usr/sbin";
/// The longest that Debian's installer may take.
const INSTALL_MAX: Duration = Duration::from_secs(15 * 60);

/// The programs of the system that the tests name by path.
#[derive(Debug)]
pub struct System {
    /// The folder of PostgreSQL's programs.
    pub postgres_folder: PathBuf,
    /// The browser.
    pub chromium: PathBuf,
    /// The proxy.
    pub haproxy: PathBuf,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Survey {
    postgres_folder: Option<PathBuf>,
    chromium: Option<PathBuf>,
    haproxy: Option<PathBuf>,
    pebble: Presence,
    node: Presence,
    python: Presence,
    cpp_compiler: Presence,
}

/// Whether a program that is called by name is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Presence {
    Present,
    #[default]
    Missing,
}

/// One thing to install.
#[derive(Debug, PartialEq, Eq)]
struct Lack {
    what: &'static str,
    debian_packages: &'static [&'static str],
}

/// Finds what is there and installs what is not.
pub fn provide() -> anyhow::Result<System> {
    let mut survey = survey();
    let lacks = plan_lacks(&survey);
    if !lacks.is_empty() {
        if !may_install() {
            bail!("{}", render_request(&lacks));
        }
        install(&lacks)?;
        survey = self::survey();
    }
    match (
        plan_lacks(&survey).as_slice(),
        survey.postgres_folder,
        survey.chromium,
        survey.haproxy,
    ) {
        ([], Some(postgres_folder), Some(chromium), Some(haproxy)) => Ok(System {
            postgres_folder,
            chromium,
            haproxy,
        }),
        (lacks, _, _, _) => bail!(
            "Debian's packages did not bring everything. {}",
            render_request(lacks)
        ),
    }
}

fn survey() -> Survey {
    Survey {
        postgres_folder: find_postgres(),
        chromium: CHROMIUM_NAMES
            .iter()
            .find_map(|name| find_program(name, &[])),
        haproxy: find_program("haproxy", &[PathBuf::from(SYSTEM_PROGRAMS)]),
        pebble: presence(has_pebble()),
        node: presence(has_node()),
        python: presence(
            Call::new("python3")
                .args(["-c", "import venv, ensurepip"])
                .succeeds(),
        ),
        cpp_compiler: presence(find_program("c++", &[]).is_some()),
    }
}

fn presence(found: bool) -> Presence {
    if found {
        Presence::Present
    } else {
        Presence::Missing
    }
}

/// The server and the name server that goes with it.
fn has_pebble() -> bool {
    ["pebble", "pebble-challtestsrv"]
        .iter()
        .all(|name| find_program(name, &[]).is_some())
}

fn has_node() -> bool {
    let version = find_program("node", &[])
        .and_then(|node| Call::new(node).args(["--version"]).capture().ok());
    let new_enough = version
        .as_deref()
        .and_then(parse_node_major)
        .is_some_and(|major| major >= NODE_MAJOR_MIN);
    new_enough && find_program("npm", &[]).is_some()
}

/// `v20.20.2` is 20.
fn parse_node_major(version: &str) -> Option<u32> {
    version
        .trim()
        .strip_prefix('v')?
        .split('.')
        .next()?
        .parse()
        .ok()
}

/// The newest server of PostgreSQL, in Debian's place or on the path.
fn find_postgres() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir(POSTGRES_VERSIONS)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_string_lossy().parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort();
    let on_path =
        find_program("postgres", &[]).and_then(|program| Some(program.parent()?.to_path_buf()));
    versions
        .into_iter()
        .rev()
        .map(|(_, folder)| folder)
        .chain(on_path)
        .find(|folder| {
            POSTGRES_PROGRAMS
                .iter()
                .all(|name| folder.join(name).is_file())
        })
}

fn plan_lacks(survey: &Survey) -> Vec<Lack> {
    let wanted: [(bool, &'static str, &'static [&'static str]); 7] = [
        (
            survey.postgres_folder.is_some(),
            "the server of PostgreSQL (`initdb`, `pg_ctl`, `postgres`, `psql` in one folder)",
            &["postgresql"],
        ),
        (
            survey.chromium.is_some(),
            "Chromium",
            &["chromium", "fonts-liberation"],
        ),
        (survey.haproxy.is_some(), "HAProxy", &["haproxy"]),
        (
            survey.pebble == Presence::Present,
            "Pebble, the test server of ACME",
            &["pebble"],
        ),
        (
            survey.node == Presence::Present,
            "Node.js 20 or newer, with npm",
            &["nodejs", "npm"],
        ),
        (
            survey.python == Presence::Present,
            "Python 3 with venv",
            &["python3", "python3-venv"],
        ),
        (
            survey.cpp_compiler == Presence::Present,
            "a C++ compiler (for the fuzz engine)",
            &["g++"],
        ),
    ];
    wanted
        .into_iter()
        .filter(|(found, _, _)| !found)
        .map(|(_, what, debian_packages)| Lack {
            what,
            debian_packages,
        })
        .collect()
}

fn packages(lacks: &[Lack]) -> Vec<&'static str> {
    lacks
        .iter()
        .flat_map(|lack| lack.debian_packages)
        .copied()
        .collect()
}

/// What a person must do, in words and as a command.
fn render_request(lacks: &[Lack]) -> String {
    let what: Vec<&str> = lacks.iter().map(|lack| lack.what).collect();
    format!(
        "the tests need {}. On Debian, as root: apt-get install {}",
        what.join("; "),
        packages(lacks).join(" ")
    )
}

fn may_install() -> bool {
    let is_root = Call::new("id")
        .args(["-u"])
        .capture()
        .is_ok_and(|id| id.trim() == "0");
    is_root && Path::new("/etc/debian_version").exists() && find_program("apt-get", &[]).is_some()
}

fn install(lacks: &[Lack]) -> anyhow::Result<()> {
    let packages = packages(lacks);
    report::line(&format!("installing {}", packages.join(" ")));
    installer().args(["-q", "update"]).stream(INSTALL_MAX)?;
    installer()
        .args(["-q", "install", "-y", "--no-install-recommends"])
        .args(packages)
        .stream(INSTALL_MAX)
}

fn installer() -> Call {
    Call::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete() -> Survey {
        Survey {
            postgres_folder: Some(PathBuf::from("/usr/lib/postgresql/15/bin")),
            chromium: Some(PathBuf::from("/usr/bin/chromium")),
            haproxy: Some(PathBuf::from("/usr/sbin/haproxy")),
            pebble: Presence::Present,
            node: Presence::Present,
            python: Presence::Present,
            cpp_compiler: Presence::Present,
        }
    }

    #[test]
    fn a_complete_machine_lacks_nothing() {
        assert_eq!(plan_lacks(&complete()), Vec::new());
    }

    #[test]
    fn what_is_missing_is_asked_for_by_name_and_by_command() {
        let survey = Survey {
            chromium: None,
            node: Presence::Missing,
            ..complete()
        };
        assert_eq!(
            render_request(&plan_lacks(&survey)),
            "the tests need Chromium; Node.js 20 or newer, with npm. On Debian, as root: apt-get install chromium fonts-liberation nodejs npm"
        );
        assert_eq!(plan_lacks(&Survey::default()).len(), 7);
    }

    #[test]
    fn the_version_of_node_is_read() {
        assert_eq!(parse_node_major("v20.20.2\n"), Some(20));
        assert_eq!(parse_node_major("v8"), Some(8));
        assert_eq!(parse_node_major("20.1"), None);
        assert_eq!(parse_node_major(""), None);
    }
}
