//! The table of layers: every crate, where it stands, and whose words it may use.
//!
//! A new crate is a new row; a new arrow is a decision, not a convenience.

/// One crate of ours and what it may import.
#[derive(Debug, Clone, Copy)]
pub struct Layer {
    /// The crate.
    pub name: &'static str,
    /// Its folder from the root.
    pub folder: &'static str,
    /// The crates of ours that it may import, for the product and for its tests.
    pub may_import: &'static [&'static str],
}

/// Lowest first: a crate may only name crates from rows above its own.
pub const LAYERS: &[Layer] = &[
    Layer {
        name: "vocab",
        folder: "foundation/vocab",
        may_import: &[],
    },
    Layer {
        name: "protocol",
        folder: "foundation/protocol",
        may_import: &["vocab"],
    },
    Layer {
        name: "database",
        folder: "foundation/database",
        may_import: &["vocab"],
    },
    Layer {
        name: "postgres_for_tests",
        folder: "foundation/postgres_for_tests",
        may_import: &[],
    },
    Layer {
        name: "telemetry",
        folder: "foundation/telemetry",
        may_import: &["vocab"],
    },
    Layer {
        name: "wire",
        folder: "foundation/wire",
        may_import: &["vocab"],
    },
    Layer {
        name: "reception",
        folder: "foundation/reception",
        may_import: &[],
    },
    Layer {
        name: "ledger",
        folder: "cell/ledger",
        may_import: &["vocab", "protocol", "database", "telemetry"],
    },
    Layer {
        name: "keys",
        folder: "cell/keys",
        may_import: &["vocab", "protocol", "database", "telemetry", "ledger"],
    },
    Layer {
        name: "identity",
        folder: "cell/identity",
        may_import: &[
            "vocab",
            "protocol",
            "database",
            "telemetry",
            "ledger",
            "keys",
        ],
    },
    Layer {
        name: "cell_for_tests",
        folder: "cell/cell_for_tests",
        may_import: &[
            "vocab",
            "database",
            "postgres_for_tests",
            "ledger",
            "keys",
            "identity",
        ],
    },
    Layer {
        name: "oauth",
        folder: "cell/oauth",
        may_import: &[
            "vocab",
            "protocol",
            "database",
            "telemetry",
            "ledger",
            "keys",
            "identity",
        ],
    },
    Layer {
        name: "scim",
        folder: "cell/scim",
        may_import: &[
            "vocab",
            "protocol",
            "database",
            "telemetry",
            "ledger",
            "keys",
            "identity",
        ],
    },
    Layer {
        name: "api",
        folder: "cell/api",
        may_import: &[
            "vocab",
            "protocol",
            "database",
            "telemetry",
            "ledger",
            "keys",
            "identity",
            "oauth",
        ],
    },
    Layer {
        name: "console",
        folder: "cell/console",
        may_import: &[
            "vocab",
            "protocol",
            "database",
            "telemetry",
            "ledger",
            "keys",
            "identity",
            "oauth",
        ],
    },
    Layer {
        name: "server",
        folder: "cell/server",
        may_import: &[
            "vocab",
            "protocol",
            "database",
            "telemetry",
            "ledger",
            "keys",
            "identity",
            "oauth",
            "scim",
            "api",
            "console",
            "wire",
            "reception",
        ],
    },
    Layer {
        name: "edge",
        folder: "fleet/edge",
        may_import: &["vocab", "telemetry", "wire", "reception"],
    },
    Layer {
        name: "atlas",
        folder: "fleet/atlas",
        may_import: &["vocab", "database", "telemetry", "wire", "reception"],
    },
    Layer {
        name: "client",
        folder: "client",
        may_import: &[],
    },
    Layer {
        name: "testudo",
        folder: "testudo",
        may_import: &[
            "client",
            "vocab",
            "protocol",
            "database",
            "telemetry",
            "ledger",
            "keys",
            "identity",
            "oauth",
            "api",
            "console",
            "server",
            "wire",
            "edge",
            "atlas",
        ],
    },
    Layer {
        name: "testbed",
        folder: "testbed",
        may_import: &[],
    },
    Layer {
        name: "xtask",
        folder: "xtask",
        may_import: &[],
    },
];

/// Crates of ours that exist for tests: every crate may import them for its tests, none for the product.
pub const FOR_TESTS: &[&str] = &["postgres_for_tests", "cell_for_tests"];

/// A foreign crate that only some of our crates may import into the product, and why.
#[derive(Debug, Clone, Copy)]
pub struct Reserved {
    /// The foreign crate.
    pub name: &'static str,
    /// The crates of ours that may import it.
    pub only: &'static [&'static str],
    /// What would be lost.
    pub reason: &'static str,
}

/// Foreign crates with one home.
pub const RESERVED: &[Reserved] = &[
    Reserved {
        name: "rusqlite",
        only: &["database"],
        reason: "engines stand behind one transaction type",
    },
    Reserved {
        name: "tokio-postgres",
        only: &["database"],
        reason: "engines stand behind one transaction type",
    },
    Reserved {
        name: "webauthn-rs",
        only: &["identity"],
        reason: "credentials are judged in one place",
    },
];

/// Crates of ours that do no input or output, and so import none of `IO_CRATES` into the product.
pub const PURE: &[&str] = &["vocab", "protocol"];

/// Foreign crates whose purpose is input or output.
pub const IO_CRATES: &[&str] = &[
    "tokio",
    "axum",
    "hyper",
    "hyper-util",
    "lettre",
    "reqwest",
    "tower",
];
