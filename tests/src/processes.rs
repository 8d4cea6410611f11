//! The real binaries as real processes, to be ended without warning.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::{Client, Database, OPERATOR_KEY, SampleRepository};

/// A tower of processes over one database and one trace root.
#[derive(Debug)]
pub struct Processes {
    database: Database,
    folder: tempfile::TempDir,
    repository: SampleRepository,
    port: u16,
    api: Option<Child>,
    workers: Vec<Option<Child>>,
}

/// A port that was free a moment ago.
#[must_use]
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Processes {
    /// Builds the binaries if they are not, and prepares a tower with room for `workers`; nothing is started yet.
    #[must_use]
    pub fn new(database: Database, workers: usize) -> Self {
        binaries();
        let folder = tempfile::tempdir().unwrap();
        let workers = std::iter::repeat_with(|| None).take(workers).collect();
        Self { database, folder, repository: SampleRepository::new(), port: free_port(), api: None, workers }
    }

    /// The database behind it.
    #[must_use]
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// How many workers there is room for.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.workers.len()
    }

    /// The operator, talking to the API.
    #[must_use]
    pub fn operator(&self) -> Client {
        Client::new(&format!("http://127.0.0.1:{}", self.port), Some(OPERATOR_KEY))
    }

    /// Starts the API and waits until it answers; returns how long that took.
    pub fn start_api(&mut self) -> Duration {
        let start = Instant::now();
        let mut command = self.command("jct-api");
        command.args(["--port", &self.port.to_string()]).env("JCT_API_WORKERS", "2");
        self.api = Some(spawn(command));
        let client = self.operator();
        while !client.try_call("GET", "/health", &[], b"").is_ok_and(|answer| answer.status == 200) {
            assert!(start.elapsed() < Duration::from_secs(60), "the API does not come up");
            std::thread::sleep(Duration::from_millis(10));
        }
        start.elapsed()
    }

    /// Starts worker number `n`.
    pub fn start_worker(&mut self, n: usize) {
        let mut command = self.command("jct-worker");
        command.args(["--name", &format!("worker-{n}"), "--slots", "8"]);
        self.workers[n] = Some(spawn(command));
    }

    /// Starts every worker again that ended by itself.
    pub fn revive_workers(&mut self) {
        for n in 0..self.workers.len() {
            if self.workers[n].as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(Some(_)))) {
                self.start_worker(n);
            }
        }
    }

    /// Asks worker number `n` to end, and waits until it has.
    pub fn end_worker(&mut self, n: usize) {
        if let Some(child) = self.workers[n].take() {
            end(child);
        }
    }

    /// `kill -9`.
    pub fn kill_api(&mut self) {
        kill(self.api.take());
    }

    /// `kill -9`.
    pub fn kill_worker(&mut self, n: usize) {
        kill(self.workers[n].take());
    }

    /// Stops worker number `n` in the middle of whatever it does, for `pause`; then lets it go on as if nothing had
    /// happened. It does not know that its leases ran out.
    pub fn pause_worker(&mut self, n: usize, pause: Duration) {
        if let Some(child) = &self.workers[n] {
            signal(child, "-STOP");
            std::thread::sleep(pause);
            signal(child, "-CONT");
        }
    }

    /// Asks everybody to end, and waits until they have.
    pub fn stop(&mut self) {
        let children = self.workers.iter_mut().filter_map(Option::take).chain(self.api.take());
        children.collect::<Vec<_>>().into_iter().for_each(end);
    }

    /// How long the leases of these workers last.
    #[must_use]
    pub const fn lease(&self) -> Duration {
        Duration::from_secs(LEASE_SECONDS)
    }

    fn command(&self, name: &str) -> Command {
        let at = |name: &str| self.folder.path().join(name);
        let config = at("jct.toml");
        let source = self.repository.path().display();
        std::fs::write(&config, format!("[[repo_sources]]\nrepo = \"myorg/app\"\nurl = \"{source}\"\n")).unwrap();
        let mut command = Command::new(binaries().join(name));
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("JCT_") || variable == "DATABASE_URL" {
                command.env_remove(variable);
            }
        }
        command
            .current_dir(self.folder.path())
            .env("DATABASE_URL", self.database.address())
            .env("JCT_CONFIG", config)
            .env("JCT_API_KEY", OPERATOR_KEY)
            .env("JCT_ALLOWED_REPO_PREFIXES", "myorg/")
            .env("JCT_TRACE_ROOT", at("traces"))
            .env("JCT_WORKER_WORKSPACE_ROOT", at("workspaces"))
            .env("JCT_WORKER_CACHE_ROOT", at("repos"))
            // Both processes reap, so both must know how tasks are tried again.
            .env("JCT_WORKER_LEASE_SECONDS", LEASE_SECONDS.to_string())
            .env("JCT_WORKER_HEARTBEAT_SECONDS", "1")
            .env("JCT_WORKER_BACKOFF_BASE_SECONDS", "0")
            .env("JCT_WORKER_MAX_ATTEMPTS", "100")
            .env("JCT_LOG", std::env::var("JCT_TEST_LOG").unwrap_or_else(|_| "warn".to_owned()))
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }
}

const LEASE_SECONDS: u64 = 3;

impl Drop for Processes {
    fn drop(&mut self) {
        kill(self.api.take());
        for worker in &mut self.workers {
            kill(worker.take());
        }
    }
}

fn spawn(mut command: Command) -> Child {
    // Whatever a process says is shown only if the test fails, by the test's own capture.
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    if let Some(said) = child.stderr.take() {
        let show = std::env::var_os("JCT_TEST_LOG").is_some();
        std::thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                if show || line.contains("panicked") {
                    eprintln!("{line}");
                }
            }
        });
    }
    child
}

fn signal(child: &Child, signal: &str) {
    // A process that is gone needs no signal.
    drop(Command::new("kill").args([signal, &child.id().to_string()]).status());
}

/// SIGTERM, and patience.
fn end(mut child: Child) {
    signal(&child, "-TERM");
    let start = Instant::now();
    while matches!(child.try_wait(), Ok(None)) {
        if start.elapsed() > Duration::from_secs(90) {
            kill(Some(child));
            panic!("a process did not end when it was asked to");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn kill(child: Option<Child>) {
    if let Some(mut child) = child {
        // A process that ended by itself is dead as well.
        drop(child.kill());
        drop(child.wait());
    }
}

/// The folder of the binaries, built once with the profile of this test. Cargo tells a test only where its own package's
/// binaries are.
pub(crate) fn binaries() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let folder = test.parent().and_then(Path::parent).unwrap().to_owned();
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "-p", "jct-api", "-p", "jct-worker"]);
        if folder.ends_with("release") {
            build.arg("--release");
        }
        // The same folder, whatever the name of the target directory is.
        build.arg("--target-dir").arg(folder.parent().unwrap());
        build.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        assert!(build.status().unwrap().success(), "failed to build the binaries");
        folder
    })
}
