//! Opens all sources of a plan, one after another. One that cannot be opened is noted; what becomes of the run is not
//! decided here.

use std::path::PathBuf;

use jct_exec::{FailureReason, RepoCache, Stop, Workspace};
use tokio::task::spawn_blocking;

use super::{Folder, local};
use crate::control::{Control, Stage};
use crate::plan::{Origin, SourcePlan};

/// A source that is open, or why it is not.
#[derive(Debug)]
pub(crate) struct OpenedSource {
    pub(crate) plan: SourcePlan,
    pub(crate) opened: Result<Opened, Stop>,
}

/// A folder of documents.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) folder: Folder,
    /// The commit, for a repository.
    pub(crate) commit: Option<String>,
}

/// Opens `plan`. A repository is written from the cache into `workspace`, without its history and without a repository
/// around it.
pub(crate) async fn open(
    plan: SourcePlan,
    index: usize,
    (roots, cache): (&[PathBuf], &RepoCache),
    workspace: Option<&Workspace>,
    control: &Control,
) -> Result<OpenedSource, Stop> {
    control.check()?;
    let opened = match &plan.origin {
        Origin::Folder { input_dir } => {
            let (id, input_dir, roots) = (plan.id.clone(), input_dir.clone(), roots.to_vec());
            let opened = spawn_blocking(move || local::open(&id, &input_dir, &roots)).await;
            opened.unwrap_or_else(|error| Err(broken(&error))).map(|folder| Opened { folder, commit: None })
        }
        Origin::Repository { repo, reference } => {
            control.progress(0, Stage::Fetch, &format!("fetching the repository of `{}`", plan.id));
            match workspace {
                Some(workspace) => repository((repo, reference), index, cache, workspace, control).await,
                None => Err(Stop::failed(FailureReason::WorkspaceFailed, "there is no workspace for a repository")),
            }
        }
    };
    match opened {
        Err(stop @ (Stop::Cancelled | Stop::TimedOut)) => Err(stop),
        opened => Ok(OpenedSource { plan, opened }),
    }
}

async fn repository(
    (repo, reference): (&str, &str),
    index: usize,
    cache: &RepoCache,
    workspace: &Workspace,
    control: &Control,
) -> Result<Opened, Stop> {
    let bounds = control.bounds();
    let snapshot = cache.snapshot(repo, reference, &bounds).await?;
    let checkout = workspace.checkout().join(index.to_string());
    tokio::fs::create_dir(&checkout).await.map_err(|error| broken(&error.kind()))?;
    let scratch = workspace.temporary().join(format!("index-{index}"));
    snapshot.export(&checkout, &scratch, &bounds).await?;
    let folder = spawn_blocking(move || Folder::open(&checkout)).await;
    let folder = folder.map_err(|error| broken(&error))?.map_err(|error| broken(&error.kind()))?;
    Ok(Opened { folder, commit: Some(snapshot.commit().to_owned()) })
}

fn broken(error: &dyn std::fmt::Display) -> Stop {
    Stop::failed(FailureReason::WorkspaceFailed, format!("a data source could not be opened: {error}"))
}
