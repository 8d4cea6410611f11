//! Puts tasks into a database without HTTP, for the measurements that begin with a full queue.

use std::ops::Range;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use jct_contract::{Principal, RequesterKind, TaskId, TraceId};
use jct_policy::{PolicyConfig, evaluate};
use jct_store::Store;
use jct_store::model::{Enqueued, JobFacts, NewTask};

use super::bodies;
use crate::database;
use crate::exit::Exit;
use crate::failure::Failure;

/// Tasks in one command of the store.
const CHUNK: u32 = 500;
/// Commands under way at once, for the writer to group.
const AT_ONCE: usize = 4;

/// Enqueues `count` tasks and returns every `keep`-th id.
pub(super) async fn fill(store: &Store, count: u32, keep: usize) -> Result<Vec<TaskId>, Failure> {
    let maker = Maker::new()?;
    fill_with(store, 0..count, keep, |number| maker.task(u64::from(number))).await
}

/// Enqueues what `make` makes of each number and returns every `keep`-th id.
pub(super) async fn fill_with(
    store: &Store,
    numbers: Range<u32>,
    keep: usize,
    make: impl Fn(u32) -> Result<NewTask, Failure>,
) -> Result<Vec<TaskId>, Failure> {
    let end = numbers.end;
    let chunks = numbers.step_by(usize::try_from(CHUNK).unwrap_or(1)).map(|first| {
        let tasks = (first..(first + CHUNK).min(end)).map(&make).collect::<Result<Vec<_>, _>>();
        async move { store.enqueue(tasks?).await.map_err(|error| database::failed(&error)) }
    });
    let answers: Vec<Vec<Enqueued>> = stream::iter(chunks).buffered(AT_ONCE).try_collect().await?;
    let ids = answers.into_iter().flatten().map(|answer| match answer {
        Enqueued::Created { task_id, .. } => Ok(task_id),
        Enqueued::Replayed { .. } | Enqueued::KeyReused { .. } | Enqueued::ManifestGone => {
            Err(Failure::new(Exit::Local, "a task without a key was taken for a repeated one"))
        }
    });
    ids.step_by(keep).collect()
}

/// Makes the task that everything is measured with.
pub(super) struct Maker {
    policy: PolicyConfig,
    canonical: Arc<str>,
    submitter: Principal,
}

impl Maker {
    pub(super) fn new() -> Result<Self, Failure> {
        let policy = PolicyConfig::from_prefix_list(bodies::PREFIXES).map_err(|error| broken(&error))?;
        let submitter = Principal::new(RequesterKind::Agent, "bench").map_err(|error| broken(&error))?;
        Ok(Self { canonical: policy.canonical_json().into(), policy, submitter })
    }

    pub(super) fn task(&self, number: u64) -> Result<NewTask, Failure> {
        let admitted = evaluate(&bodies::spec(number)?, &self.policy).map_err(|error| broken(&error))?;
        Ok(NewTask {
            job: JobFacts::of_task(admitted.task()),
            events: Vec::new(),
            admitted,
            policy_canonical: Arc::clone(&self.canonical),
            trace_id: TraceId::generate(),
            submitter: self.submitter.clone(),
            hold: false,
            max_attempts: 3,
            objects: None,
        })
    }
}

fn broken(error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::caused(Exit::Local, "the measured task cannot be made", error)
}
