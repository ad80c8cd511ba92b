//! `testudo plan` and `testudo apply`: a declaration against the running server, or against its data folder.

use crate::home::must_be_servers;
use crate::options::{Apply, Output, Plan};
use crate::progress::Shown;
use anyhow::bail;
use server::control::client;
use server::declaration::problem::Unfinished;
use server::declaration::progress::Progress;
use server::declaration::report::{Report, render_text};
use server::declaration::{Mode, load, offline};
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use vocab::secret::Secret;

/// What `plan` ends with when something would change.
const PENDING: u8 = 2;

/// Shows what would change.
///
/// # Errors
/// Whatever keeps the document or the data from being read, with what to do.
pub async fn plan(plan: Plan) -> anyhow::Result<ExitCode> {
    let Plan {
        file,
        store,
        output,
    } = plan;
    must_be_servers(&store.data, "plan")?;
    let declaration = load(&file)?;
    let progress = Progress::default();
    let shown = Shown::start(&progress);
    let answer = client::send(&store.data, Mode::Plan, &declaration, &progress).await;
    let report = match answer {
        Ok(None) => {
            let url = store.store.map(Secret::new);
            let report = offline::plan(&store.data, url.as_ref(), declaration, &progress).await;
            shown.end().await;
            report?
        }
        answered => {
            shown.end().await;
            answered?
        }
    };
    let report = match report {
        Some(Ok(report)) => report,
        Some(Err(unfinished)) => return Err(unfinished.problem.of_file(&file).into()),
        None => bail!(
            "there is no data at {data} yet: everything in {file} would be made by `testudo up --data {data} \
             --bootstrap {file}`; if the data lies elsewhere, name its folder with --data",
            data = store.data.display(),
            file = file.display(),
        ),
    };
    print(&report, output)?;
    Ok(if report.changes.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(PENDING)
    })
}

/// Makes what is declared.
///
/// # Errors
/// Whatever keeps it from being made to its end, with what to do.
pub async fn apply(apply: Apply) -> anyhow::Result<ExitCode> {
    let Apply { file, data, output } = apply;
    must_be_servers(&data, "apply")?;
    let declaration = load(&file)?;
    let progress = Progress::default();
    let shown = Shown::start(&progress);
    let answer = client::send(&data, Mode::Apply, &declaration, &progress).await;
    shown.end().await;
    match answer? {
        Some(Ok(report)) => {
            print(&report, output)?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Err(unfinished)) => refuse(unfinished, &file, output),
        None => bail!(
            "no server runs on {data}: start it with `testudo up --data {data} --bootstrap {file}`, or name the folder of \
             one that runs with --data",
            data = data.display(),
            file = file.display(),
        ),
    }
}

fn refuse(unfinished: Unfinished, file: &Path, output: Output) -> anyhow::Result<ExitCode> {
    if !unfinished.made.changes.is_empty() {
        print(&unfinished.made, output)?;
    }
    Err(unfinished.problem.of_file(file).into())
}

fn print(report: &Report, output: Output) -> anyhow::Result<()> {
    let text = match output {
        Output::Text => render_text(report),
        Output::Json => serde_json::to_string(report)? + "\n",
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
