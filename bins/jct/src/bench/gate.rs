//! The policy gate alone: no door, no store, one core.

use std::hint::black_box;
use std::time::{Duration, Instant};

use jct_policy::{PolicyConfig, decide};

use super::bodies;
use super::goals::{Engine, Measured, Metric};
use crate::exit::Exit;
use crate::failure::Failure;

/// Decisions between two looks at the clock.
const BLOCK: u32 = 10_000;
const WARM_UP: Duration = Duration::from_millis(500);

/// Decides on one normalised task again and again.
pub(super) fn measure(span: Duration) -> Result<Vec<Measured>, Failure> {
    let policy = PolicyConfig::from_prefix_list(bodies::PREFIXES).map_err(|error| broken(&error))?;
    let task = bodies::normalized()?;
    let block = || (0..BLOCK).filter(|_| decide(black_box(&task), black_box(&policy)).is_ok()).count();
    let started = Instant::now();
    while started.elapsed() < WARM_UP {
        black_box(block());
    }
    let (started, mut decisions) = (Instant::now(), 0.0);
    while started.elapsed() < span {
        if block() != usize::try_from(BLOCK).unwrap_or(usize::MAX) {
            return Err(Failure::new(Exit::Negative, "the gate refused a task that its policy allows"));
        }
        decisions += f64::from(BLOCK);
    }
    Ok(vec![Measured::new(Metric::GateRate, Engine::None, decisions / started.elapsed().as_secs_f64())])
}

fn broken(error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::caused(Exit::Local, "the measured policy is not one", error)
}
