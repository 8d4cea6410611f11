//! What a run was really given, for its output and its evidence.

use std::fmt;

use jct_contract::IsolationLevel;
use serde::{Deserialize, Serialize};

use super::limits::Limits;

/// What a run may reach over sockets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// No sockets at all; pairs of connected ones within the run are all there is.
    #[default]
    None,
    /// Sockets inside a network of its own that holds nothing but a loopback interface. Needs `L3`.
    Local,
    /// As `Local`, and one way out: a proxy of the worker's. Needs `L3`.
    Broker,
}

impl Network {
    /// The name in outputs and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Local => "local",
            Self::Broker => "broker",
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How a run was isolated, as checked from inside before its program started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IsolationReport {
    /// What the worker was told to give.
    pub requested: IsolationLevel,
    /// The least that the task accepts; what its network needs counts, `L0` when it does not say.
    pub minimum: IsolationLevel,
    /// The highest that the machine can give.
    pub probed: IsolationLevel,
    /// What the run got.
    pub effective: IsolationLevel,
    /// The version of Landlock that was enforced.
    pub landlock_abi: Option<u32>,
    /// The namespaces of the run's own.
    pub namespaces: Vec<String>,
    /// Whether system calls were filtered.
    pub seccomp: bool,
    /// The control groups that held the run: `v1` or `v2`; without one, limits are kept by looking.
    pub cgroup: Option<String>,
    /// What it could reach.
    pub network: Network,
    /// What it could use.
    pub limits: Limits,
}
