//! Which sources this worker serves at all. Capabilities cannot tell one folder or repository from another, so that a job
//! may get here that reads one which nobody allowed: it is refused before anything is made, whatever its error policy says.

use std::path::PathBuf;

use jct_exec::{FailureReason, RepoSources, Stop};

use super::local;
use crate::plan::{Origin, SourcePlan};

/// Most sources that a refusal names one by one.
const MOST_NAMED: usize = 16;

/// Refuses a plan with a source that may not be read: a folder outside `roots`, or a repository that is none of `repos`.
/// All of them are named. It looks at folders, so that it blocks.
pub(crate) fn serve(sources: &[SourcePlan], roots: &[PathBuf], repos: &RepoSources) -> Result<(), Stop> {
    let refused: Vec<_> = sources.iter().filter_map(|source| refusal(source, roots, repos)).collect();
    if refused.is_empty() {
        return Ok(());
    }
    let mut message = refused.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join("; ");
    if refused.len() > MOST_NAMED {
        message.push_str(&format!("; and {} more", refused.len() - MOST_NAMED));
    }
    Err(Stop::failed(FailureReason::InvalidInput, message))
}

fn refusal(source: &SourcePlan, roots: &[PathBuf], repos: &RepoSources) -> Option<String> {
    let id = &source.id;
    match &source.origin {
        Origin::Folder { input_dir } => local::is_outside(input_dir, roots)
            .then(|| format!("the data source `{id}` has an `inputDir` outside the folders that runs may read")),
        Origin::Repository { repo, .. } => {
            let error = repos.resolve(repo).err()?;
            Some(format!("the data source `{id}` cannot be served: {error}"))
        }
    }
}
