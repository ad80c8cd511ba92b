//! The one binary. Each subcommand composes one role; the rules live in the crates below.

mod log;
mod options;
mod schema;
mod up;

use clap::Parser as _;
use options::{Command, Options};
use std::process::ExitCode;

fn main() -> ExitCode {
    let options = Options::parse();
    if rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_err()
    {
        return fail(&anyhow::anyhow!(
            "the crypto provider could not be installed"
        ));
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    let done = match options.command {
        Command::Up(up) => runtime.block_on(up::run(*up)),
        Command::Log(log) => runtime.block_on(log::run(log)),
        Command::Schema => schema::run(),
    };
    match done {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

#[expect(
    clippy::print_stderr,
    reason = "the last words of a command that failed"
)]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("testudo: {error:#}");
    ExitCode::FAILURE
}
