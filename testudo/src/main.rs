//! The one binary. Each subcommand composes one role; the rules live in the crates below.

mod admin;
mod completion;
mod declare;
mod fleet;
mod home;
mod log;
mod options;
mod progress;
mod recover;
mod schema;
mod terminal;
mod up;

use clap::Parser as _;
use options::{Command, Options};
use server::declaration::problem::render_chain;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// A request makes some hundred small allocations, many of which another thread frees.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) => return explain(&error),
    };
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
        Command::Plan(plan) => runtime.block_on(declare::plan(plan)),
        Command::Apply(apply) => runtime.block_on(declare::apply(apply)),
        Command::Recover(recover) => runtime.block_on(recover::run(recover)),
        Command::Fleet(options) => runtime.block_on(fleet::ask::fleet(options.command)),
        Command::Org(org) => runtime.block_on(fleet::ask::org(org)),
        Command::Cell(cell) => runtime.block_on(fleet::ask::cell(cell.command)),
        Command::Control(control) => runtime.block_on(fleet::members::control(*control)),
        Command::Edge(edge) => runtime.block_on(fleet::members::edge(*edge)),
        Command::User(user) => runtime.block_on(admin::user::run(user)),
        Command::Group(group) => runtime.block_on(admin::group::run(group)),
        Command::App(app) => runtime.block_on(admin::app::run(app)),
        Command::Policy(policy) => runtime.block_on(admin::policy::run(policy)),
        Command::Token(token) => runtime.block_on(admin::token::run(token)),
        Command::Log(log) => runtime.block_on(log::run(log)),
        Command::Completion { shell } => completion::run(shell),
        Command::Schema => schema::run(),
    };
    match done {
        Ok(code) => code,
        Err(error) if nobody_reads(&error) => ExitCode::from(UNREAD),
        Err(error) => fail(&error),
    }
}

/// What a program ends with whose reader is gone: as shells say it of one that SIGPIPE ended.
const UNREAD: u8 = 128 + 13;

/// Whether what we print goes nowhere any more, as with `testudo org list | head -1`. What fails elsewhere by a broken pipe
/// has an error of its own around that.
fn nobody_reads(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<std::io::Error>();
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Help, the version, or what is wrong with the command line. Not with the code of clap for the last: 2 is what `plan`
/// says when something would change.
fn explain(error: &clap::Error) -> ExitCode {
    let failed = error.use_stderr();
    // Where nothing can be printed, the code is all that is left to say.
    let _ = error.print();
    if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// The error and its causes, each once.
fn fail(error: &anyhow::Error) -> ExitCode {
    // Where nothing can be printed, the code is all that is left to say.
    let _ = writeln!(io::stderr(), "testudo: {}", render_chain(error.as_ref()));
    ExitCode::FAILURE
}
