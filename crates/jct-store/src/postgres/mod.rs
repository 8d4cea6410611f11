//! The networked engine: a few writer connections with group commit, a pool for reads, LISTEN for wake-ups.

mod connection;
mod engine;
mod event_primitives;
mod insert;
mod insert_objects;
mod lanes;
mod object_primitives;
mod primitives;
mod signal;
mod workflow_primitives;
mod writer;

pub(crate) use connection::establish;
pub(crate) use engine::{PostgresEngine, now, reader};

/// A connection; TLS or not was decided when it was made.
pub(crate) type Conn = diesel_async::AsyncPgConnection;

#[path = "../common/added_files.rs"]
pub(crate) mod added_files;
#[path = "../common/admin.rs"]
pub(crate) mod admin;
#[path = "../common/agents.rs"]
pub(crate) mod agents;
#[path = "../common/audit_reads.rs"]
pub(crate) mod audit_reads;
#[path = "../common/audit_writes.rs"]
pub(crate) mod audit_writes;
#[path = "../common/batch.rs"]
pub(crate) mod batch;
#[path = "../common/change.rs"]
pub(crate) mod change;
#[path = "../common/claim.rs"]
pub(crate) mod claim;
#[path = "../common/conclude.rs"]
pub(crate) mod conclude;
#[path = "../common/controls.rs"]
pub(crate) mod controls;
#[path = "../common/deliveries.rs"]
pub(crate) mod deliveries;
#[path = "../common/egress.rs"]
pub(crate) mod egress;
#[path = "../common/enqueue.rs"]
pub(crate) mod enqueue;
#[path = "../common/event_causes.rs"]
mod event_causes;
#[path = "../common/event_locks.rs"]
pub(crate) mod event_locks;
#[path = "../common/event_lookout.rs"]
pub(crate) mod event_lookout;
#[path = "../common/event_reads.rs"]
pub(crate) mod event_reads;
#[path = "../common/event_tail.rs"]
pub(crate) mod event_tail;
#[path = "../common/event_work.rs"]
pub(crate) mod event_work;
#[path = "../common/events.rs"]
pub(crate) mod events;
#[path = "../common/evidence.rs"]
pub(crate) mod evidence;
#[path = "../common/job_artifacts.rs"]
pub(crate) mod job_artifacts;
#[path = "../common/lease.rs"]
pub(crate) mod lease;
#[path = "../common/limits.rs"]
pub(crate) mod limits;
#[path = "../common/manifest_reads.rs"]
pub(crate) mod manifest_reads;
#[path = "../common/manifests.rs"]
pub(crate) mod manifests;
#[path = "../common/objects/mod.rs"]
pub(crate) mod objects;
#[path = "../common/reap.rs"]
pub(crate) mod reap;
#[path = "../common/refusal.rs"]
pub(crate) mod refusal;
#[path = "../common/review_reads.rs"]
pub(crate) mod review_reads;
#[path = "../common/reviews.rs"]
pub(crate) mod reviews;
#[path = "../common/run_keys.rs"]
mod run_keys;
#[path = "../common/runs.rs"]
pub(crate) mod runs;
#[path = "../common/settle.rs"]
pub(crate) mod settle;
#[path = "../common/taken.rs"]
pub(crate) mod taken;
#[path = "../common/taken_artifacts.rs"]
pub(crate) mod taken_artifacts;
#[path = "../common/task_list.rs"]
pub(crate) mod task_list;
#[path = "../common/task_objects.rs"]
pub(crate) mod task_objects;
#[path = "../common/task_reads.rs"]
pub(crate) mod task_reads;
#[path = "../common/tower_reads.rs"]
pub(crate) mod tower_reads;
#[path = "../common/unqueue.rs"]
pub(crate) mod unqueue;
#[path = "../common/webhooks.rs"]
pub(crate) mod webhooks;
#[path = "../common/worker_tokens.rs"]
pub(crate) mod worker_tokens;
#[path = "../common/workflow_reads.rs"]
pub(crate) mod workflow_reads;
#[path = "../common/workflow_runs.rs"]
pub(crate) mod workflow_runs;
#[path = "../common/workflows.rs"]
pub(crate) mod workflows;
