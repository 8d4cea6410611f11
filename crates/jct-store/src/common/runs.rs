//! Runs of tasks that have an issue: opened with the lease and ended with it, so that nobody writes them without it. The
//! issue is moved along, unless people have closed it.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::{NormalizedTask, Timestamp, TraceId};
use jct_cwom::issue::{WorkEvent, follow};
use jct_cwom::task::{Attempt, TraceFile, artifact_of, run_of};
use jct_cwom::{
    Artifact, Cost, EvidencePack, Failure, NewArtifact, NewRun, ObjectKind, Ref, ReviewDecisionStatus, Run, RunMode,
    RunState, Status, Telemetry, review, run,
};
use jct_lifecycle::{AttemptEnd, ReasonCode};

use super::objects::{Author, Entity};
use super::{Conn, evidence, primitives};
use crate::StoreError;
use crate::additions::Additions;
use crate::context::Context;
use crate::journal::{Actor, Journal};
use crate::model::{ArtifactFile, NewEvidence, RunReport, WorkObject};
use crate::rows::{
    ArtifactRow, Birth, Chained, IssueRow, LeaseRow, RunLinks, RunPacketRow, RunRow, place_in_chain, time, to_trace_id,
    to_u32,
};
use crate::schema_objects::cwom_context_packets;
use crate::types::Id;

/// A lease that was just taken.
pub(super) struct Started {
    pub(super) lease: LeaseRow,
    /// The issue of its task, if there is one, and the task.
    pub(super) issue: Option<(Id, NormalizedTask)>,
}

/// The end of an attempt that had a run.
pub(super) struct Ended<'a> {
    pub(super) run: Id,
    pub(super) task_id: Id,
    pub(super) attempt: i64,
    pub(super) actor: Actor<'a>,
    pub(super) status: Status,
    pub(super) event: WorkEvent,
    pub(super) failure: Option<Failure>,
    /// Whether there is a sealed trace to look into.
    pub(super) has_trace: bool,
    pub(super) artifacts: &'a [ArtifactFile],
    pub(super) end: EndKind,
    /// What was found out about it, if somebody looked.
    pub(super) evidence: Option<&'a NewEvidence>,
    /// What it says of itself.
    pub(super) report: Option<&'a RunReport>,
}

/// How the attempt itself ended, whatever became of its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EndKind {
    Completed,
    Failed(ReasonCode),
    /// Nobody has anything to say about it: it was taken away, given back or called off.
    Other(ReasonCode),
}

impl EndKind {
    pub(super) fn of(end: &AttemptEnd) -> Self {
        match end {
            AttemptEnd::Completed { .. } => Self::Completed,
            AttemptEnd::Failed { reason, .. } => Self::Failed(*reason),
            AttemptEnd::Cancelled | AttemptEnd::GivenBack | AttemptEnd::LeaseLost => Self::Other(end.reason()),
        }
    }

    pub(super) const fn is_completed(self) -> bool {
        matches!(self, Self::Completed)
    }

    pub(super) const fn is_failed(self) -> bool {
        matches!(self, Self::Failed(_))
    }

    pub(super) const fn reason(self) -> ReasonCode {
        match self {
            Self::Completed => ReasonCode::Completed,
            Self::Failed(reason) | Self::Other(reason) => reason,
        }
    }
}

/// Opens a run for every lease whose task has an issue, and notes it on the lease.
pub(super) async fn open(
    conn: &mut Conn,
    context: Context<'_>,
    additions: &mut Additions,
    started: &mut [Started],
    actor: Actor<'_>,
) -> Result<(), StoreError> {
    let mut issues =
        locked_issues(conn, started.iter().filter_map(|started| Some(started.issue.as_ref()?.0)).collect()).await?;
    if issues.is_empty() {
        return Ok(());
    }
    let inputs = latest_packets(conn, issues.keys().copied().collect()).await?;
    for Started { lease, issue } in started {
        let Some((id, task)) = issue else { continue };
        let Some(issue) = issues.get_mut(id) else { continue };
        let (packet, snapshot) =
            inputs.get(&issue.id).map_or((None, None), |(packet, snapshot)| (Some(*packet), *snapshot));
        let attempt = Attempt {
            issue: issue.id.into(),
            repo: issue.repo_id.into(),
            context_packet: packet.map(Into::into),
            constraint_snapshot: snapshot.map(Into::into),
            worker: &lease.holder,
            ordinal: to_u32("attempt", lease.attempt)?,
        };
        let new = held_by(run_of(task, &attempt), lease, actor)?;
        lease.run_id = Some(open_one(context, additions, issue, &new, (actor, &to_trace_id(&lease.trace_id)?))?);
    }
    additions.moved_issues.extend(issues.into_values());
    Ok(())
}

