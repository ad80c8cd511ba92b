//! A real PostgreSQL server for tests: found on this machine, started in a folder of its own, stopped and wiped when
//! the test process ends, however it ends.
//!
//! Only ever a dev-dependency. [`shared`] gives one server to a whole test process, and each test takes a database of
//! its own from it. The server listens on a Unix socket in its folder; as root it runs as the user `postgres`.

mod binaries;
mod database;
mod server;

pub use crate::database::TestDatabase;
pub use crate::server::{Durability, Server, Settings, StartError, Tls};

use std::sync::OnceLock;

/// The server of this process: fast rather than durable, without TLS.
///
/// # Panics
/// When it cannot be started, with what to install or mend.
#[expect(
    clippy::panic,
    reason = "a test without its server cannot go on, and the message must be seen"
)]
pub fn shared() -> &'static Server {
    static SHARED: OnceLock<Server> = OnceLock::new();
    SHARED.get_or_init(|| {
        Server::start(&Settings::default()).unwrap_or_else(|error| panic!("{error}"))
    })
}
