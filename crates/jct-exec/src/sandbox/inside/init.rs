//! The init: the first process inside. It confines itself step by step, checks that it worked, and then becomes the
//! program; with a process namespace it stays as the parent of everything in it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Seek, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jct_contract::IsolationLevel;
use nix::sys::signal::SigSet;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::Errno;
use rustix::process::{
    DumpableBehavior, Pid, Signal, WaitOptions, set_dumpable_behavior, set_parent_process_death_signal, setsid, wait,
};

use super::super::cgroup;
use super::super::report::{IsolationReport, Network};
use super::super::step::SandboxStep;
use super::super::wire::{Builtin, Message, Profile, Program, Text};
use super::failure::{At, Failure};
use super::landlock::{Files, existing, restrict};
use super::seccomp::{self, Surroundings};
use super::start::{Told, null, socket, told};
use super::{NAMESPACES, ended, limits, mounts, network, privileges, relay, skeleton};

/// Stands for the address of the broker in arguments and values.
const BROKER_URL: &str = "{broker_url}";

/// The whole life of an init.
pub(super) fn main() -> u8 {
    let monitor = match socket() {
        Ok(monitor) => monitor,
        Err(failure) => return failure.step.exit_code(),
    };
    let result = run(&monitor);
    if let Err(failure) = &result {
        say(&monitor, &failure.to_message());
    }
    ended(result)
}

/// A monitor that does not hear is dead, and this process with it.
fn say(monitor: &UnixStream, message: &Message) {
    let mut monitor = monitor;
    let _heard = monitor.write_all(&message.to_line());
}

fn run(monitor: &UnixStream) -> Result<(), Failure> {
    set_parent_process_death_signal(Some(Signal::KILL)).at(SandboxStep::Profile, "end with the monitor")?;
    SigSet::empty().thread_set_mask().at(SandboxStep::Profile, "unblock signals")?;
    setsid().at(SandboxStep::Profile, "begin a session")?;
    let Told { profile, line: _, input, rest: _ } = told(monitor)?;
    limits::apply(profile.level, &profile.limits)?;
    let stdin = input_file(&input).at(SandboxStep::Profile, "keep the program's input")?;
    let broker_port = prepare_namespaces(&profile)?;
    if let Err(error) = std::env::set_current_dir(profile.folder.as_path()) {
        say(monitor, &not_started(&error));
        return Ok(());
    }
    let report = confine(&profile)?;
    say(monitor, &Message::Started(report));
    match &profile.program {
        Program::Builtin(builtin) => say(monitor, &Message::Exited { code: run_builtin(*builtin, &input) }),
        Program::Argv(argv) => start(monitor, &profile, argv, stdin, broker_port)?,
    }
    Ok(())
}

/// Fills the namespaces, and says where the broker is to be found in them.
fn prepare_namespaces(profile: &Profile) -> Result<Option<u16>, Failure> {
    if profile.level < IsolationLevel::L3 {
        return match profile.network {
            Network::None => Ok(None),
            Network::Local | Network::Broker => {
                Err(Failure::new(SandboxStep::Network, "a network of its own needs namespaces"))
            }
        };
    }
    mounts::build(profile)?;
    rustix::system::sethostname(b"sandbox").at(SandboxStep::Namespaces, "name the host")?;
    if profile.network != Network::None {
        network::bring_loopback_up()?;
    }
    match profile.network {
        Network::Broker => relay::start(profile.landlock_abi.unwrap_or_default()).map(Some),
        Network::None | Network::Local => Ok(None),
    }
}

/// Gives everything up that the level says, and reports what holds.
fn confine(profile: &Profile) -> Result<IsolationReport, Failure> {
    let mut landlock_abi = None;
    if profile.level >= IsolationLevel::L1 {
        privileges::drop_all()?;
    }
    if profile.level >= IsolationLevel::L2 {
        let abi = profile.landlock_abi.unwrap_or_default();
        let (read, write) = files(profile);
        restrict(abi, profile.network, &Files { read: &read, write: &write })?;
        landlock_abi = Some(abi);
    }
    let has_namespaces = profile.level == IsolationLevel::L3;
    if profile.level >= IsolationLevel::L1 {
        let network = profile.network;
        seccomp::filter(Surroundings { network, landlock_abi, own_ipc: has_namespaces })?;
        privileges::verify()?;
    }
    let namespaces = if has_namespaces { NAMESPACES.map(str::to_owned).to_vec() } else { Vec::new() };
    Ok(IsolationReport {
        requested: profile.requested,
        minimum: profile.minimum,
        probed: profile.probed,
        effective: profile.level,
        landlock_abi,
        namespaces,
        seccomp: profile.level >= IsolationLevel::L1,
        cgroup: cgroup::version(&profile.cgroups),
        network: profile.network,
        limits: profile.limits.clone(),
    })
}

