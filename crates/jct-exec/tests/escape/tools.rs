//! What every part of the suite needs: the binaries in a place that every user reaches, sinks, users.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jct_exec::process::{Bounds, Capture, CommandSpec, Environment, ProcessOutcome, run};
use jct_exec::sandbox::{Confinement, IsolationLevel, Launcher, Limits, Sandbox, SandboxOptions, SandboxUnavailable};
use jct_exec::{LineSink, LogLine, LogStream};
use libtest_mimic::Failed;
use nix::libc;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// Far more than anything here needs.
pub(crate) const LONG: Duration = Duration::from_secs(120);
/// Somebody without rights, on every Linux.
const NOBODY: u32 = 65534;

/// A user to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    Root,
    Ordinary,
}

impl User {
    pub(crate) const ALL: [Self; 2] = [Self::Root, Self::Ordinary];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Ordinary => "ordinary",
        }
    }

    /// Whether this process can start programs as this user.
    pub(crate) fn is_possible(self) -> bool {
        self == Self::Ordinary || is_root()
    }

    /// Starts a program as this user.
    pub(crate) fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if self == Self::Ordinary && is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Where the copies are, for a suite that another one started.
const PROGRAMS: &str = "JCT_TEST_ESCAPE_PROGRAMS";

/// Copies of the binaries, and room for scenes.
pub(crate) struct Tools {
    folder: TempDir,
    programs: PathBuf,
}

/// The binaries as a worker in another process is told of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Programs {
    pub(crate) attempts: PathBuf,
    pub(crate) launcher: PathBuf,
    pub(crate) base: PathBuf,
}

impl Tools {
    pub(crate) fn make() -> Arc<Self> {
        let folder = TempDir::with_prefix("jct-escape-").unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let programs = match std::env::var_os(PROGRAMS) {
            Some(programs) => programs.into(),
            None => copy_programs(folder.path()),
        };
        Arc::new(Self { folder, programs })
    }

    /// Runs the part of this suite whose names begin with `part` as another user, one after the other: without
    /// control groups or namespaces, a limit on processes can count only all that a user runs.
    pub(crate) fn run_as(&self, user: User, part: &str) -> Result<(), Failed> {
        static ALONE: Mutex<()> = Mutex::new(());
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let output = user
            .command(&self.programs.join("attempts"))
            .args([part, "--test-threads=1"])
            .env(PROGRAMS, &self.programs)
            .current_dir("/")
            .stdin(Stdio::null())
            .output()?;
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stdout).as_ref().into()) }
    }

    /// A fresh folder that belongs to `user`.
    pub(crate) fn programs(&self, user: User) -> Programs {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let base = self.folder.path().join(format!("{}-{}", user.name(), NEXT.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir(&base).unwrap();
        if user == User::Ordinary && is_root() {
            chown(&base, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let programs = &self.programs;
        Programs { attempts: programs.join("attempts"), launcher: programs.join("jct-sandbox"), base }
    }
}

fn copy_programs(folder: &Path) -> PathBuf {
    let programs = folder.join("programs");
    fs::create_dir(&programs).unwrap();
    fs::copy(std::env::current_exe().unwrap(), programs.join("attempts")).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_jct-sandbox"), programs.join("jct-sandbox")).unwrap();
    plant_setuid_program(&programs);
    programs
}

/// `id` as root would have it run by everybody.
fn plant_setuid_program(folder: &Path) {
    let program = folder.join("setuid");
    let copied = fs::canonicalize("/usr/bin/id").and_then(|id| fs::copy(id, &program));
    if copied.is_ok() && fs::metadata(&program).is_ok_and(|file| file.uid() == 0) {
        fs::set_permissions(&program, fs::Permissions::from_mode(0o4755)).unwrap();
    }
}

impl Programs {
    pub(crate) fn sandbox(&self, level: IsolationLevel) -> Result<Sandbox, SandboxUnavailable> {
        Sandbox::new(SandboxOptions {
            launcher: Launcher::program(&self.launcher),
            level: Some(level),
            minimum: level,
            limits: Limits::default(),
            readable: Vec::new(),
        })
    }

    /// What a program gets that reads `readable` and writes the workspace.
    pub(crate) fn confine(&self, sandbox: &Sandbox) -> Confinement {
        sandbox.confine().writable(self.workspace()).readable(self.attempts.parent().unwrap())
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.base.join("workspace")
    }

    /// The environment of a run in the workspace.
    pub(crate) fn environment(&self) -> Environment {
        let temporary = self.workspace().join(".tmp");
        fs::create_dir_all(&temporary).unwrap();
        Environment::clean(&self.workspace(), &temporary)
    }

    pub(crate) fn shell(&self, script: &str) -> CommandSpec {
        CommandSpec::new("/bin/sh", self.workspace(), self.environment()).args(["-c", script])
    }
}

/// Collects lines.
#[derive(Default)]
pub(crate) struct Lines(Mutex<Vec<LogLine>>);

impl Lines {
    pub(crate) fn text(&self) -> String {
        let lines = self.0.lock().unwrap();
        lines.iter().filter(|line| line.stream != LogStream::System).map(|line| format!("{}\n", line.text)).collect()
    }
}

impl LineSink for Lines {
    fn line(&self, line: LogLine) {
        self.0.lock().unwrap().push(line);
    }
}

/// Runs a command to its end and gives what it printed.
pub(crate) async fn finish(command: &CommandSpec) -> (ProcessOutcome, String) {
    let lines = Arc::new(Lines::default());
    let capture = Capture::new(lines.clone(), 1024 * 1024);
    let bounds = Bounds::new(LONG, CancellationToken::new());
    let outcome = Box::pin(run(command, &bounds, &capture)).await;
    (outcome, lines.text())
}

/// As workers are: several threads, time, sockets.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A signal's name, or the exit code.
pub(crate) fn end_of(status: ExitStatus) -> String {
    match status.signal() {
        Some(signal) => signal_name(signal),
        None => format!("exit {}", status.code().unwrap_or(-1)),
    }
}

pub(crate) fn signal_name(signal: i32) -> String {
    match signal {
        libc::SIGSYS => "SIGSYS".to_owned(),
        libc::SIGSEGV => "SIGSEGV".to_owned(),
        other => format!("signal {other}"),
    }
}

/// A word that no other process of this machine has in its command line.
pub(crate) fn unique_seconds() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("86400.{:07}{:03}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// How many processes are alive that run `sleep` with these seconds.
pub(crate) fn sleepers(seconds: &str) -> usize {
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    processes
        .filter(|process| {
            let command = fs::read(process.join("cmdline")).unwrap_or_default();
            command.starts_with(b"sleep\0") && String::from_utf8_lossy(&command).contains(seconds)
        })
        .count()
}
