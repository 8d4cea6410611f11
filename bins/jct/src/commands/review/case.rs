//! What a reviewer judges: a run, its evidence pack, its change.

use serde_json::{Value, json};
use ureq::http::Method;

use crate::client::{Client, Request};
use crate::commands::cells::{items, text};
use crate::commands::chosen::{ChosenRun, diff_digest};
use crate::commands::runs::{download, show_stat, stat_document};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// The largest page of what waits.
const PAGE_MAX: u32 = 500;

/// A run that somebody has looked at.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) run: ChosenRun,
    pub(super) pack: Value,
}

/// What a run did to its repository.
#[derive(Debug)]
pub(super) enum Change {
    /// Nothing.
    None,
    /// Something that nobody can look at any more.
    NotPreserved,
    /// This.
    Patch(Vec<u8>),
}

impl Change {
    /// Prints the files.
    pub(super) fn print(&self, output: &Output) -> Result<(), Failure> {
        match self {
            Self::None => output.line("no file was changed"),
            Self::NotPreserved => output.line("files were changed, but the change was not preserved"),
            Self::Patch(patch) => show_stat(patch, output),
        }
    }

    /// The same for scripts.
    pub(super) fn document(&self) -> Value {
        match self {
            Self::None => Value::Null,
            Self::NotPreserved => json!({ "preserved": false }),
            Self::Patch(patch) => Value::Object(stat_document(patch)),
        }
    }
}

impl Case {
    /// Reads the case of a run, of a task's latest run, or of an evidence pack.
    pub(super) fn read(client: &Client, name: &str) -> Result<Self, Failure> {
        let run = ChosenRun::find_with_packs(client, name)?;
        let Some(pack) = run.pack().cloned() else {
            return Err(Failure::new(Exit::NotFound, format!("run {} has no evidence pack", run.id()))
                .hint("it gets one when its attempt ends; `jct watch` follows the task"));
        };
        Ok(Self { run, pack })
    }

    /// The digest of the pack, which covers the digest of the change.
    pub(super) fn digest(&self) -> String {
        text(&self.pack, "digest")
    }

    /// The change that the pack is about. That it was not preserved is told, and is no failure: the evidence stands.
    pub(super) fn change(&self, client: &Client) -> Result<Change, Failure> {
        let commit = |name: &str| self.pack.pointer(name).and_then(Value::as_str);
        let Some(digest) = diff_digest(&self.pack) else { return Ok(Change::None) };
        if commit("/subject/base_commit") == commit("/subject/head_commit") {
            return Ok(Change::None);
        }
        match download(client, &self.run.id(), Some(digest)) {
            Ok(patch) => Ok(Change::Patch(patch)),
            Err(failure) if failure.exit() == Exit::NotFound => Ok(Change::NotPreserved),
            Err(failure) => Err(failure),
        }
    }

    /// The decision, if there is one.
    pub(super) fn review(&self) -> Option<&Value> {
        self.run.part("review")
    }

    /// The entry of the list of what waits, if it waits.
    pub(super) fn pending(&self, client: &Client) -> Result<Option<Value>, Failure> {
        if self.review().is_some() {
            return Ok(None);
        }
        let (run, mut cursor) = (self.run.id(), None);
        loop {
            let query: Vec<_> =
                [("limit", PAGE_MAX.to_string())].into_iter().chain(cursor.map(|next| ("cursor", next))).collect();
            let request = Request { path: &["reviews", "pending"], query: &query, ..Request::default() };
            let answer = client.send(&Method::GET, request)?;
            let page = answer.json()?;
            if let Some(found) = items(&page).find(|waits| text(waits, "run_id") == run) {
                return Ok(Some(found.clone()));
            }
            cursor = answer.header("x-next-cursor").map(str::to_owned);
            if cursor.is_none() {
                return Ok(None);
            }
        }
    }
}
