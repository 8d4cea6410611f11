//! What a configuration is resolved from: plain values, so that resolving needs no process, no file and no clock.

use std::ffi::OsString;
use std::path::PathBuf;

/// Every layer above the defaults.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The configuration file, if there is one.
    pub toml: Option<TomlSource>,
    /// Environment variables; those that are none of ours are passed over.
    pub env: Vec<(OsString, OsString)>,
    /// Values from flags: key name (`api.port`) and value as text.
    pub overrides: Vec<(String, String)>,
    /// What the machine-dependent defaults need.
    pub machine: Machine,
}

/// Text of a configuration file, and the path to name in errors.
#[derive(Clone, Debug)]
pub struct TomlSource {
    /// Path as the user wrote it.
    pub path: PathBuf,
    /// Content.
    pub text: String,
}

/// The machine the process runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Processor cores this process may use.
    pub cores: u32,
    /// Name of the machine.
    pub host_name: String,
}

impl Default for Machine {
    fn default() -> Self {
        Self { cores: 1, host_name: "localhost".to_owned() }
    }
}
