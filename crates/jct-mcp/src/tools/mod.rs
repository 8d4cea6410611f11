//! The tools, each in a file of its own.

mod audit_trail;
mod claim_task;
mod complete_task;
mod enqueue_task;
mod evidence;
mod get_context;
mod get_run;
mod get_task;
mod heartbeat;
mod list_tasks;
mod pending_reviews;
mod report_artifact;
mod submit_review;
mod table;
mod task_spec;

pub(crate) use table::TOOLS;
