//! One execution of an issue. What it was given never changes; how it stands does.

use jct_contract::{RunId, Timestamp, TraceId};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::primitives::{Cost, Executor, Failure, Ref, RunInputs, RunOutputs, RunPlan, Telemetry};
use crate::shape::{EMPTY, OPTIONAL, REQUIRED, Rule, object, or, reference, shape, text, texts, word, work_object};
use crate::task;
use crate::words::{ObjectKind, RunMode, Status};

work_object! {
    /// A run, as it is created; it begins as `planned`.
    NewRun
    /// What of a run is stored in columns and join tables.
    columns RunColumns {
        /// What it executes.
        for_issue: Ref = reference(ObjectKind::Issue), REQUIRED;
        /// Where; the repository of its issue.
        repo: Ref = reference(ObjectKind::Repo), REQUIRED;
        /// What it is given.
        inputs: RunInputs = object::<RunInputs>(), EMPTY;
    }
    document {
        /// Who executes it.
        mode: RunMode = word(RunMode::WORDS), REQUIRED;
        /// Who exactly, and in what.
        executor: Executor = object::<Executor>(), REQUIRED;
        /// What it means to do.
        plan: RunPlan = object::<RunPlan>(), EMPTY;
        /// Words to find it by.
        tags: Vec<String> = texts(), EMPTY;
        /// Free-form notes.
        meta: Map<String, Value> = Rule::Free, EMPTY;
    }
}

shape! {
    /// What may be changed in a run. What is absent stays; what is there replaces the whole member, except that no
    /// artifact is ever taken out of `outputs`.
    #[derive(Default)]
    RunChange {
        /// Where it is in its life.
        status: Option<Status> = word(Status::WORDS), OPTIONAL;
        /// When it ran.
        telemetry: Option<Telemetry> = object::<Telemetry>(), OPTIONAL;
        /// What it has cost.
        cost: Option<Cost> = object::<Cost>(), OPTIONAL;
        /// What came of it.
        outputs: Option<RunOutputs> = object::<RunOutputs>(), OPTIONAL;
        /// Why it failed.
        failure: Option<Failure> = object::<Failure>(), OPTIONAL;
    }
}

work_object! {
    /// How a run stands: the part of it that changes.
    RunState
    /// What of the state of a run is stored in columns.
    columns RunStateColumns {
        /// Where it is in its life.
        status: Status = word(Status::WORDS), or("planned");
        /// The folder of the trace that holds its artifacts.
        artifact_root_uri: Option<String> = text(1, 2000), OPTIONAL;
    }
    document {
        /// When it ran.
        telemetry: Telemetry = object::<Telemetry>(), EMPTY;
        /// What it has cost.
        cost: Cost = object::<Cost>(), EMPTY;
        /// What came of it.
        outputs: RunOutputs = object::<RunOutputs>(), EMPTY;
        /// Why it failed.
        failure: Option<Failure> = object::<Failure>(), OPTIONAL;
    }
}

impl NewRun {
    /// Whether the run is an attempt at a task of the tower.
    #[must_use]
    pub fn is_of_task(&self) -> bool {
        task::is_source(&self.meta)
    }
}

impl Default for RunState {
    fn default() -> Self {
        Self {
            status: Status::Planned,
            artifact_root_uri: None,
            telemetry: Telemetry::default(),
            cost: Cost::default(),
            outputs: RunOutputs::default(),
            failure: None,
        }
    }
}

/// A run on the wire.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind")]
pub struct Run {
    /// Which one.
    pub id: RunId,
    /// As it was created.
    #[serde(flatten)]
    pub content: NewRun,
    /// How it stands.
    #[serde(flatten)]
    pub state: RunState,
    /// The trace of the call that created it.
    pub trace_id: Option<TraceId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
