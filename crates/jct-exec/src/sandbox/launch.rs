//! The worker's side of a sandbox: what the inside is told, and how it is started.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use jct_contract::IsolationLevel;

use super::cgroup;
use super::confinement::Confinement;
use super::inside::MONITOR;
use super::report::Network;
use super::roots::Roots;
use super::step::SandboxStep;
use super::wire::{Profile, Program, Text, TimeLeft};
use crate::process::{CommandSpec, RunMarker};

/// A sandbox that is ready to be started.
#[derive(Debug)]
pub(crate) struct Launch {
    /// The monitor, with its end of the socket; its output is still to be set.
    pub(crate) command: Command,
    /// The worker's end.
    pub(crate) socket: UnixStream,
    /// What the monitor is to be told first.
    pub(crate) told: Vec<u8>,
    groups: Vec<cgroup::CgroupPlace>,
    group_name: String,
}

/// Why a sandbox cannot even be started.
#[derive(Debug)]
pub(crate) struct LaunchError {
    pub(crate) step: SandboxStep,
    pub(crate) message: String,
}

impl LaunchError {
    fn new(message: impl Into<String>) -> Self {
        Self { step: SandboxStep::Launch, message: message.into() }
    }

    fn io(what: &str, error: &io::Error) -> Self {
        Self::new(format!("failed to {what}: {error}"))
    }
}

impl Launch {
    /// Removes what an inside that was killed could not remove itself.
    pub(crate) fn clean_up(&self) {
        cgroup::remove(&self.groups, &self.group_name);
    }
}

impl Confinement {
    /// Gets everything ready; `None` if this sandbox isolates nothing and the command runs as it is.
    /// `time` counts from now.
    pub(crate) fn launch(&self, command: &CommandSpec, time: TimeLeft) -> Result<Option<Launch>, LaunchError> {
        self.check_level()?;
        let Some(launcher) = &self.host.launcher else { return Ok(None) };
        let profile = self.profile(command, time)?;
        let mut told = serde_json::to_vec(&profile).map_err(|error| LaunchError::new(error.to_string()))?;
        told.push(b'\n');
        told.extend_from_slice(command.input());
        let (socket, theirs) = UnixStream::pair().map_err(|error| LaunchError::io("make a socket", &error))?;
        let mut monitor = Command::new(launcher.path());
        monitor
            .arg0(MONITOR)
            .env_clear()
            .env(RunMarker::VARIABLE, command.marker().as_str())
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .process_group(0);
        let (groups, group_name) = (profile.cgroups, profile.cgroup_name);
        Ok(Some(Launch { command: monitor, socket, told, groups, group_name }))
    }

    fn check_level(&self) -> Result<(), LaunchError> {
        let given = self.host.level;
        let needed = match self.network {
            Network::None => self.minimum,
            Network::Local | Network::Broker => self.minimum.max(IsolationLevel::L3),
        };
        if given < needed {
            return Err(LaunchError::new(format!("isolation level {needed} is needed, and runs get {given} here")));
        }
        if (self.network == Network::Broker) != self.broker_socket.is_some() {
            return Err(LaunchError::new("the broker's network and the broker's socket belong together"));
        }
        Ok(())
    }

    fn profile(&self, command: &CommandSpec, time: TimeLeft) -> Result<Profile, LaunchError> {
        let environment: Vec<(Text, Text)> = command
            .environment()
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .chain([(OsStr::new(RunMarker::VARIABLE).into(), OsStr::new(command.marker().as_str()).into())])
            .collect();
        let path = environment.iter().find(|(name, _)| name.as_os_str() == "PATH");
        let mut readable = Roots::of_system(path.map_or(OsStr::new(""), |(_, value)| value.as_os_str()));
        let mut writable = Roots::default();
        let given = self.host.readable.iter().chain(&self.readable);
        for (roots, place) in given.map(|place| (false, place)).chain(self.writable.iter().map(|place| (true, place))) {
            let roots = if roots { &mut writable } else { &mut readable };
            roots.add(place).map_err(|error| LaunchError::io(&format!("find `{}`", place.display()), &error))?;
        }
        let (readable, writable) = (readable.outermost(), writable.outermost());
        let links = readable.links.into_iter().chain(writable.links);
        let probe = &self.host.probe;
        Ok(Profile {
            program: command
                .builtin()
                .map_or_else(|| Program::Argv(command.argv().map(Text::from).collect()), Program::Builtin),
            folder: command.folder().into(),
            environment,
            input_bytes: command.input().len(),
            level: self.host.level,
            requested: self.host.level,
            minimum: self.minimum,
            probed: probe.level,
            landlock_abi: probe.landlock_abi,
            network: self.network,
            broker_socket: self.broker_socket.as_deref().map(Text::from),
            limits: self.limits.clone(),
            time,
            cgroups: self.host.cgroups.clone(),
            cgroup_name: cgroup::name(command.marker().as_str()),
            writable: writable.paths.into_iter().map(Text::from).collect(),
            readable: readable.paths.into_iter().map(Text::from).collect(),
            links: links.map(|(link, target)| (link.into(), target.into())).collect(),
        })
    }
}
