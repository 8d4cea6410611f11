//! Tries each mechanism by itself, for people: why a level cannot be had.

use nix::sched::{CloneFlags, unshare};
use rustix::process::{getegid, geteuid};
use serde::{Deserialize, Serialize};

use super::super::report::Network;
use super::seccomp::{self, Surroundings};
use super::{landlock, privileges};

/// The namespaces of a run, as reports name them.
pub(in crate::sandbox) const NAMESPACES: [&str; 6] = ["user", "mount", "pid", "net", "ipc", "uts"];

/// What was found: nothing where it works, and otherwise what the system said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::sandbox) struct GatesFound {
    /// The version of Landlock, or why there is none.
    pub(in crate::sandbox) landlock: Option<u32>,
    pub(in crate::sandbox) landlock_error: Option<String>,
    pub(in crate::sandbox) seccomp_error: Option<String>,
    /// By the names of [`NAMESPACES`].
    pub(in crate::sandbox) namespace_errors: Vec<Option<String>>,
}

/// Tries, and writes what was found on standard output.
pub(super) fn main() -> u8 {
    let mut found = GatesFound { namespace_errors: namespaces(), ..GatesFound::default() };
    match rustix::thread::set_no_new_privs(true) {
        Ok(()) => {
            match landlock::version() {
                Ok(version) => found.landlock = Some(version),
                Err(error) => found.landlock_error = Some(error),
            }
            let surroundings = Surroundings { network: Network::None, landlock_abi: found.landlock, own_ipc: false };
            found.seccomp_error = seccomp::filter(surroundings).err().map(|failure| failure.message);
        }
        Err(error) => {
            found.landlock_error = Some(error.to_string());
            found.seccomp_error = Some(error.to_string());
        }
    }
    let Ok(text) = serde_json::to_string(&found) else { return 1 };
    println!("{text}");
    0
}

/// One after the other, the user namespace first: the rest needs it.
fn namespaces() -> Vec<Option<String>> {
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    let made = unshare(CloneFlags::CLONE_NEWUSER)
        .map_err(std::io::Error::from)
        .and_then(|()| privileges::map_user(user, group));
    if let Err(error) = made {
        return vec![Some(error.to_string()); NAMESPACES.len()];
    }
    let flags = [
        CloneFlags::CLONE_NEWNS,
        CloneFlags::CLONE_NEWPID,
        CloneFlags::CLONE_NEWNET,
        CloneFlags::CLONE_NEWIPC,
        CloneFlags::CLONE_NEWUTS,
    ];
    let others = flags.map(|flag| unshare(flag).err().map(|error| error.desc().to_owned()));
    std::iter::once(None).chain(others).collect()
}
