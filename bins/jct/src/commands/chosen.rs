//! The run that a command is about: named by its own id, by that of its task, or by that of its evidence pack.

use jct_contract::Sha256Digest;
use serde_json::Value;
use ureq::http::Method;

use super::cells::{items, text};
use crate::client::{Client, Request};
use crate::exit::Exit;
use crate::failure::Failure;

/// Runs of one issue that are looked through for those of a task.
const RUNS_MAX: u32 = 100;

/// A run with all that belongs to it, as the tower gives it.
#[derive(Debug)]
pub(super) struct ChosenRun {
    pub(super) view: Value,
}

impl ChosenRun {
    /// The run of this id, or the latest run of the task of this id.
    pub(super) fn find(client: &Client, name: &str) -> Result<Self, Failure> {
        match optional(client, &["runs", name])? {
            Some(view) => Ok(Self { view }),
            None => Self::of_task(client, name),
        }
    }

    /// The same, or the run that the evidence pack of this id is about.
    pub(super) fn find_with_packs(client: &Client, name: &str) -> Result<Self, Failure> {
        if let Some(view) = optional(client, &["runs", name])? {
            return Ok(Self { view });
        }
        match optional(client, &["cwom", "evidence-packs", name])? {
            Some(pack) => Self::find(client, &id_at(&pack, "for_run")),
            None => Self::of_task(client, name),
        }
    }

    fn of_task(client: &Client, name: &str) -> Result<Self, Failure> {
        let unknown = || Failure::new(Exit::NotFound, format!("no run and no task has the id `{name}`"));
        let task = optional(client, &["tasks", name])?.ok_or_else(unknown)?;
        let issue = text(&task, "cwom_issue_id");
        if issue.is_empty() {
            return Err(Failure::new(Exit::NotFound, format!("task {name} has no runs: it has no work objects"))
                .hint("`jct attempts` and `jct trace show` tell what it did"));
        }
        let query = [("limit", RUNS_MAX.to_string())];
        let request = Request { path: &["cwom", "issues", &issue, "runs"], query: &query, ..Request::default() };
        let runs = client.send(&Method::GET, request)?.json()?;
        // Newest first, and a follow-up task has the issue of its predecessor.
        for run in items(&runs) {
            let view = client.get(&["runs", &text(run, "id")])?.json()?;
            if text(&view, "task_id") == name {
                return Ok(Self { view });
            }
        }
        Err(Failure::new(Exit::NotFound, format!("task {name} has no run yet"))
            .hint("`jct explain` says what it waits for"))
    }

    /// The run's own id.
    pub(super) fn id(&self) -> String {
        id_at(&self.view, "run")
    }

    /// A member of the view, if it is there.
    pub(super) fn part(&self, member: &str) -> Option<&Value> {
        self.view.get(member).filter(|part| !part.is_null())
    }

    /// What was found out about the run.
    pub(super) fn pack(&self) -> Option<&Value> {
        self.part("evidence_pack")
    }
}

/// What the tower has at this path, if anything.
fn optional(client: &Client, path: &[&str]) -> Result<Option<Value>, Failure> {
    match client.get(path) {
        Ok(answer) => answer.json().map(Some),
        Err(failure) if failure.exit() == Exit::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The id in a member that is an id, or a reference or object with one.
pub(super) fn id_at(object: &Value, member: &str) -> String {
    match object.get(member) {
        Some(Value::Object(_)) => text(&object[member], "id"),
        _ => text(object, member),
    }
}

/// The digest of the change that a pack is about.
pub(super) fn diff_digest(pack: &Value) -> Option<Sha256Digest> {
    pack.pointer("/subject/diff_digest")?.as_str()?.parse().ok()
}
