//! A file that an attempt left in the artifacts of its sealed trace, as an artifact of its run.

use jct_contract::{IssueId, RunId, Sha256Digest, TaskId};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Map;

use super::keys;
use crate::objects::NewArtifact;
use crate::primitives::Verification;
use crate::words::ArtifactType;

/// Longest title, in characters; a longer path keeps its end, which tells more.
const TITLE_MAX_CHARS: usize = 512;

/// Everything that may have a meaning of its own in an address.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A file of a sealed trace.
#[derive(Clone, Copy, Debug)]
pub struct TraceFile<'a> {
    /// The task.
    pub task: TaskId,
    /// The ordinal of the attempt, counted from one.
    pub attempt: u32,
    /// The path in the trace folder, which begins with `artifacts/`.
    pub path: &'a str,
    /// How many bytes it has.
    pub size_bytes: u64,
    /// The digest of its bytes.
    pub digest: Sha256Digest,
}

/// The artifact that a file is. Its `uri` is where the API serves the file.
#[must_use]
pub fn artifact_of(file: &TraceFile<'_>, run: RunId, issue: IssueId) -> NewArtifact {
    let TraceFile { task, attempt, path, size_bytes, digest } = *file;
    let name = path.strip_prefix("artifacts/").unwrap_or(path);
    let (type_, media_type) = kind(name);
    NewArtifact {
        produced_by: run.into(),
        for_issue: issue.into(),
        type_,
        title: ending(name),
        uri: format!("/tasks/{task}/trace/{}?attempt={attempt}", utf8_percent_encode(path, ENCODED)),
        digest: Some(digest.to_string()),
        media_type: Some(media_type.to_owned()),
        size_bytes: Some(size_bytes),
        preview: None,
        verification: Verification::default(),
        tags: Vec::new(),
        meta: Map::from_iter([
            (keys::SOURCE.to_owned(), keys::JCT_TASK.into()),
            (keys::ATTEMPT.to_owned(), attempt.into()),
        ]),
    }
}

/// What the name of a file says about it.
fn kind(name: &str) -> (ArtifactType, &'static str) {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    match extension.as_deref() {
        Some("patch" | "diff") => (ArtifactType::CodePatch, "text/x-diff"),
        Some("md") => (ArtifactType::Report, "text/markdown"),
        Some("html") => (ArtifactType::Report, "text/html"),
        Some("txt") => (ArtifactType::Doc, "text/plain"),
        Some("log") => (ArtifactType::Log, "text/plain"),
        Some("json") => (ArtifactType::Dataset, "application/json"),
        Some("jsonl") => (ArtifactType::Dataset, "application/x-ndjson"),
        Some("csv") => (ArtifactType::Dataset, "text/csv"),
        Some("xml") => (ArtifactType::Dataset, "application/xml"),
        _ => (ArtifactType::Binary, "application/octet-stream"),
    }
}

fn ending(name: &str) -> String {
    let surplus = name.chars().count().saturating_sub(TITLE_MAX_CHARS);
    name.chars().skip(surplus).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, title: &str, uri: &str, type_: ArtifactType) {
        let task: TaskId = "018bcfe5-687b-7000-8000-000000000001".parse().unwrap();
        let id = "018bcfe5-687b-7000-8000-000000000002";
        let file = TraceFile { task, attempt: 2, path, size_bytes: 7, digest: Sha256Digest::of(b"content") };
        let artifact = artifact_of(&file, id.parse().unwrap(), id.parse().unwrap());
        assert_eq!((artifact.title.as_str(), artifact.type_), (title, type_));
        assert_eq!(artifact.uri, format!("/tasks/{task}/trace/{uri}?attempt=2"));
        assert_eq!((artifact.size_bytes, artifact.digest), (Some(7), Some(file.digest.to_string())));
    }

    #[test]
    fn a_file_says_what_it_is_and_where() {
        check("artifacts/report.md", "report.md", "artifacts/report.md", ArtifactType::Report);
        check("artifacts/out/a b?.PATCH", "out/a b?.PATCH", "artifacts/out/a%20b%3F.PATCH", ArtifactType::CodePatch);
        check("artifacts/core", "core", "artifacts/core", ArtifactType::Binary);
    }

    #[test]
    fn a_long_name_keeps_its_end() {
        let long = format!("{}/report.md", "d".repeat(600));
        assert_eq!(ending(&long).chars().count(), TITLE_MAX_CHARS);
        assert!(ending(&long).ends_with("/report.md"));
    }
}
