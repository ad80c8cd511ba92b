//! `cargo xtask fleet …`: what is proved and measured of a whole fleet.

mod bench;
mod prove;

/// Runs what the words ask for.
pub fn run(words: &[&str]) -> anyhow::Result<()> {
    match words {
        ["prove", options @ ..] => prove::run(options),
        ["bench", options @ ..] => bench::run(options),
        _ => anyhow::bail!("there is `fleet prove` and `fleet bench`"),
    }
}
