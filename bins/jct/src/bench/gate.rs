//! The policy gate alone: no door, no store, one core.

use std::hint::black_box;
use std::time::{Duration, Instant};

use jct_policy::{PolicyConfig, decide, evaluate};

use super::bodies;
use super::goals::{Engine, Measured, Metric};
use crate::exit::Exit;
use crate::failure::Failure;

const WARM_UP: Duration = Duration::from_millis(500);

/// Decides on one task again and again: the rules alone on its normalised form, then everything from the task as the
/// door let it through to the admission, with one spelling and both digests.
pub(super) fn measure(span: Duration) -> Result<Vec<Measured>, Failure> {
    let policy = PolicyConfig::from_prefix_list(bodies::PREFIXES).map_err(|error| broken(&error))?;
    let (spec, task) = (bodies::spec(0)?, bodies::normalized()?);
    let rules = rate(span, 10_000, || decide(black_box(&task), black_box(&policy)).is_ok())?;
    let whole = rate(span, 100, || evaluate(black_box(&spec), black_box(&policy)).is_ok())?;
    Ok([(Metric::GateRate, rules), (Metric::EvaluateRate, whole)]
        .map(|(metric, rate)| Measured::new(metric, Engine::None, rate))
        .into())
}

/// Decisions a second; `block` of them lie between two looks at the clock.
fn rate(span: Duration, block: u32, admits: impl Fn() -> bool) -> Result<f64, Failure> {
    let blocks_for = |span: Duration| {
        let (started, mut blocks) = (Instant::now(), 0_u32);
        while started.elapsed() < span {
            if !(0..block).all(|_| admits()) {
                return Err(Failure::new(Exit::Negative, "the gate refused a task that its policy allows"));
            }
            blocks += 1;
        }
        Ok(f64::from(blocks) * f64::from(block) / started.elapsed().as_secs_f64())
    };
    blocks_for(WARM_UP)?;
    blocks_for(span)
}

fn broken(error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::caused(Exit::Local, "the measured policy is not one", error)
}
