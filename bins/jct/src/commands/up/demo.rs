//! The demo: one analysis task, handed in over HTTP like any other, shown until it ends.

use std::path::PathBuf;

use jct_config::Secret;
use serde_json::json;

use super::checkout::REPO;
use super::report;
use crate::client::Client;
use crate::commands::enqueue::{Modes, hand_in};
use crate::commands::watch;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// What the demo needs to know.
#[derive(Debug)]
pub(super) struct Demo {
    /// Address of the tower in this process.
    pub(super) url: String,
    pub(super) key: Option<Secret>,
    /// The trace root, for the way to the trace.
    pub(super) traces: PathBuf,
    /// The checked-out commit.
    pub(super) commit: String,
    pub(super) output: Output,
}

impl Demo {
    /// Hands the task in and shows it to its end. Blocks: call it on a thread of its own.
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let Self { url, key, traces, commit, output } = self;
        let client = Client::new(&url, key)?;
        let body = json!({
            "version": "1.0",
            "requested_by": { "kind": "human", "id": "demo", "label": "jct up --demo" },
            "objective": "Report on this repository: languages, largest files, licence, history, open notes, dependencies",
            "operation": "analysis",
            "target": { "repo": REPO, "ref": commit },
            "constraints": { "time_budget_seconds": 300 },
        });
        let task = hand_in(&client, body.to_string().into_bytes(), None, Modes::default())?;
        if output.is_json() {
            output.record(&task.body)?;
        } else {
            output.line(format!("task    {} {}", task.task_id, task.status))?;
        }
        let ended = watch::watch(&client, &task.task_id, &output)?;
        if !output.is_json() {
            report::print(&ended, &traces, &output)?;
        }
        Ok(watch::exit(&ended))
    }
}
