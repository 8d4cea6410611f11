//! The sandbox of one worker: what the machine can give, and what runs get of it.

use std::path::PathBuf;
use std::sync::Arc;

use jct_contract::IsolationLevel;

use super::cgroup::{self, CgroupPlace};
use super::confinement::Confinement;
use super::launcher::Launcher;
use super::limits::Limits;
use super::probe::Probe;

/// How a sandbox is to be.
#[derive(Debug, Clone)]
pub struct SandboxOptions {
    /// The binary that becomes the inside.
    pub launcher: Launcher,
    /// The level that runs get; `None` is the highest that the machine can give.
    pub level: Option<IsolationLevel>,
    /// The lowest level to work with.
    pub minimum: IsolationLevel,
    /// What each run may use unless it is told otherwise.
    pub limits: Limits,
    /// What each run may read beside the system's own programs.
    pub readable: Vec<PathBuf>,
}

impl SandboxOptions {
    /// The best that the machine can give, `L2` at least, with default limits.
    pub fn new(launcher: Launcher) -> Self {
        Self { launcher, level: None, minimum: IsolationLevel::L2, limits: Limits::default(), readable: Vec::new() }
    }
}

/// The machine cannot give what is needed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("isolation level {wanted} is needed, and this machine gives {level}: {why}", level = probe.level)]
pub struct SandboxUnavailable {
    /// What was needed.
    pub wanted: IsolationLevel,
    /// The first reason that stands in the way.
    pub why: String,
    /// What was found, with remedies.
    pub probe: Box<Probe>,
}

/// How runs are isolated on this machine. Clones share what was found out.
#[derive(Debug, Clone)]
pub struct Sandbox(Arc<Host>);

/// What all runs of a sandbox share.
#[derive(Debug)]
pub(super) struct Host {
    /// `None` when nothing is isolated.
    pub(super) launcher: Option<Launcher>,
    pub(super) level: IsolationLevel,
    pub(super) limits: Limits,
    pub(super) readable: Vec<PathBuf>,
    pub(super) cgroups: Vec<CgroupPlace>,
    pub(super) probe: Probe,
}

impl Sandbox {
    /// Tries what this machine can give. Blocks for some tens of milliseconds.
    ///
    /// # Errors
    ///
    /// [`SandboxUnavailable`] when that is less than the minimum, or than the level that runs are to get.
    pub fn new(options: SandboxOptions) -> Result<Self, SandboxUnavailable> {
        let cgroups = cgroup::places();
        let probe = Probe::of_this_machine(&options.launcher, &cgroups);
        let wanted = options.level.unwrap_or(options.minimum).max(options.minimum);
        if probe.level < wanted {
            let why = probe.first_obstacle(wanted);
            return Err(SandboxUnavailable { wanted, why, probe: Box::new(probe) });
        }
        let SandboxOptions { launcher, level, minimum: _, limits, readable } = options;
        let level = level.map_or(probe.level, |_| wanted);
        let launcher = Some(launcher);
        Ok(Self(Arc::new(Host { launcher, level, limits, readable, cgroups, probe })))
    }

    /// A sandbox that isolates nothing: commands run as they would without one, and their reports say `L0`.
    /// For tests, and for operators who ask for it by name.
    pub fn unconfined() -> Self {
        let probe = Probe::none();
        let (readable, cgroups) = (Vec::new(), Vec::new());
        Self(Arc::new(Host {
            launcher: None,
            level: IsolationLevel::L0,
            limits: Limits::default(),
            readable,
            cgroups,
            probe,
        }))
    }

    pub(super) fn of(host: Arc<Host>) -> Self {
        Self(host)
    }

    /// Whether runs get a sandbox at all.
    pub(crate) fn isolates(&self) -> bool {
        self.0.launcher.is_some()
    }

    /// What was found out about this machine.
    pub fn probe(&self) -> &Probe {
        &self.0.probe
    }

    /// The level that runs get.
    pub fn level(&self) -> IsolationLevel {
        self.0.level
    }

    /// What each run may use unless it is told otherwise.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Starts saying what a run may reach.
    pub fn confine(&self) -> Confinement {
        Confinement::new(Arc::clone(&self.0))
    }
}
