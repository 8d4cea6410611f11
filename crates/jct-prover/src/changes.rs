//! Shows what was handed over: the patch, the changed files, the commits. Nothing of it is kept with a secret in it.

use jct_contract::Sha256Digest;
use jct_evidence::scan::{Scanner, SecretPlace};
use jct_evidence::{ChangeFacts, FileFact};
use jct_exec::git::{Changes, FileChange, RunCommit};
use jct_exec::process::Bounds;
use serde_json::Value;

use crate::error::ProofError;
use crate::folder::{Artifacts, BUNDLE_FILE, COMMITS_FILE, DIFF_STAT_FILE, PATCH_FILE};
use crate::inventory::{Searched, blocking};
use crate::report::pretty;

/// What was handed over, as facts.
pub(crate) struct Shown {
    pub(crate) facts: ChangeFacts,
    pub(crate) searched: Searched,
}

/// Reads the change and writes its files. `history` is what was found in the single commits; if anything was, in them or
/// in the whole, the bundle goes.
pub(crate) async fn show(
    commit: &RunCommit,
    history: Searched,
    artifacts: &Artifacts,
    scanner: &Scanner,
    bounds: &Bounds,
) -> Result<Shown, ProofError> {
    let changes = commit.changes(bounds).await?;
    let (base, head) = (commit.base().to_owned(), commit.head().to_owned());
    let (artifacts, scanner) = (artifacts.clone(), scanner.clone());
    blocking("write what was changed", move || {
        let Searched { mut found, unsearched } = history;
        let patch = scanner.scan_patch(&changes.patch);
        found.extend(patch.found);
        let mut write = |name: &str, place, mut value: Value| {
            found.extend(scanner.clean_json(place, name, &mut value));
            artifacts.write(name, &pretty(&value)?)
        };
        write(DIFF_STAT_FILE, SecretPlace::Diff, serde_json::to_value(&changes.stat)?)?;
        write(COMMITS_FILE, SecretPlace::Commit, serde_json::to_value(&changes.commits)?)?;
        if found.is_empty() {
            artifacts.write_unless_empty(PATCH_FILE, &patch.text)?;
        } else {
            // The name of a file may be the secret, and stands in the patch as well.
            artifacts.write_unless_empty(PATCH_FILE, &scanner.redact(&patch.text))?;
            artifacts.remove(BUNDLE_FILE)?;
        }
        let bundle_digest = artifacts.digest(BUNDLE_FILE)?;
        let patch_left_out = changes.stat.truncated;
        let diff_digest = diff_digest(&changes, &base, &head);
        let shown = |path: String| scanner.redact_text(&path).into_owned();
        let file = |FileChange { path, old_path, .. }| FileFact { path: shown(path), old_path: old_path.map(shown) };
        let files = changes.stat.files.into_iter().map(file).collect();
        let facts =
            ChangeFacts { base_commit: base, head_commit: head, diff_digest, bundle_digest, files, patch_left_out };
        Ok(Shown { facts, searched: Searched { found, unsearched } })
    })
    .await
}

/// What an approval is bound to: the patch, or the two commits if it is too large to be written. Either names one change.
fn diff_digest(changes: &Changes, base: &str, head: &str) -> Sha256Digest {
    if changes.stat.truncated { ChangeFacts::digest_of_commits(base, head) } else { Sha256Digest::of(&changes.patch) }
}