/// Whoever holds the lease outside the tower is named as what it is.
fn held_by(mut new: NewRun, lease: &LeaseRow, actor: Actor<'_>) -> Result<NewRun, StoreError> {
    if lease.holder_kind != "worker" {
        let kind = actor.kind.parse().map_err(|_| StoreError::corrupt(format!("actor of kind `{}`", actor.kind)))?;
        // Whatever the task names, it is the holder that did it.
        new.executor.actor = jct_cwom::Actor { actor_kind: kind, actor_id: lease.holder.clone(), display: None };
        new.mode = match kind {
            jct_cwom::ActorKind::Human => RunMode::Human,
            jct_cwom::ActorKind::Agent => RunMode::Agent,
            jct_cwom::ActorKind::System => RunMode::System,
        };
    }
    Ok(new)
}

fn open_one(
    context: Context<'_>,
    additions: &mut Additions,
    issue: &mut IssueRow,
    new: &NewRun,
    (actor, trace_id): (Actor<'_>, &TraceId),
) -> Result<Id, StoreError> {
    let birth = Birth { at: context.shared.next_created_at(context.now), trace_id };
    let author = Author { actor, trace_id };
    let state = RunState {
        status: Status::Running,
        telemetry: Telemetry { started_at: Some(context.now), ..Telemetry::default() },
        ..RunState::default()
    };
    let mut row = RunRow::new(birth, new, place_in_chain(issue.audit_seq + 1));
    row.set_state(state.clone());
    let object = Run {
        id: row.id.into(),
        content: new.clone(),
        state,
        trace_id: Some(trace_id.clone()),
        created_at: birth.at,
        updated_at: birth.at,
    };
    let journal = &mut additions.journal;
    row.set_head(author.created(journal, &object.into())?);
    let shown = Ref::new(ObjectKind::Run, row.id.into());
    issue.set_head(author.linked(journal, &issue.head(), Entity::of(ObjectKind::Issue, issue.id), "runs", &shown));
    move_issue(journal, author, issue, WorkEvent::Started, context.now)?;
    let id = row.id;
    additions.run_packets.extend(RunPacketRow::list(id, &new.inputs.context_packets, row.created_at));
    additions.runs.push(row);
    Ok(id)
}

/// Ends the runs, registers what they left, and moves their issues along.
pub(super) async fn end(
    conn: &mut Conn,
    context: Context<'_>,
    additions: &mut Additions,
    ended: Vec<Ended<'_>>,
) -> Result<(), StoreError> {
    if ended.is_empty() {
        return Ok(());
    }
    let unproven = evidence::unproven(conn, &ended).await?;
    let runs = primitives::lock_runs(conn, ended.iter().map(|ended| ended.run).collect()).await?;
    let mut issues = locked_issues(conn, runs.iter().map(|run| run.issue_id).collect()).await?;
    let mut runs: HashMap<Id, RunRow> = runs.into_iter().map(|run| (run.id, run)).collect();
    for ended in &ended {
        let Some(run) = runs.get_mut(&ended.run) else {
            return Err(StoreError::corrupt(format!("run {} went away", ended.run.0)));
        };
        let trace_id = to_trace_id(&run.trace_id)?;
        let author = Author { actor: ended.actor, trace_id: &trace_id };
        register(context, additions, author, run, ended)?;
        end_one(&mut additions.journal, author, run, ended, context.now)?;
        let event = what_happened(ended.event, status_of(run.id, &run.status)?);
        let mut issue = issues.get_mut(&run.issue_id);
        if let Some(issue) = issue.as_deref_mut() {
            move_issue(&mut additions.journal, author, issue, event, context.now)?;
        }
        if let Some(pack) = evidence::pack(context, additions, author, run, ended, &unproven)? {
            approve(context, additions, author, run, issue, ended, &pack)?;
        }
    }
    additions.moved_runs.extend(runs.into_values());
    additions.moved_issues.extend(issues.into_values());
    Ok(())
}

/// What the issue hears of. Nothing waits for a review if people have ended the run meanwhile.
const fn what_happened(event: WorkEvent, run: Status) -> WorkEvent {
    match (event, run) {
        (WorkEvent::Completed, Status::Failed) => WorkEvent::Failed,
        (WorkEvent::Completed, Status::Canceled) => WorkEvent::Canceled,
        _ => event,
    }
}

/// A run that waits for a review is done if what was found out about it needs nobody's approval.
fn approve(
    context: Context<'_>,
    additions: &mut Additions,
    author: Author<'_>,
    run: &mut RunRow,
    issue: Option<&mut IssueRow>,
    ended: &Ended<'_>,
    pack: &EvidencePack,
) -> Result<(), StoreError> {
    let status = status_of(run.id, &run.status)?;
    let issue_status = issue.as_ref().map_or(Ok(Status::Done), |issue| status_of(issue.id, &issue.status))?;
    let Some(moves) = review::decide(status, issue_status, ReviewDecisionStatus::Approved) else { return Ok(()) };
    if !evidence::approve(context, additions, author, pack, ended)? {
        return Ok(());
    }
    let author = Author { actor: Actor::system("auto-approve"), ..author };
    move_run(&mut additions.journal, author, run, moves.run, context.now)?;
    if let (Some(issue), Some(to)) = (issue, moves.issue) {
        move_issue_to(&mut additions.journal, author, issue, to, context.now)?;
    }
    Ok(())
}

/// The files of the sealed trace become artifacts of the run.
fn register(
    context: Context<'_>,
    additions: &mut Additions,
    author: Author<'_>,
    run: &mut RunRow,
    ended: &Ended<'_>,
) -> Result<(), StoreError> {
    for file in ended.artifacts {
        let file = TraceFile {
            task: ended.task_id.into(),
            attempt: to_u32("attempt", ended.attempt)?,
            path: &file.path,
            size_bytes: file.size_bytes,
            digest: file.digest,
        };
        let new = artifact_of(&file, run.id.into(), run.issue_id.into());
        add_artifact(context, additions, author, run, (None, new))?;
    }
    Ok(())
}

/// Adds an artifact to a run, with an id of its own unless it has one.
pub(super) fn add_artifact(
    context: Context<'_>,
    additions: &mut Additions,
    author: Author<'_>,
    run: &mut RunRow,
    (id, new): (Option<Id>, NewArtifact),
) -> Result<(), StoreError> {
    let birth = Birth { at: context.shared.next_created_at(context.now), trace_id: author.trace_id };
    let mut row = ArtifactRow::new(birth, &new, place_in_chain(run.audit_seq + 1));
    row.id = id.unwrap_or(row.id);
    let object = Artifact {
        id: row.id.into(),
        content: new,
        trace_id: Some(author.trace_id.clone()),
        created_at: birth.at,
        updated_at: birth.at,
    };
    let journal = &mut additions.journal;
    row.set_head(author.created(journal, &object.into())?);
    let shown = Ref::new(ObjectKind::Artifact, row.id.into());
    let owner = Entity::of(ObjectKind::Run, run.id);
    run.set_head(author.linked(journal, &run.head(), owner, "outputs.artifacts", &shown));
    additions.artifacts.push(row);
    Ok(())
}

/// A run that somebody ended before stays as it is, except for what the attempt says of itself.
fn end_one(
    journal: &mut Journal,
    author: Author<'_>,
    run: &mut RunRow,
    ended: &Ended<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    // The links do not change here, so that neither side of the comparison needs them.
    let before = run.clone().read(RunLinks::default())?;
    let mut state = before.state.clone();
    // A blocked run was running all the same: its attempt says so by ending.
    for to in [Status::Running, ended.status] {
        if (to == ended.status || state.status == Status::Blocked) && run::next(state.status, to).is_ok() {
            let moved = (std::mem::replace(&mut state.status, to), to);
            run.set_head(author.moved(journal, &run.head(), Entity::of(ObjectKind::Run, run.id), moved, now));
        }
    }
    let started_at = state.telemetry.started_at.unwrap_or_else(|| time(run.created_at));
    state.telemetry.ended_at = Some(now);
    state.telemetry.duration_s = Some(seconds_between(started_at, now));
    state.failure = ended.failure.clone().or(state.failure);
    if let Some(report) = ended.report {
        note_report(&mut state, report);
    }
    if ended.has_trace {
        state.artifact_root_uri = Some(format!("/tasks/{}/trace?attempt={}", ended.task_id.0, ended.attempt));
    }
    let mut after = before.clone();
    run.set_state(state.clone());
    after.state = state;
    let compared = Run { state: RunState { status: after.state.status, ..before.state.clone() }, ..before };
    let updated_at = now.max(time(run.updated_at));
    if let Some(head) =
        author.changed(journal, &run.head(), &WorkObject::from(compared), &WorkObject::from(after), updated_at)?
    {
        run.set_head(head);
    }
    run.updated_at = updated_at.as_micros();
    Ok(())
}

/// What the attempt says of itself replaces what was known; what it does not say stays.
fn note_report(state: &mut RunState, report: &RunReport) {
    let RunReport { cost, turns, tokens_in, tokens_out, model, isolation } = report;
    let level = isolation.as_ref().and_then(|report| report.get("effective")?.as_str()?.parse().ok());
    state.cost = Cost {
        usd: cost.usd.or(state.cost.usd),
        tokens: cost.tokens.or(state.cost.tokens),
        compute_s: cost.compute_s.or(state.cost.compute_s),
    };
    let telemetry = &mut state.telemetry;
    telemetry.turns = turns.or(telemetry.turns);
    telemetry.tokens_in = tokens_in.or(telemetry.tokens_in);
    telemetry.tokens_out = tokens_out.or(telemetry.tokens_out);
    telemetry.model = model.clone().or_else(|| telemetry.model.take());
    telemetry.isolation = level.or(telemetry.isolation);
}

fn seconds_between(from: Timestamp, to: Timestamp) -> f64 {
    let micros = u32::try_from((to.as_micros() - from.as_micros()).max(0) / 1_000).unwrap_or(u32::MAX);
    f64::from(micros) / 1_000.0
}

/// Moves the issue of a task that ended while nobody held it.
pub(super) async fn follow_task(
    conn: &mut Conn,
    context: Context<'_>,
    additions: &mut Additions,
    issue: Option<Id>,
    event: WorkEvent,
    (actor, trace_id): (Actor<'_>, &str),
) -> Result<(), StoreError> {
    let Some(mut issue) = locked_issues(conn, issue.into_iter().collect()).await?.into_values().next() else {
        return Ok(());
    };
    let trace_id = to_trace_id(trace_id)?;
    move_issue(&mut additions.journal, Author { actor, trace_id: &trace_id }, &mut issue, event, context.now)?;
    additions.moved_issues.push(issue);
    Ok(())
}

fn move_issue(
    journal: &mut Journal,
    author: Author<'_>,
    issue: &mut IssueRow,
    event: WorkEvent,
    now: Timestamp,
) -> Result<(), StoreError> {
    let from = status_of(issue.id, &issue.status)?;
    follow(from, event).map_or(Ok(()), |to| move_issue_to(journal, author, issue, to, now))
}

/// Moves the issue to a state that can follow its own.
pub(super) fn move_issue_to(
    journal: &mut Journal,
    author: Author<'_>,
    issue: &mut IssueRow,
    to: Status,
    now: Timestamp,
) -> Result<(), StoreError> {
    let from = status_of(issue.id, &issue.status)?;
    let updated_at = now.max(time(issue.updated_at));
    let owner = Entity::of(ObjectKind::Issue, issue.id);
    issue.set_head(author.moved(journal, &issue.head(), owner, (from, to), updated_at));
    to.as_str().clone_into(&mut issue.status);
    issue.updated_at = updated_at.as_micros();
    Ok(())
}

/// Moves the run to a state that can follow its own.
pub(super) fn move_run(
    journal: &mut Journal,
    author: Author<'_>,
    run: &mut RunRow,
    to: Status,
    now: Timestamp,
) -> Result<(), StoreError> {
    let from = status_of(run.id, &run.status)?;
    let updated_at = now.max(time(run.updated_at));
    run.set_head(author.moved(journal, &run.head(), Entity::of(ObjectKind::Run, run.id), (from, to), updated_at));
    to.as_str().clone_into(&mut run.status);
    run.updated_at = updated_at.as_micros();
    Ok(())
}

fn status_of(id: Id, status: &str) -> Result<Status, StoreError> {
    status.parse().map_err(|_| StoreError::corrupt(format!("status `{status}` of work object {}", id.0)))
}

async fn locked_issues(conn: &mut Conn, ids: HashSet<Id>) -> Result<HashMap<Id, IssueRow>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = primitives::lock_issues(conn, ids.into_iter().collect()).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The latest context packet of each issue, and the snapshot that it names.
async fn latest_packets(conn: &mut Conn, issues: Vec<Id>) -> Result<HashMap<Id, (Id, Option<Id>)>, StoreError> {
    use cwom_context_packets::dsl;
    let packets: Vec<(Id, Id, Option<Id>)> = cwom_context_packets::table
        .filter(dsl::issue_id.eq_any(issues))
        .order(dsl::id)
        .select((dsl::issue_id, dsl::id, dsl::constraint_snapshot_id))
        .load(conn)
        .await?;
    // The last one of an issue wins.
    Ok(packets.into_iter().map(|(issue, packet, snapshot)| (issue, (packet, snapshot))).collect())
}
