//! What a verification came to, for people and for scripts.

use jct_audit::{Finding, Report, Subject, Verdict};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::Output;

pub(super) fn show(report: &Report, output: &Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.document(&document(report));
    }
    output.line(format!("{}: {}", report.verdict, sentence(report.verdict)))?;
    output.line(format!(
        "{} entries about {} objects, {} checkpoints",
        report.entries, report.entities, report.checkpoints
    ))?;
    if !report.outside_copy {
        output.line("no copy of the checkpoints was given: see --checkpoints")?;
    }
    if report.uncovered + report.inside_only > 0 {
        output.line(format!(
            "{} entries are covered by no checkpoint, {} by checkpoints that only the database holds",
            report.uncovered, report.inside_only
        ))?;
    }
    if !report.key_pinned {
        output.line("no key was given to trust: the keys are those that the log names itself; see --public-key")?;
    }
    for finding in &report.findings {
        output.line(format!("  {}: {finding}", finding.problem))?;
    }
    if report.findings_left_out > 0 {
        output.line(format!("  and {} more", report.findings_left_out))?;
    }
    Ok(())
}

const fn sentence(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Intact => "nothing was changed, and everything is also anchored outside",
        Verdict::NotYetAnchored => "no change shows, but not everything is anchored outside",
        Verdict::Altered => "entries were changed, added or taken out",
        Verdict::Reordered => "entries are not in their places",
        Verdict::Truncated => "the end of a chain or of the log is missing",
        Verdict::CheckpointBroken => "a checkpoint or key is missing or forged",
    }
}

fn document(report: &Report) -> Value {
    // Taken apart in full, so that a new field cannot be forgotten here.
    let Report {
        verdict,
        findings,
        findings_left_out,
        entries,
        entities,
        checkpoints,
        last_checkpoint,
        last_anchored,
        uncovered,
        inside_only,
        key_pinned,
        outside_copy,
    } = report;
    json!({
        "verdict": verdict.as_str(),
        "entries": entries,
        "objects": entities,
        "checkpoints": checkpoints,
        "last_checkpoint": last_checkpoint,
        "last_anchored": last_anchored,
        "uncovered": uncovered,
        "inside_only": inside_only,
        "key_pinned": key_pinned,
        "outside_copy": outside_copy,
        "findings": findings.iter().map(of_finding).collect::<Vec<_>>(),
        "findings_left_out": findings_left_out,
    })
}

fn of_finding(finding: &Finding) -> Value {
    let subject = match &finding.subject {
        Subject::Entry { entity_kind, entity_id, seq } => {
            json!({ "entity_kind": entity_kind, "entity_id": entity_id, "seq": seq })
        }
        Subject::Checkpoint { number } => json!({ "checkpoint": number }),
        Subject::Keys => json!("keys"),
        Subject::Log => json!("log"),
    };
    json!({
        "problem": finding.problem.as_str(),
        "subject": subject,
        "expected": finding.expected,
        "found": finding.found,
        "message": finding.to_string(),
    })
}
