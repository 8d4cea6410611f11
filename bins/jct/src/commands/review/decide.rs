//! `jct review approve`, `reject` and `request-changes`: a decision, bound to exactly what was read.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use clap::Args;
use jct_cwom::{CriterionStatus, ObjectKind, ReviewDecisionStatus};
use serde_json::{Value, json};

use super::{case::Case, show};
use crate::commands::cells::text;
use crate::commands::chosen::id_at;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// What is said about each of the three.
macro_rules! ends {
    () => {
        "\n\nReads the evidence first and decides about exactly that. Without --reason a person at a terminal is shown \
everything and asked for one; a script has to give it. Needs a key with the scope `reviews:decide`, whose principal \
neither handed the task in nor ran it. Ends with 6 if it did, and with 7 if the run does not wait for a \
review, has one, or has other evidence than --seen names.\n\n\
With --json: the tower's answer, with the review and `follow_up_task_id`."
    };
}

pub(super) const APPROVE: &str = concat!(
    "Examples:\n  jct review approve 01890a5d-ac96-774b-bcce-b302099a8057 --reason 'Does what it should'\n  \
jct review approve 01890a5d-ac96-774b-bcce-b302099a8057 --criterion 0=satisfied --reason 'Tried it by hand'",
    ends!()
);
pub(super) const REJECT: &str = concat!(
    "Example:\n  jct review reject 01890a5d-ac96-774b-bcce-b302099a8057 --reason 'We do not want this'",
    ends!()
);
pub(super) const REQUEST_CHANGES: &str = concat!(
    "Example:\n  jct review request-changes 01890a5d-ac96-774b-bcce-b302099a8057 --reason 'Keep the old name as well'\n\n\
Makes a follow-up task: the same work, with these words.",
    ends!()
);

/// Arguments of a decision.
#[derive(Debug, Args)]
pub(crate) struct DecideArgs {
    /// The run, a task (its latest run), or an evidence pack
    run: String,
    /// Why; asked for at a terminal
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Digest of the evidence pack that was read, as `jct review show` prints it
    #[arg(long, value_name = "DIGEST")]
    seen: Option<String>,
    /// What you see otherwise than the evidence: the number of a criterion and satisfied, not_satisfied, unverified or
    /// skipped; repeatable
    #[arg(long = "criterion", value_name = "NO=STATUS", value_parser = criterion)]
    criteria: Vec<(u32, CriterionStatus)>,
}

pub(super) fn run(args: DecideArgs, decision: ReviewDecisionStatus, context: &Context) -> Result<Exit, Failure> {
    let client = context.client()?;
    let output = context.output();
    let case = Case::read(&client, &args.run)?;
    let digest = case.digest();
    if let Some(seen) = args.seen.as_ref().filter(|seen| **seen != digest) {
        return Err(Failure::new(Exit::Conflict, "the evidence is not the one that was read")
            .detail(format!("read: {seen}"))
            .detail(format!("now:  {digest}"))
            .hint("look again with `jct review show`"));
    }
    let reason = match args.reason {
        Some(reason) => {
            if output.is_live() {
                case.change(&client)?.print(output)?;
            }
            reason
        }
        None => {
            must_be_asked(&case, output)?;
            show::print(&case, &case.change(&client)?, output)?;
            ask(decision)?
        }
    };
    let body = body(&case, decision, &reason, &args.criteria)?;
    let answer = client.post(&["cwom", "reviews"], &body)?.json()?;
    tell(&case, &answer, output)?;
    Ok(Exit::Success)
}

/// `0=satisfied`.
fn criterion(text: &str) -> Result<(u32, CriterionStatus), String> {
    let (number, status) = text.split_once('=').ok_or("it is a number, `=` and a status")?;
    let number = number.parse().map_err(|_| format!("`{number}` is no number of a criterion"))?;
    Ok((number, status.parse().map_err(|error| format!("{error}"))?))
}

/// Refuses where nobody could answer, or nothing is left to decide.
fn must_be_asked(case: &Case, output: &Output) -> Result<(), Failure> {
    if !io::stdin().is_terminal() || !output.is_live() {
        return Err(Failure::new(Exit::Usage, "a decision needs a reason").hint("say why with --reason"));
    }
    if case.review().is_some() {
        return Err(Failure::new(Exit::Conflict, "somebody has decided about this run already")
            .hint("`jct review show` tells who, and why"));
    }
    Ok(())
}

fn ask(decision: ReviewDecisionStatus) -> Result<String, Failure> {
    let mut out = io::stdout().lock();
    write!(out, "{decision}, because (nothing to leave it): ")?;
    out.flush()?;
    let mut line = String::new();
    io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| Failure::caused(Exit::Local, "the reason could not be read", &error))?;
    match line.trim() {
        "" => Err(Failure::new(Exit::Usage, "nothing was decided")),
        reason => Ok(reason.to_owned()),
    }
}

/// The decision as the tower takes it.
fn body(
    case: &Case,
    decision: ReviewDecisionStatus,
    reason: &str,
    criteria: &[(u32, CriterionStatus)],
) -> Result<Value, Failure> {
    let pack = &case.pack;
    let overrides = criteria
        .iter()
        .map(|(index, status)| {
            let known = usize::try_from(*index).ok().and_then(|index| pack.get("criteria_results")?.get(index));
            let known = known.ok_or_else(|| {
                Failure::new(Exit::Usage, format!("there is no criterion {index}"))
                    .hint("`jct review show` numbers the criteria")
            })?;
            Ok(json!({
                "criterion_index": index,
                "original_status": text(known, "status"),
                "override_status": status.as_str(),
                "reason": reason,
            }))
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let reference = |kind: ObjectKind, id: String| json!({ "kind": kind.as_str(), "id": id });
    let mut body = json!({
        "for_evidence_pack": reference(ObjectKind::EvidencePack, text(pack, "id")),
        "for_run": reference(ObjectKind::Run, id_at(pack, "for_run")),
        "for_issue": reference(ObjectKind::Issue, id_at(pack, "for_issue")),
        "decision": decision.as_str(),
        "decision_reason": reason,
        "criteria_overrides": overrides,
        "evidence_pack_digest": text(pack, "digest"),
    });
    if let Some(digest) = pack.pointer("/subject/diff_digest") {
        body["diff_digest"] = digest.clone();
    }
    Ok(body)
}

fn tell(case: &Case, answer: &Value, output: &Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.document(answer);
    }
    let decision = text(answer, "decision");
    output.line(format!("review {}: {decision}", text(answer, "id")))?;
    if answer.get("self_review").and_then(Value::as_bool).unwrap_or_default() {
        output.note("you handed the task in yourself; the review says so");
    }
    let follow_up = text(answer, "follow_up_task_id");
    if !follow_up.is_empty() {
        output.line(format!("follow-up task {follow_up}"))?;
        output.note(format!("watch it with `jct watch {follow_up}`"));
    }
    let changed = case.pack.pointer("/subject/head_commit") != case.pack.pointer("/subject/base_commit");
    if changed && answer.get("decision") == Some(&json!(ReviewDecisionStatus::Approved.as_str())) {
        output.note(format!("push it with `jct runs push {}`", case.run.id()));
    }
    Ok(())
}
