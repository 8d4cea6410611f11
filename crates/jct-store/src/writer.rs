//! What the writers of both engines share: the job, the splitting of what was drained, the answers.
//!
//! Commands that arrive while a commit is under way are drained together and committed together. If such a batch fails
//! for a reason that is not an answer, it is rolled back and each command is tried alone, so that one caller's failure
//! is never another's.

use tokio::sync::oneshot;

use crate::StoreError;
use crate::command::{Answer, Command, CommandResult};
use crate::model::{Enqueued, JobArtifactAnswer};

/// The most commands drained at once.
pub(crate) const MAX_COMMANDS: usize = 256;
/// The most rows of the largest kind in one transaction; also keeps a statement below PostgreSQL's 65,535 parameters.
const MAX_WEIGHT: usize = 2_000;

/// A command and whoever waits for its answer.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) command: Command,
    pub(crate) reply: oneshot::Sender<CommandResult>,
}

/// A command that has been taken away from its job's reply.
pub(crate) fn commands(jobs: &[Job]) -> Vec<&Command> {
    jobs.iter().map(|job| &job.command).collect()
}

/// Splits drained jobs into transactions of bearable size, keeping their order.
pub(crate) fn split(jobs: &mut Vec<Job>) -> Vec<Vec<Job>> {
    let mut batches: Vec<Vec<Job>> = Vec::new();
    let mut weight = MAX_WEIGHT;
    for job in jobs.drain(..) {
        let own = job.command.weight();
        if weight + own > MAX_WEIGHT || batches.is_empty() {
            batches.push(Vec::new());
            weight = 0;
        }
        weight += own;
        if let Some(batch) = batches.last_mut() {
            batch.push(job);
        }
    }
    batches
}

/// Answers every job; a caller that went away is no failure.
pub(crate) fn answer(jobs: Vec<Job>, answers: Vec<Answer>) {
    for (job, answer) in jobs.into_iter().zip(answers) {
        drop(job.reply.send(Ok(answer)));
    }
}

pub(crate) fn refuse(job: Job, error: StoreError) {
    drop(job.reply.send(Err(error)));
}

impl Command {
    /// How many rows of its largest kind a command may write.
    fn weight(&self) -> usize {
        match self {
            Self::Enqueue(tasks) => tasks.len(),
            Self::Claim(claim) => claim.limit as usize,
            Self::Heartbeat { leases, .. } => leases.len(),
            Self::Record { events, .. } => events.len(),
            Self::Reap { limit, .. } => *limit as usize,
            Self::Event(write) => write.weight(),
            Self::Workflow(write) => write.weight(),
            _ => 1,
        }
    }
}

/// Whether somebody might be waiting for what these writes did.
pub(crate) fn is_news(jobs: &[Job], answers: &[Answer]) -> bool {
    jobs.iter().zip(answers).any(|(job, answer)| match (&job.command, answer) {
        (
            Command::WorkerSeen(_)
            | Command::Heartbeat { .. }
            | Command::CreateKey(_)
            | Command::RevokeKey { .. }
            | Command::Object(_)
            | Command::Seal(_)
            | Command::KeepAuditKey(_)
            | Command::CreateWorkerToken(_)
            | Command::RevokeWorkerToken { .. }
            | Command::WorkerTokenUsed(_)
            | Command::PutManifest(_)
            | Command::DeleteManifest { .. },
            _,
        ) => false,
        (Command::Event(write), Answer::Event(answer)) => answer.is_news(write),
        (Command::Workflow(write), _) => write.is_news(),
        (_, Answer::Enqueued(tasks)) => tasks.iter().any(|task| matches!(task, Enqueued::Created { .. })),
        (_, Answer::Claimed(tasks)) => !tasks.is_empty(),
        (_, Answer::Reaped(leases)) => !leases.is_empty(),
        (_, Answer::JobArtifact(answer)) => matches!(**answer, JobArtifactAnswer::Kept(_)),
        _ => true,
    })
}
