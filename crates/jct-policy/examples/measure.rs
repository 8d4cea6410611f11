//! Prints what the door, the one spelling and the gate cost on this machine, one core, for a typical task.
//!
//! Run with `cargo run --release -p jct-policy --example measure`.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use jct_contract::TaskSpec;
use jct_policy::{PolicyConfig, decide, evaluate};

const BODY: &str = r#"{
  "version": "1.0",
  "idempotency_key": "nightly-survey-2026-03-14",
  "requested_by": {"kind": "agent", "id": "jules", "label": "Nightly survey"},
  "objective": "Report on languages, largest files, licences and open notes of the payment service",
  "operation": "analysis",
  "target": {"repo": "MyOrg/Payment-Service.git", "ref": "main", "path": "services/payment"},
  "constraints": {"time_budget_seconds": 600, "allow_network": false, "allow_secrets": false},
  "inputs": {"depth": 3, "include": ["rs", "toml"], "ratio": 0.25},
  "metadata": {"ticket": "PAY-1234", "team": "payments"},
  "acceptance_criteria": ["A report exists"]
}"#;

fn main() -> Result<(), Box<dyn Error>> {
    let policy = PolicyConfig::from_prefix_list("partner/,other/team,myorg/")?;
    let spec = TaskSpec::from_json(BODY.as_bytes())?;
    let task = spec.normalize()?;
    println!("task of {} bytes", BODY.len());
    measure("door", 200_000, || TaskSpec::from_json(black_box(BODY.as_bytes())).is_ok());
    measure("normalise and digest", 200_000, || black_box(&spec).normalize().is_ok());
    measure("door, normalise, digest", 200_000, || {
        TaskSpec::from_json(black_box(BODY.as_bytes())).is_ok_and(|spec| spec.normalize().is_ok())
    });
    measure("evaluate (normalises and digests)", 200_000, || evaluate(black_box(&spec), &policy).is_ok());
    measure("decide", 20_000_000, || decide(black_box(&task), black_box(&policy)).is_ok());
    Ok(())
}

fn measure(what: &str, times: u32, mut action: impl FnMut() -> bool) {
    let start = Instant::now();
    let mut succeeded = 0_u32;
    for _ in 0..times {
        succeeded += u32::from(action());
    }
    let each = start.elapsed() / times;
    println!("{what:36} {:>8} ns   {succeeded} of {times} succeeded", each.as_nanos());
}
