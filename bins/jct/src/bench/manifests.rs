//! Manifests alone: checked from their bytes on, one core.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use jct_manifest::RawManifest;

use super::goals::{Engine, Measured, Metric};
use super::latency::Latencies;
use crate::exit::Exit;
use crate::failure::Failure;

/// A manifest as people write them.
const SAMPLE: &str = include_str!("../../../../examples/manifests/local-notes.yaml");
const WARM_UP: Duration = Duration::from_millis(500);
/// Checks between two looks at the clock.
const BLOCK: u32 = 20;
/// Times that the nested aliases are refused; told is the slowest of most.
const REFUSALS: u32 = 1_000;
/// Levels of aliases, and aliases on each: 1.7 million values, if anybody unfolded them.
const LEVELS: u32 = 8;
const WIDTH: usize = 6;

pub(super) fn measure(span: Duration) -> Result<Vec<Measured>, Failure> {
    checks(WARM_UP)?;
    let (rate, bomb) = (checks(span)?, refusals()?);
    Ok([(Metric::ManifestRate, rate), (Metric::AliasBomb, bomb)]
        .map(|(metric, value)| Measured::new(metric, Engine::None, value))
        .into())
}

/// Manifests checked in a second.
fn checks(span: Duration) -> Result<f64, Failure> {
    let (started, mut blocks) = (Instant::now(), 0_u32);
    while started.elapsed() < span {
        for _ in 0..BLOCK {
            let checked = RawManifest::new(black_box(SAMPLE).as_bytes().to_vec()).validate();
            checked.map_err(|error| Failure::caused(Exit::Negative, "the measured manifest was refused", &error))?;
        }
        blocks += 1;
    }
    Ok(f64::from(blocks) * f64::from(BLOCK) / started.elapsed().as_secs_f64())
}

/// Microseconds in which 99 of 100 documents of nested aliases are refused.
fn refusals() -> Result<f64, Failure> {
    let bomb = bomb();
    let mut latencies = Latencies::new()?;
    for _ in 0..REFUSALS {
        let bytes = black_box(&bomb).as_bytes().to_vec();
        let started = Instant::now();
        let refused = RawManifest::new(bytes).validate().is_err();
        latencies.record(started.elapsed());
        if !refused {
            return Err(Failure::new(Exit::Negative, "a document of nested aliases was taken for a manifest"));
        }
    }
    Ok(latencies.percentiles().p99_ms * 1_000.0)
}

/// A document of a few hundred bytes that would be millions of values.
fn bomb() -> String {
    let mut text = format!("version: v0\nl0: &l0 [{}]\n", ["x"; WIDTH].join(","));
    for level in 1..LEVELS {
        let below = format!("*l{}", level - 1);
        // Writing to a string does not fail.
        let _written = writeln!(text, "l{level}: &l{level} [{}]", [below.as_str(); WIDTH].join(","));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_valid_and_the_bomb_is_small_and_refused() {
        assert!(RawManifest::new(SAMPLE.as_bytes().to_vec()).validate().is_ok());
        assert!(bomb().len() < 400, "{}", bomb().len());
        assert!(RawManifest::new(bomb().into_bytes()).validate().is_err());
    }
}
