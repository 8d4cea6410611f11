//! What isolation costs: starting `true` and waiting for its end, at each level.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jct_exec::process::{Bounds, Capture, CommandSpec, Environment, ProcessEnd, run};
use jct_exec::sandbox::{IsolationLevel, Launcher, Sandbox, SandboxOptions};
use jct_exec::{LineSink, LogLine};
use tokio_util::sync::CancellationToken;

use super::goals::{Engine, Measured, Metric};
use super::latency::Latencies;
use crate::context::block_on;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Most starts before those that are measured.
const WARM_UP: u32 = 20;
/// None of them takes nearly as long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A way to start a program, and the numbers that come of it.
const WAYS: [(Option<IsolationLevel>, Metric, Metric); 4] = [
    (None, Metric::SpawnBareP50, Metric::SpawnBareP99),
    (Some(IsolationLevel::L1), Metric::SpawnL1P50, Metric::SpawnL1P99),
    (Some(IsolationLevel::L2), Metric::SpawnL2P50, Metric::SpawnL2P99),
    (Some(IsolationLevel::L3), Metric::SpawnL3P50, Metric::SpawnL3P99),
];

/// `count` starts for each number, one after the other, as a worker's runs do it. A level that this machine does not give
/// is left out.
pub(super) fn measure(count: u32, output: &Output) -> Result<Vec<Measured>, Failure> {
    let folder = tempfile::tempdir()
        .map_err(|error| Failure::caused(Exit::Local, "there is no folder to start programs in", &error))?;
    let mut measured = Vec::new();
    for (level, p50, p99) in WAYS {
        let Some(command) = command(level, folder.path(), output) else { continue };
        let found = block_on(starts(&command, count))?.percentiles();
        measured.push(Measured::new(p50, Engine::None, found.p50_ms));
        measured.push(Measured::new(p99, Engine::None, found.p99_ms));
    }
    Ok(measured)
}

/// `true`, confined to `level`.
fn command(level: Option<IsolationLevel>, folder: &Path, output: &Output) -> Option<CommandSpec> {
    let bare = CommandSpec::new("true", folder, Environment::clean(folder, folder));
    let Some(level) = level else { return Some(bare) };
    let options = SandboxOptions { level: Some(level), minimum: level, ..SandboxOptions::new(Launcher::current_exe()) };
    match Sandbox::new(options) {
        Ok(sandbox) => Some(bare.confined(sandbox.confine().writable(folder))),
        Err(error) => {
            output.note(format!("not measured: {error}"));
            None
        }
    }
}

async fn starts(command: &CommandSpec, count: u32) -> Result<Latencies, Failure> {
    let mut latencies = Latencies::new()?;
    let warm_up = WARM_UP.min(count);
    for number in 0..warm_up + count {
        let bounds = Bounds::new(PATIENCE, CancellationToken::new());
        let started = Instant::now();
        let outcome = run(command, &bounds, &Capture::new(Arc::new(Nowhere), 0)).await;
        let took = started.elapsed();
        match outcome.end {
            ProcessEnd::Exited { code: 0 } if number >= warm_up => latencies.record(took),
            ProcessEnd::Exited { code: 0 } => {}
            other => return Err(Failure::new(Exit::Negative, format!("`true` ended as {other:?}"))),
        }
    }
    Ok(latencies)
}

/// `true` says nothing.
struct Nowhere;

impl LineSink for Nowhere {
    fn line(&self, _: LogLine) {}
}
