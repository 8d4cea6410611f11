//! A sealed trace folder.

use jct_contract::TaskId;
use jct_tower::tasks::SealedFolder;
use jct_trace::{FileEntry, Manifest};
use serde::Serialize;
use utoipa::ToSchema;

/// A sealed folder: what it says about itself, and its files.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Trace)]
pub(crate) struct TraceBody<'a> {
    #[schema(value_type = String, format = "uuid")]
    task_id: TaskId,
    attempt: u32,
    /// Stands for the whole folder.
    #[schema(example = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    manifest_digest: String,
    /// Every file; ask for one below `/tasks/{task_id}/trace/`.
    #[schema(value_type = Vec<Object>)]
    files: Vec<&'a FileEntry>,
    /// The content of `manifest.json`.
    #[schema(value_type = Object)]
    manifest: &'a Manifest,
}

impl<'a> TraceBody<'a> {
    pub(crate) fn of(task_id: TaskId, sealed: &'a SealedFolder) -> Self {
        Self {
            task_id,
            attempt: sealed.attempt,
            manifest_digest: sealed.folder.manifest_digest().to_string(),
            files: sealed.folder.list_files().collect(),
            manifest: sealed.folder.manifest(),
        }
    }
}
