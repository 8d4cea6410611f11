//! Which files may be read and written, kept by Landlock.

use std::fs;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

use super::super::report::Network;
use super::super::step::SandboxStep;
use super::failure::{At, Failure};

/// What may be used, files and folders with all that is in them.
pub(super) struct Files<'a> {
    /// To read and run.
    pub(super) read: &'a [PathBuf],
    /// To read, run and write.
    pub(super) write: &'a [PathBuf],
}

/// Restricts this process, for good, to these files; and with a version that can, also to its own abstract sockets, to
/// signals among its own, and to no TCP unless its network is its own.
pub(super) fn restrict(abi: u32, network: Network, files: &Files<'_>) -> Result<(), Failure> {
    let abi = ABI::from(i32::try_from(abi).unwrap_or(i32::MAX));
    let ruleset = ruleset(abi, network, files)?;
    let status = ruleset.restrict_self().at(SandboxStep::Landlock, "confine files")?;
    if status.ruleset != RulesetStatus::FullyEnforced || !status.no_new_privs {
        return Err(Failure::new(SandboxStep::Landlock, "files are not fully confined"));
    }
    Ok(())
}

fn ruleset(abi: ABI, network: Network, files: &Files<'_>) -> Result<RulesetCreated, Failure> {
    let mut ruleset = empty_ruleset(abi, network).at(SandboxStep::Landlock, "handle every kind of access")?;
    for (paths, access) in [(files.read, AccessFs::from_read(abi)), (files.write, writing(abi))] {
        for path in paths {
            let what = format!("permit `{}`", path.display());
            let access = if path.is_dir() { access } else { access & AccessFs::from_file(abi) };
            let place = PathFd::new(path).at(SandboxStep::Landlock, &what)?;
            ruleset = ruleset.add_rule(PathBeneath::new(place, access)).at(SandboxStep::Landlock, &what)?;
        }
    }
    Ok(ruleset)
}

/// Permits nothing yet.
fn empty_ruleset(abi: ABI, network: Network) -> Result<RulesetCreated, RulesetError> {
    let all = AccessFs::from_all(abi);
    let mut ruleset = Ruleset::default().set_compatibility(CompatLevel::HardRequirement).handle_access(all)?;
    if network == Network::None && abi >= ABI::V4 {
        ruleset = ruleset.handle_access(AccessNet::from_all(abi))?;
    }
    if abi >= ABI::V6 {
        ruleset = ruleset.scope(Scope::from_all(abi))?;
    }
    ruleset.create()
}

/// Everything but making device nodes.
fn writing(abi: ABI) -> BitFlags<AccessFs> {
    AccessFs::from_all(abi) & !(AccessFs::MakeChar | AccessFs::MakeBlock)
}

/// The version that this kernel enforces, found by restricting this process to nothing.
pub(super) fn version() -> Result<u32, String> {
    let all = AccessFs::from_all(ABI::V9);
    let restricted =
        Ruleset::default().handle_access(all).and_then(Ruleset::create).and_then(|ruleset| ruleset.restrict_self());
    match restricted.map_err(|error| error.to_string())?.landlock {
        LandlockStatus::NotImplemented => Err("the kernel is built without it".to_owned()),
        LandlockStatus::NotEnabled => Err("the kernel has it, but it is not enabled".to_owned()),
        LandlockStatus::Available { effective_abi, kernel_abi: _ } => Ok(effective_abi as u32),
    }
}

/// Those of `paths` that exist.
pub(super) fn existing<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Vec<PathBuf> {
    let paths = paths.into_iter().map(|path| path.as_ref().to_owned());
    paths.filter(|path| fs::metadata(path).is_ok()).collect()
}
