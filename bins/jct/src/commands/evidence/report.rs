//! What a statement about a run says, for people and for scripts.

use jct_evidence::attestation::{Review, RunPredicate, RunStatement};
use serde_json::{Value, json};

use super::verify::Finding;
use crate::commands::cells::actor;
use crate::commands::review::print_pack;
use crate::failure::Failure;
use crate::output::{Column, Output, one_line};

/// Prints a finding and, if it is a good one, what the statement says.
pub(super) fn show(key_id: Option<&str>, finding: &Finding, output: &Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.document(&document(key_id, finding));
    }
    let key = key_id.unwrap_or("none");
    match finding {
        Finding::Verified(statement) => {
            output.line(format!("verified: signed with the trusted key {key}, and its parts fit each other"))?;
            said(statement, output)
        }
        Finding::NotPinned(statement) => {
            output.line("not pinned: its parts fit each other, but who signed it was not checked")?;
            output.line(format!("it names the key {key}; give the tower's public key with --key"))?;
            said(statement, output)
        }
        Finding::Altered(problem) => output.line(format!("altered: {}", told(problem))),
        Finding::UnknownKey(problem) => output.line(format!("unknown key: {}", told(problem))),
    }
}

fn document(key_id: Option<&str>, finding: &Finding) -> Value {
    let (verdict, problem, statement) = match finding {
        Finding::Verified(statement) => ("verified", None, Some(statement)),
        Finding::NotPinned(statement) => ("not_pinned", None, Some(statement)),
        Finding::Altered(problem) => ("altered", Some(told(problem)), None),
        Finding::UnknownKey(problem) => ("unknown_key", Some(told(problem)), None),
    };
    json!({ "verdict": verdict, "key_id": key_id, "problem": problem, "statement": statement })
}

/// A failure in one line.
fn told(problem: &Failure) -> String {
    match problem {
        Failure::Told(report) => report.lines().join(": "),
        Failure::ReaderGone => String::new(),
    }
}

fn said(statement: &RunStatement, output: &Output) -> Result<(), Failure> {
    // Taken apart in full, so that a new part cannot be forgotten here.
    let RunPredicate { tower, task, admission, run, materials, commits, evidence, review } = &statement.predicate;
    let text = |pointer: &str| task.spec.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    output.fields(&[
        ("tower", Some(tower.to_string())),
        ("task", Some(task.id.to_string())),
        ("objective", text("/objective").map(|objective| one_line(&objective, 100))),
        ("repository", text("/target/repo")),
        ("task digest", Some(task.digest.to_string())),
        ("let run by", Some(format!("decision {}", admission.decision_id))),
        ("policy digest", Some(admission.policy_digest.to_string())),
        ("run", Some(run.id.to_string())),
        ("attempt", Some(run.attempt.to_string())),
        ("by", Some(format!("{} with the executor {}", run.worker, run.executor))),
        ("started", run.started_at.map(|at| at.to_string())),
        ("ended", run.ended_at.map(|at| at.to_string())),
        ("materials", Some(materials.len().to_string()).filter(|_| !materials.is_empty())),
        ("names", Some(format!("{} commits and files by their digests", statement.subject.len()))),
    ])?;
    let mut pack = json!(evidence.pack);
    pack["id"] = json!(evidence.id);
    pack["digest"] = json!(evidence.digest);
    print_pack(&pack, output)?;
    if !commits.is_empty() {
        let columns = [Column::Plain("COMMIT"), Column::Plain("AUTHOR"), Column::Plain("SUBJECT")];
        let row = |commit: &jct_evidence::attestation::CommitFact| {
            vec![commit.id.to_string(), commit.author.clone(), one_line(&commit.subject, 60)]
        };
        output.table(&columns, &commits.iter().map(row).collect::<Vec<_>>())?;
    }
    match review {
        Some(review) => reviewed(review, output),
        None => output.line("nobody has decided about it"),
    }
}

fn reviewed(review: &Review, output: &Output) -> Result<(), Failure> {
    let Review { id, decision, record, reviewed_at } = review;
    output.fields(&[
        ("review", Some(id.to_string())),
        ("decision", Some(decision.decision.to_string())),
        ("by", Some(actor(&json!(record.reviewer)))),
        ("when", Some(reviewed_at.to_string())),
        ("reason", Some(decision.decision_reason.clone())),
        ("note", record.self_review.then(|| "whoever handed the task in decided about it".to_owned())),
    ])
}
