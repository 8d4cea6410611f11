//! What one run may reach: built from a [`Sandbox`], attached to a command.

use std::path::PathBuf;
use std::sync::Arc;

use jct_contract::IsolationLevel;

use super::host::{Host, Sandbox};
use super::limits::Limits;
use super::report::{IsolationReport, Network};

/// What one run may reach beside what the system's own programs need. Without more, that is nothing.
#[derive(Debug, Clone)]
pub struct Confinement {
    pub(super) host: Arc<Host>,
    pub(super) minimum: IsolationLevel,
    pub(super) writable: Vec<PathBuf>,
    pub(super) readable: Vec<PathBuf>,
    pub(super) network: Network,
    pub(super) broker_socket: Option<PathBuf>,
    pub(super) limits: Limits,
}

impl Confinement {
    pub(super) fn new(host: Arc<Host>) -> Self {
        let limits = host.limits.clone();
        Self {
            host,
            minimum: IsolationLevel::L0,
            writable: Vec::new(),
            readable: Vec::new(),
            network: Network::None,
            broker_socket: None,
            limits,
        }
    }

    /// The sandbox that this is part of.
    pub fn sandbox(&self) -> Sandbox {
        Sandbox::of(Arc::clone(&self.host))
    }

    /// Fails the run rather than giving it less than `level`.
    #[must_use]
    pub fn at_least(mut self, level: IsolationLevel) -> Self {
        self.minimum = self.minimum.max(level);
        self
    }

    /// May read, write and run what is at or below `path`, an absolute path of something that exists. A link is
    /// followed: what ran before must not have been able to put one there.
    #[must_use]
    pub fn writable(mut self, path: impl Into<PathBuf>) -> Self {
        self.writable.push(path.into());
        self
    }

    /// May read and run what is at or below `path`, an absolute path of something that exists.
    #[must_use]
    pub fn readable(mut self, path: impl Into<PathBuf>) -> Self {
        self.readable.push(path.into());
        self
    }

    /// May use this network; [`Network::None`] by default.
    #[must_use]
    pub fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// The worker's end of [`Network::Broker`]: a bound UNIX socket. Inside, something listens on a port of
    /// 127.0.0.1 and hands every connection on to it; `{broker_url}` in an argument or in the value of an
    /// environment variable becomes `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn broker_socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.broker_socket = Some(path.into());
        self
    }

    /// May use this much; the sandbox's own limits by default.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    pub(crate) fn most_output(&self) -> u64 {
        self.limits.output_bytes
    }

    /// What a run gets that nothing isolates.
    pub(crate) fn unconfined_report(&self) -> IsolationReport {
        IsolationReport {
            requested: self.host.level,
            minimum: self.minimum,
            probed: self.host.probe.level,
            effective: IsolationLevel::L0,
            landlock_abi: None,
            namespaces: Vec::new(),
            seccomp: false,
            cgroup: None,
            network: self.network,
            limits: self.limits.clone(),
        }
    }
}
