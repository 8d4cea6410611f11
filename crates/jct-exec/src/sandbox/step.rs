//! The steps of setting a sandbox up, each of which fails closed under a name and an exit code of its own.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A step of setting a sandbox up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SandboxStep {
    /// Starting the helper; or what was asked for is more than the level gives.
    Launch,
    /// Closing inherited descriptors and reading what to do.
    Profile,
    /// Resource limits and control groups.
    Limits,
    /// Making namespaces.
    Namespaces,
    /// Making the file system of the run.
    Mounts,
    /// Making the network of the run.
    Network,
    /// Confining files.
    Landlock,
    /// Filtering system calls.
    Seccomp,
    /// Giving up privileges, and checking that everything above holds.
    Privileges,
}

impl SandboxStep {
    /// The name in outputs and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Launch => "launch",
            Self::Profile => "profile",
            Self::Limits => "limits",
            Self::Namespaces => "namespaces",
            Self::Mounts => "mounts",
            Self::Network => "network",
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
            Self::Privileges => "privileges",
        }
    }

    /// The helper's exit status when this step fails.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Launch | Self::Profile => 120,
            Self::Limits => 121,
            Self::Namespaces => 122,
            Self::Mounts => 123,
            Self::Network => 124,
            Self::Landlock => 125,
            Self::Seccomp => 126,
            Self::Privileges => 127,
        }
    }
}

impl fmt::Display for SandboxStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