/// What may be read and written. In a file system of its own, all that is there may be read.
fn files(profile: &Profile) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let paths = |texts: &[Text]| -> Vec<PathBuf> { texts.iter().map(|text| text.as_path().to_owned()).collect() };
    let devices = existing(skeleton::DEVICES.map(|name| Path::new("/dev").join(name)));
    let mut write = paths(&profile.writable);
    write.extend(devices);
    let read = if profile.level == IsolationLevel::L3 {
        write.extend(mounts::IN_MEMORY.map(PathBuf::from));
        write.extend(profile.broker_socket.as_ref().map(|_| PathBuf::from(relay::BROKER_SOCKET)));
        vec![PathBuf::from("/")]
    } else {
        let etc = skeleton::CONFIGURATION.iter().chain(&skeleton::MADE_UP).map(|name| Path::new("/etc").join(name));
        let mut read = paths(&profile.readable);
        read.extend(existing(etc));
        read.push("/proc".into());
        read
    };
    (read, write)
}

/// The program's input as a file that nobody can change or run.
fn input_file(input: &[u8]) -> io::Result<Stdio> {
    if input.is_empty() {
        return Ok(null()?.into());
    }
    let sealable = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let memory = match memfd_create("input", sealable | MemfdFlags::NOEXEC_SEAL) {
        // A kernel older than the flag.
        Err(Errno::INVAL) => memfd_create("input", sealable)?,
        other => other?,
    };
    let mut file = File::from(memory);
    file.write_all(input)?;
    file.rewind()?;
    fcntl_add_seals(&file, SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL)?;
    Ok(file.into())
}

fn run_builtin(builtin: Builtin, input: &[u8]) -> i32 {
    match builtin {
        Builtin::Nothing => 0,
        Builtin::Survey => crate::survey::run_inside(input),
    }
}

fn start(
    monitor: &UnixStream,
    profile: &Profile,
    argv: &[Text],
    stdin: Stdio,
    broker_port: Option<u16>,
) -> Result<(), Failure> {
    let url = broker_port.map(|port| format!("http://127.0.0.1:{port}"));
    let filled = |text: &Text| url.as_ref().map_or_else(|| text.clone(), |url| text.replaced(BROKER_URL, url));
    let argv: Vec<Text> = argv.iter().map(filled).collect();
    let program = argv.first().map_or(OsStr::new(""), Text::as_os_str);
    let mut command = Command::new(program);
    command.args(argv.iter().skip(1).map(Text::as_os_str)).env_clear().stdin(stdin);
    for (name, value) in &profile.environment {
        command.env(name.as_os_str(), filled(value).as_os_str());
    }
    if profile.level < IsolationLevel::L3 {
        let error = command.exec();
        say(monitor, &not_started(&error));
        return Ok(());
    }
    set_dumpable_behavior(DumpableBehavior::NotDumpable).at(SandboxStep::Privileges, "hide the inside")?;
    match command.process_group(0).spawn() {
        Err(error) => say(monitor, &not_started(&error)),
        Ok(child) => {
            drop(command);
            say(monitor, &until_end(Pid::from_child(&child)));
        }
    }
    Ok(())
}

/// Takes the status of everything that ends in the namespace, until the program itself does.
fn until_end(program: Pid) -> Message {
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid == program => {
                return match (status.exit_status(), status.terminating_signal()) {
                    (Some(code), _) => Message::Exited { code },
                    (None, Some(signal)) => Message::Signalled { signal },
                    (None, None) => continue,
                };
            }
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => {
                let message = format!("the program was lost: {error}");
                return Message::Failed { step: SandboxStep::Launch, message };
            }
        }
    }
}

fn not_started(error: &io::Error) -> Message {
    Message::NotStarted { errno: error.raw_os_error(), message: error.to_string() }
}
