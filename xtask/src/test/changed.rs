//! Which crates an edit touched: what git sees as changed since the last commit, or in it when nothing is.

use std::collections::BTreeSet;

use crate::command::Call;
use crate::workspace::Workspace;

/// The names of the members with a changed file.
pub fn load_changed(workspace: &Workspace) -> anyhow::Result<BTreeSet<String>> {
    let edited = git(
        workspace,
        &[
            "status",
            "--porcelain=v1",
            "-z",
            "--untracked-files=all",
            "--no-renames",
        ],
    )?;
    let mut files: Vec<String> = edited
        .split('\0')
        .filter_map(|entry| entry.get(3..))
        .map(str::to_owned)
        .collect();
    if files.is_empty() {
        let committed = git(
            workspace,
            &["show", "--format=", "--name-only", "-z", "HEAD"],
        )?;
        files = committed.split('\0').map(str::to_owned).collect();
    }
    let folders: Vec<(String, String)> = workspace
        .packages
        .iter()
        .map(|package| (package.name.clone(), workspace.folder_of(package)))
        .collect();
    Ok(decide_changed(&files, &folders))
}

fn git(workspace: &Workspace, arguments: &[&str]) -> anyhow::Result<String> {
    Call::new("git")
        .args(arguments.iter().copied())
        .dir(&workspace.root)
        .capture()
}

fn decide_changed(files: &[String], folders: &[(String, String)]) -> BTreeSet<String> {
    folders
        .iter()
        .filter(|(_, folder)| {
            files.iter().any(|file| {
                file.strip_prefix(folder.as_str())
                    .is_some_and(|rest| rest.starts_with('/'))
            })
        })
        .map(|(name, _)| name.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_has_changed_when_a_file_below_it_has() {
        let folders = [
            ("keys".to_owned(), "cell/keys".to_owned()),
            ("oauth".to_owned(), "cell/oauth".to_owned()),
        ];
        let files = [
            "cell/keys/src/seal.rs".to_owned(),
            "cell/oauth-notes.md".to_owned(),
            "README.md".to_owned(),
        ];
        assert_eq!(
            decide_changed(&files, &folders),
            BTreeSet::from(["keys".to_owned()])
        );
    }
}
