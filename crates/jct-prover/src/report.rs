//! Writes down what was found out, for people who look into the trace.

use std::io;

use jct_contract::Timestamp;
use jct_cwom::{Actor, EvidenceFindings};
use serde_json::{Value, json};

use crate::folder::{Artifacts, EVIDENCE_FOLDER};

/// `verdict.json`, `collected.json` and one file for each criterion.
pub(crate) fn write(artifacts: &Artifacts, findings: &EvidenceFindings, by: &Actor, at: Timestamp) -> io::Result<()> {
    let file = |name: &str, value: &Value| artifacts.write(&format!("{EVIDENCE_FOLDER}/{name}"), &pretty(value)?);
    file("verdict.json", &verdict(findings, by, at))?;
    let collected = json!({
        "evidence_collected": findings.evidence_collected,
        "evidence_missing": findings.evidence_missing,
    });
    file("collected.json", &collected)?;
    for result in &findings.criteria_results {
        file(&format!("criteria/criterion_{}.json", result.index), &serde_json::to_value(result)?)?;
    }
    Ok(())
}

fn verdict(findings: &EvidenceFindings, by: &Actor, at: Timestamp) -> Value {
    let EvidenceFindings {
        verdict,
        verdict_reason,
        reasons,
        check_results,
        checks_passed,
        checks_failed,
        checks_skipped,
        subject,
        isolation,
        // Those have files of their own.
        criteria_results: _,
        evidence_collected: _,
        evidence_missing: _,
    } = findings;
    json!({
        "verdict": verdict,
        "verdict_reason": verdict_reason,
        "reasons": reasons,
        "evaluated_at": at,
        "evaluated_by": by,
        "summary": {
            "checks_passed": checks_passed,
            "checks_failed": checks_failed,
            "checks_skipped": checks_skipped,
        },
        "check_results": check_results,
        "subject": subject,
        "isolation": isolation,
    })
}

pub(crate) fn pretty(value: &Value) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}
