//! One transaction's worth of commands: those of a kind are written together.

use super::{
    Conn, admin, agents, audit_writes, change, claim, controls, egress, enqueue, event_work, events, job_artifacts,
    lease, manifests, objects, reap, reviews, settle, taken_artifacts, worker_tokens, workflow_runs,
};
use crate::StoreError;
use crate::command::{Answer, Command};
use crate::context::Context;
use crate::journal::Actor;
use crate::model::{NewTask, Settlement};

/// Runs `commands` inside the open transaction of `conn`; one answer each, in order. After an error nothing may be
/// committed.
pub(crate) async fn run(
    conn: &mut Conn,
    context: Context<'_>,
    commands: &[&Command],
) -> Result<Vec<Answer>, StoreError> {
    let mut answers: Vec<Option<Answer>> = Vec::new();
    answers.resize_with(commands.len(), || None);
    enqueue_all(conn, context, commands, &mut answers).await?;
    settle_all(conn, context, commands, &mut answers).await?;
    events::post_all(conn, context, commands, &mut answers).await?;
    objects::lock(conn, commands).await?;
    for (answer, command) in answers.iter_mut().zip(commands) {
        if answer.is_none() {
            *answer = Some(single(conn, context, command).await?);
        }
    }
    answers.into_iter().map(|answer| answer.ok_or_else(|| StoreError::corrupt("a command without an answer"))).collect()
}

async fn enqueue_all(
    conn: &mut Conn,
    context: Context<'_>,
    commands: &[&Command],
    answers: &mut [Option<Answer>],
) -> Result<(), StoreError> {
    let sizes: Vec<Option<usize>> = commands
        .iter()
        .map(|command| match command {
            Command::Enqueue(tasks) => Some(tasks.len()),
            _ => None,
        })
        .collect();
    let tasks: Vec<&NewTask> = commands
        .iter()
        .flat_map(|command| match command {
            Command::Enqueue(tasks) => tasks.as_slice(),
            _ => &[],
        })
        .collect();
    if sizes.iter().all(Option::is_none) {
        return Ok(());
    }
    let mut enqueued = enqueue::enqueue(conn, context, &tasks).await?.into_iter();
    for (answer, size) in answers.iter_mut().zip(sizes) {
        if let Some(size) = size {
            *answer = Some(Answer::Enqueued(enqueued.by_ref().take(size).collect()));
        }
    }
    Ok(())
}

async fn settle_all(
    conn: &mut Conn,
    context: Context<'_>,
    commands: &[&Command],
    answers: &mut [Option<Answer>],
) -> Result<(), StoreError> {
    let (places, settlements): (Vec<usize>, Vec<&Settlement>) = commands
        .iter()
        .enumerate()
        .filter_map(|(place, command)| match command {
            Command::Settle(settlement) => Some((place, settlement.as_ref())),
            _ => None,
        })
        .unzip();
    if settlements.is_empty() {
        return Ok(());
    }
    for (place, answer) in places.into_iter().zip(settle::settle(conn, context, &settlements).await?) {
        if let Some(slot) = answers.get_mut(place) {
            *slot = Some(Answer::Settled(answer));
        }
    }
    Ok(())
}

async fn single(conn: &mut Conn, context: Context<'_>, command: &Command) -> Result<Answer, StoreError> {
    Ok(match command {
        Command::Enqueue(_) | Command::Settle(_) => {
            return Err(StoreError::corrupt("a command of a kind that is written together came alone"));
        }
        Command::Claim(claim) => Answer::Claimed(claim::claim(conn, context, claim).await?),
        Command::Heartbeat { worker_id, leases, lease: length } => {
            Answer::Heartbeat(lease::heartbeat(conn, context, (*worker_id).into(), leases, *length).await?)
        }
        Command::Record { lease: held, events } => Answer::Recorded(lease::record(conn, context, *held, events).await?),
        Command::Reap { retry, limit, jitter } => {
            Answer::Reaped(reap::reap(conn, context, *retry, *limit, *jitter).await?)
        }
        Command::ChangeStatus(change) => Answer::Changed(change::change_status(conn, context, change).await?),
        Command::Pause { by, reason } => Answer::Done(admin::pause(conn, context, by, reason).await?),
        Command::Resume { by } => Answer::Done(admin::resume(conn, context, by).await?),
        Command::WorkerStarted(worker) => Answer::Done(admin::worker_started(conn, context, worker).await?),
        Command::WorkerSeen(id) => Answer::Done(admin::worker_seen(conn, context, *id).await?),
        Command::WorkerStopped(id) => Answer::Done(admin::worker_stopped(conn, context, *id).await?),
        Command::CreateKey(key) => Answer::Key(admin::create_key(conn, context, key).await?),
        Command::RevokeKey { name, by } => Answer::Key(admin::revoke_key(conn, context, name, by).await?),
        Command::Object(write) => objects::write(conn, context, write).await?,
        Command::Review(new) => Answer::Reviewed(Box::new(reviews::review(conn, context, new).await?)),
        Command::Egress { lease, records } => Answer::Recorded(egress::record(conn, context, *lease, records).await?),
        Command::Push(push) => Answer::Done(egress::push(conn, context, push).await?),
        Command::Seal(checkpoint) => Answer::Sealed(audit_writes::seal(conn, context, checkpoint).await?),
        Command::KeepAuditKey(key) => Answer::Sealed(audit_writes::keep_key(conn, context, key).await?),
        Command::CreateWorkerToken(new) => {
            Answer::WorkerToken(Box::new(Some(worker_tokens::create(conn, context, new).await?)))
        }
        Command::RevokeWorkerToken { id, by } => {
            Answer::WorkerToken(Box::new(worker_tokens::revoke(conn, context, *id, by).await?))
        }
        Command::WorkerTokenUsed(id) => Answer::Done(worker_tokens::used(conn, context, *id).await?),
        Command::AddJobArtifact { artifact, quota } => {
            Answer::JobArtifact(Box::new(job_artifacts::add(conn, context, artifact, *quota).await?))
        }
        Command::AddTakenArtifact { artifact, quota } => {
            Answer::TakenArtifact(Box::new(taken_artifacts::add(conn, context, artifact, *quota).await?))
        }
        Command::PutManifest(new) => Answer::ManifestPut(Box::new(manifests::put(conn, context, new).await?)),
        Command::CreateControl(new) => Answer::Control(Box::new(Some(controls::create(conn, context, new).await?))),
        Command::LiftControl { id, by } => Answer::Control(Box::new(controls::lift(conn, context, *id, by).await?)),
        Command::StartAgent { name, by } => Answer::Done(controls::start_agent(conn, context, name, by).await?),
        Command::LimitAgent { name, limit, by } => {
            Answer::Done(agents::limit(conn, context, (name, *limit), Actor::from(by)).await?)
        }
        Command::DeleteManifest { name, if_match, by } => {
            Answer::ManifestDeleted(manifests::delete(conn, context, (name, if_match.as_deref(), by)).await?)
        }
        Command::Event(write) => Answer::Event(Box::new(event_work::run(conn, context, write).await?)),
        Command::Workflow(write) => Answer::Workflow(Box::new(workflow_runs::write(conn, context, write).await?)),
    })
}
