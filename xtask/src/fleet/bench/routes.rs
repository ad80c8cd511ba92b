//! What a route map of a million orgs costs: the numbers are those of the route map's own program, in a process of its own.

use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::command::Call;

/// What was found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Routes {
    /// Orgs of the map.
    pub orgs: u64,
    /// From the file to the map, proved.
    pub start_millis: f64,
    /// The file.
    pub file_bytes: u64,
    /// Memory of the process with the map.
    pub resident_kib: u64,
    /// The most that it held on the way there.
    pub peak_kib: u64,
    /// A look-up.
    pub look_up_nanos: f64,
    /// A change: made and signed, and taken and proved.
    pub change_micros: f64,
    /// The whole map as bytes.
    pub keep_millis: f64,
    /// How many.
    pub kept_bytes: u64,
    /// From the acknowledgement of a new org to its first answer at the edge.
    #[serde(default)]
    pub visible_millis: f64,
}

#[derive(Debug, Deserialize)]
struct Written {
    signer: String,
}

/// Writes a map and starts from it.
pub fn measure(example: &Path, scratch: &Path, orgs: u64) -> anyhow::Result<Routes> {
    let file = scratch.join("routes.map");
    let said = Call::new(example)
        .args(["write", &orgs.to_string()])
        .args([&file])
        .capture()?;
    let written: Written = serde_json::from_str(&said).context("what writes the map")?;
    let said = Call::new(example)
        .args(["measure"])
        .args([&file])
        .args([&written.signer])
        .capture()?;
    std::fs::remove_file(&file)?;
    serde_json::from_str(&said).context("what measures the map")
}
