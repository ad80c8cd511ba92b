//! The repository's own commands, run as `cargo xtask <command>`: everything that keeps the tree honest.
//!
//! Imports nothing of the product: what is checked must not be able to break the checker.

mod bench;
mod command;
mod fleet;
mod fuzz;
mod layers;
mod operations;
mod provision;
mod report;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>

  test            everything that the build server checks; installs what is missing when it may
  test --quick    after an edit: format, layers, tidy, clippy, and the tests of changed crates on SQLite
  layers          fail on an import between crates that the table of layers does not allow
  tidy            fail on a breach of the house rules that text alone shows
  fuzz [options]  run the fuzz targets, each for a bounded time
                    --seconds N     how long each target runs (20)
                    --target NAME   this target only
                    --input FILE    replay one input; needs --target
  bench           the product, npm oidc-provider and the floor side by side; writes target/bench.json
                    flows, rest, flood, size, log
                                    nothing but these parts; writes target/bench-part.json
                    --short         shorter windows, for a first look
                    --debug         the unoptimised build, to try the benchmark itself
  fleet prove     a fleet under load of which one part after the other is hurt; writes target/fleet-prove.json
                    --short         fewer organisations and shorter phases; times are not judged
                    --only WORDS    only scenarios whose names hold these words
                    --debug         the unoptimised build, to try the proof itself
  fleet bench     our edge beside HAProxy and nginx, and a route map of a million orgs; writes target/fleet-bench.json
                    --short, --debug   as with bench
  operations      write docs/operations.md anew, as the route table has it
  provision       install or name what the tests need and this machine lacks
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["test"] => test::run(test::Extent::Everything),
        ["test", "--quick"] => test::run(test::Extent::Quick),
        ["layers"] => layers::run().map(succeed),
        ["tidy"] => tidy::run().map(succeed),
        ["fuzz", options @ ..] => fuzz::run(options).map(succeed),
        ["bench", options @ ..] => bench::run(options).map(succeed),
        ["fleet", words @ ..] => fleet::run(words).map(succeed),
        ["operations"] => operations::run().map(succeed),
        ["provision"] => provision::run().map(succeed),
        _ => {
            report::line(USAGE);
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            report::failure(&error);
            ExitCode::FAILURE
        }
    }
}

fn succeed((): ()) -> ExitCode {
    ExitCode::SUCCESS
}
