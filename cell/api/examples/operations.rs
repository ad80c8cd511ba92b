//! Prints the list of operations as it stands in `docs/operations.md`; `cargo xtask operations` puts it there.

use api::description::listing::render_operations;
use std::io::Write as _;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(render_operations().as_bytes())
}
