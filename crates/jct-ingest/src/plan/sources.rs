//! Data sources as a run reads them.

use std::path::PathBuf;

use jct_exec::Stop;
use jct_manifest::document::{DataSource, GithubParams, Reader, SimpleDirectoryParams};

use super::filter::PathFilter;
use super::model::{Origin, SourcePlan};
use super::read::{no_reference, refused};

/// A branch unless the manifest names one.
const DEFAULT_REFERENCE: &str = "HEAD";

pub(super) fn source(source: &DataSource) -> Result<SourcePlan, Stop> {
    let id = &source.id;
    // The bar joins the parts of a point's id; with it two sources could have one point.
    if id.contains('|') {
        return Err(refused(format!("the data source `{id}` has a `|` in its id")));
    }
    match &source.reader {
        Reader::SimpleDirectory(params) => folder(id, params),
        Reader::Github(params) => repository(id, params),
        other => Err(refused(format!(
            "the data source `{id}` has the type `{}`, which this worker cannot read",
            other.type_name()
        ))),
    }
}

fn folder(id: &str, params: &SimpleDirectoryParams) -> Result<SourcePlan, Stop> {
    let input_dir = params.input_dir.as_deref().filter(|dir| !dir.trim().is_empty());
    let input_dir = input_dir.ok_or_else(|| refused(format!("the data source `{id}` has no `inputDir`")))?;
    no_reference(input_dir, &format!("`inputDir` of the data source `{id}`"))?;
    Ok(SourcePlan {
        id: id.to_owned(),
        origin: Origin::Folder { input_dir: PathBuf::from(input_dir) },
        filter: PathFilter::new(params.recursive.unwrap_or(false), false).endings(&params.required_exts),
        max_files: None,
    })
}

fn repository(id: &str, params: &GithubParams) -> Result<SourcePlan, Stop> {
    let repo = match (params.owner.as_deref(), params.repo.as_deref()) {
        (Some(owner), Some(repo)) => format!("{owner}/{repo}"),
        (None, Some(repo)) => repo.to_owned(),
        (_, None) => return Err(refused(format!("the data source `{id}` names no repository"))),
    };
    no_reference(&repo, &format!("the repository of the data source `{id}`"))?;
    let filter = PathFilter::new(true, true)
        .endings(&params.filter_extensions)
        .patterns(&params.include, &params.exclude)
        .map_err(|error| refused(format!("a pattern of the data source `{id}` is none: {error}")))?;
    Ok(SourcePlan {
        id: id.to_owned(),
        origin: Origin::Repository {
            repo: repo.to_lowercase(),
            reference: params.branch.clone().unwrap_or_else(|| DEFAULT_REFERENCE.to_owned()),
        },
        filter,
        max_files: params.max_files.map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
    })
}
