//! The measured server, in a process of its own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jct_exec::process::{Bounds, Capture, CommandSpec, Environment, ProcessEnd, ProcessOutcome, run};
use jct_exec::{LineSink, LogLine};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::load::{Call, Connection};
use super::scratch::Scratch;
use crate::exit::Exit;
use crate::failure::Failure;

/// A server that is not there after this long will not come.
const START_LIMIT: Duration = Duration::from_secs(30);
/// No measurement takes longer.
const LIFE_LIMIT: Duration = Duration::from_secs(6 * 3600);
/// Output kept of the server, for when it fails.
const OUTPUT_LIMIT: usize = 64 * 1024;
/// What the server prints before its process id.
pub(super) const PID_LINE: &str = "pid ";

/// Which parts of a tower the process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Api,
    ApiWithoutAudit,
    Worker,
    Both,
}

/// A running server.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    pid: u32,
    start_up: Duration,
    cancel: CancellationToken,
    outcome: JoinHandle<ProcessOutcome>,
    lines: Arc<Lines>,
}

#[derive(Debug, Default)]
struct Lines(Mutex<Vec<String>>);

impl LineSink for Lines {
    fn line(&self, line: LogLine) {
        self.lock().push(line.text);
    }
}

impl Lines {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pid(&self) -> Option<u32> {
        self.lock().iter().find_map(|line| line.strip_prefix(PID_LINE)?.parse().ok())
    }
}

impl Server {
    /// Starts a process over the scratch database and waits until it is at work.
    pub(super) async fn start(scratch: &Scratch, part: Part) -> Result<Self, Failure> {
        let address = free_address()?;
        let command = command(scratch, part, address.port())?;
        let (cancel, lines) = (CancellationToken::new(), Arc::new(Lines::default()));
        let started = Instant::now();
        let outcome = tokio::spawn({
            let bounds = Bounds::new(LIFE_LIMIT, cancel.clone());
            let capture = Capture::new(Arc::clone(&lines) as Arc<dyn LineSink>, OUTPUT_LIMIT);
            async move { run(&command, &bounds, &capture).await }
        });
        let mut server = Self { address, pid: 0, start_up: Duration::ZERO, cancel, outcome, lines };
        let up = async {
            if part != Part::Worker {
                server.healthy(started).await?;
            }
            server.start_up = started.elapsed();
            server.told_pid(started).await
        };
        match up.await {
            Ok(pid) => Ok(Self { pid, ..server }),
            Err(failure) => Err(server.stop().await.err().unwrap_or(failure)),
        }
    }

    /// Waits for the first 200 on `/health`.
    async fn healthy(&self, started: Instant) -> Result<(), Failure> {
        loop {
            let call = Call { method: hyper::Method::GET, path: "/health".to_owned(), body: bytes::Bytes::new() };
            if let Ok(mut connection) = Connection::open(self.address).await
                && let Ok((hyper::StatusCode::OK, _)) = connection.send(call).await
            {
                return Ok(());
            }
            self.still_coming(started)?;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn told_pid(&self, started: Instant) -> Result<u32, Failure> {
        loop {
            if let Some(pid) = self.lines.pid() {
                return Ok(pid);
            }
            self.still_coming(started)?;
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn still_coming(&self, started: Instant) -> Result<(), Failure> {
        if self.outcome.is_finished() || started.elapsed() > START_LIMIT {
            return Err(Failure::new(Exit::Local, "the measured server did not start"));
        }
        Ok(())
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) const fn pid(&self) -> u32 {
        self.pid
    }

    /// From the start of the process to the first 200 on `/health`.
    pub(super) const fn start_up(&self) -> Duration {
        self.start_up
    }

    /// Ends the process; a process that had ended by itself is a failure.
    pub(super) async fn stop(self) -> Result<(), Failure> {
        self.cancel.cancel();
        let outcome =
            self.outcome.await.map_err(|error| Failure::caused(Exit::Local, "the measured server was lost", &error))?;
        match outcome.end {
            ProcessEnd::Cancelled => Ok(()),
            end => {
                let failure = Failure::new(Exit::Local, format!("the measured server ended by itself: {end:?}"));
                Err(self
                    .lines
                    .lock()
                    .iter()
                    .rev()
                    .take(20)
                    .rev()
                    .fold(failure, |failure, line| failure.detail(line.as_str())))
            }
        }
    }
}

fn command(scratch: &Scratch, part: Part, port: u16) -> Result<CommandSpec, Failure> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::caused(Exit::Local, "this program does not find itself", &error))?;
    let folder = scratch.folder();
    let environment = Environment::clean(&folder, &folder).with("DATABASE_URL", scratch.address());
    let parts: &[&str] = match part {
        Part::Api => &["--api"],
        Part::ApiWithoutAudit => &["--api", "--without-audit"],
        Part::Worker => &["--worker"],
        Part::Both => &["--api", "--worker"],
    };
    let port = port.to_string();
    Ok(CommandSpec::new(program, folder, environment).args(["bench", "serve", "--port", &port].iter().chain(parts)))
}

/// A port of this machine that was free a moment ago.
fn free_address() -> Result<SocketAddr, Failure> {
    let found = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    found.map_err(|error| Failure::caused(Exit::Local, "this machine has no free port", &error))
}
