//! A run with all that belongs to it, and what a push has done.

use jct_contract::{RunId, TaskId};
use jct_cwom::{EvidencePack, Issue, ReviewDecision, Run};
use jct_store::model::RunPlace;
use jct_tower::runs::{ChangeFile, Pushed, RunView};
use serde::Serialize;
use utoipa::ToSchema;

/// A run with all that belongs to it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RunView)]
pub(crate) struct RunViewBody<'a> {
    /// The object of the kind `Run`.
    #[schema(value_type = Object)]
    run: &'a Run,
    /// The task that it is an attempt at; absent if somebody made the run by hand.
    #[schema(value_type = Option<String>, format = "uuid")]
    task_id: Option<TaskId>,
    /// Which attempt, from 1.
    attempt: Option<u32>,
    /// The object of the kind `Issue`.
    #[schema(value_type = Object)]
    issue: &'a Issue,
    /// The object of the kind `EvidencePack`, once there is one.
    #[schema(value_type = Option<Object>)]
    evidence_pack: Option<&'a EvidencePack>,
    /// The object of the kind `ReviewDecision`, once there is one.
    #[schema(value_type = Option<Object>)]
    review: Option<&'a ReviewDecision>,
    links: RunLinksBody,
}

/// Where the files of a run are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RunLinks)]
struct RunLinksBody {
    /// The sealed trace of the attempt.
    trace: Option<String>,
    /// Only if something was changed.
    diff: Option<String>,
    /// Only if something was changed and the commits were kept.
    bundle: Option<String>,
}

impl<'a> RunViewBody<'a> {
    pub(crate) fn of(view: &'a RunView) -> Self {
        let RunView { run, issue, place } = view;
        let pack = view.pack();
        let file = |file: ChangeFile, name: &str| {
            let kept = pack.is_some_and(|pack| file.is_in(pack));
            kept.then(|| format!("/runs/{}/{name}", run.id))
        };
        let links = RunLinksBody {
            trace: place.as_ref().filter(|place| place.trace.is_some()).map(trace),
            diff: file(ChangeFile::Patch, "diff"),
            bundle: file(ChangeFile::Bundle, "bundle"),
        };
        Self {
            run,
            task_id: place.as_ref().map(|place| place.task_id),
            attempt: place.as_ref().map(|place| place.attempt),
            issue,
            evidence_pack: pack,
            review: view.review(),
            links,
        }
    }
}

fn trace(place: &RunPlace) -> String {
    format!("/tasks/{}/trace?attempt={}", place.task_id, place.attempt)
}

/// What a push has done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Pushed)]
pub(crate) struct PushedBody<'a> {
    #[schema(value_type = String, format = "uuid")]
    run_id: RunId,
    #[schema(value_type = String, format = "uuid")]
    task_id: TaskId,
    #[schema(example = "myorg/service")]
    repo: &'a str,
    #[schema(example = "jct/hello")]
    branch: &'a str,
    commit: &'a str,
    /// Whether the branch was not there before.
    created: bool,
}

impl<'a> PushedBody<'a> {
    pub(crate) fn of(pushed: &'a Pushed) -> Self {
        let Pushed { run_id, task_id, repo, branch, commit, created } = pushed;
        Self { run_id: *run_id, task_id: *task_id, repo, branch: branch.as_str(), commit, created: *created }
    }
}
