//! What somebody outside the tower leaves with a task that it holds: bytes that the tower keeps, or a link.

use std::io;

use jct_contract::{Principal, Sha256Digest, TaskId, TraceId};
use jct_cwom::ArtifactType;
use jct_lifecycle::Fence;
use jct_store::StoreError;
use jct_store::model::{NewTakenArtifact, TakenArtifact, TakenArtifactAnswer, TakenPlace};
use jct_trace::{BlobFolder, BlobRoot};

use super::Link;
use crate::jobs::{ArtifactName, ArtifactOptions};
use crate::secrets::refuse_text;
use crate::tasks::ChangeError;
use crate::{SecretInReport, Tower};

/// Characters of a title that its file is named after.
const NAMED_AFTER: usize = 50;

/// Something to leave.
#[derive(Clone, Debug)]
pub struct NewLeftArtifact {
    /// The task that `by` holds.
    pub task_id: TaskId,
    /// The fence of its lease, if it sends one.
    pub fence: Option<Fence>,
    /// Who leaves it.
    pub by: Principal,
    /// What it is.
    pub type_: ArtifactType,
    /// What it is called, 1 to 512 characters.
    pub title: String,
    /// Its media type.
    pub media_type: String,
    /// The thing itself.
    pub what: WhatIsLeft,
    /// The trace of the call.
    pub trace_id: TraceId,
}

/// The thing itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhatIsLeft {
    /// A text; never an empty one.
    Content(String),
    /// A link to elsewhere, shown and never followed.
    Link(Link),
}

/// Something that was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftArtifact {
    /// What is known about it.
    pub artifact: TakenArtifact,
    /// The digest of its bytes, if they are kept.
    pub digest: Option<Sha256Digest>,
    /// Whether the same was there under the same name already.
    pub repeated: bool,
}

/// Why it was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum TakenArtifactError {
    /// The task is not the asker's to write about.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// A secret is in it.
    #[error(transparent)]
    Secret(#[from] SecretInReport),
    /// This process keeps no files.
    #[error("this server keeps no files of tasks")]
    Unavailable,
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// The file is larger than allowed.
    #[error("the file is larger than {max_bytes} bytes")]
    TooLarge {
        /// The limit.
        max_bytes: u64,
    },
    /// The task has another file of this name.
    #[error("the task has another artifact named `{name}`")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The files of the task would be too much together.
    #[error("the artifacts of one task have {quota_bytes} bytes together at most, and {used_bytes} are there")]
    OverQuota {
        /// The limit.
        quota_bytes: u64,
        /// What is there.
        used_bytes: u64,
    },
    /// The disk failed.
    #[error("failed to keep the file")]
    Disk(#[source] io::Error),
    /// The process is shutting down.
    #[error("the upload was given up")]
    Abandoned(#[source] tokio::task::JoinError),
    /// The database failed.
    #[error("failed to keep the artifact")]
    Store(#[from] StoreError),
}

impl Tower {
    /// Accepts what the holder of a task leaves with it.
    ///
    /// # Errors
    /// [`TakenArtifactError`]; nothing was kept then, unless the store does not know.
    pub async fn taken_artifact(&self, new: NewLeftArtifact) -> Result<LeftArtifact, TakenArtifactError> {
        let tower = self.clone();
        // Not given up half way when the caller goes away: either both file and row are kept, or neither.
        tokio::spawn(async move { tower.leave(new).await }).await.map_err(TakenArtifactError::Abandoned)?
    }

    async fn leave(&self, new: NewLeftArtifact) -> Result<LeftArtifact, TakenArtifactError> {
        let NewLeftArtifact { task_id, fence, by, type_, title, media_type, what, trace_id } = new;
        refuse_text(self.scanner(), "title", &title)?;
        match &what {
            WhatIsLeft::Link(uri) => refuse_text(self.scanner(), "uri", uri.as_str())?,
            WhatIsLeft::Content(text) => refuse_text(self.scanner(), "content", text)?,
        }
        let (place, file, quota) = match what {
            WhatIsLeft::Link(link) => (TakenPlace::Elsewhere { uri: link.into() }, None, 0),
            WhatIsLeft::Content(bytes) => {
                let options = self.job_options().artifacts.clone().ok_or(TakenArtifactError::Unavailable)?;
                let ArtifactOptions { root, max_bytes, job_quota_bytes } = options;
                let (size_bytes, digest) = (bytes.len() as u64, Sha256Digest::of(bytes.as_bytes()));
                if size_bytes == 0 {
                    return Err(TakenArtifactError::Empty);
                }
                if size_bytes > max_bytes {
                    return Err(TakenArtifactError::TooLarge { max_bytes });
                }
                let kept = blocking(move || keep(&root, task_id, bytes.as_bytes())).await?;
                (
                    TakenPlace::Kept { name: file_name(&title), size_bytes, digest },
                    Some((kept, digest)),
                    job_quota_bytes,
                )
            }
        };
        let digest = file.as_ref().map(|(_, digest)| *digest);
        let kept = place.clone();
        let new = NewTakenArtifact { task_id, by, fence, type_, title, media_type, place, trace_id };
        let answer = self.store().taken_artifact_add(new, quota).await?;
        if let Some(((folder, true), digest)) = file
            && !matches!(answer, TakenArtifactAnswer::Accepted(_) | TakenArtifactAnswer::Repeated(_))
        {
            blocking(move || folder.discard(digest)).await?;
        }
        match answer {
            TakenArtifactAnswer::Accepted(artifact) => Ok(LeftArtifact { artifact, digest, repeated: false }),
            TakenArtifactAnswer::Repeated(artifact) => Ok(LeftArtifact { artifact, digest, repeated: true }),
            TakenArtifactAnswer::OverQuota { used_bytes } => {
                Err(TakenArtifactError::OverQuota { quota_bytes: quota, used_bytes })
            }
            TakenArtifactAnswer::NameTaken => {
                let name = if let TakenPlace::Kept { name, .. } = kept { name } else { String::new() };
                Err(TakenArtifactError::NameTaken { name })
            }
            TakenArtifactAnswer::Refused(answer) => match ChangeError::unless_done(answer) {
                Err(error) => Err(error.into()),
                Ok(_) => Err(StoreError::Corrupt { what: "a refusal that refuses nothing".to_owned() }.into()),
            },
        }
    }
}

/// Puts the bytes in their place; whoever has the folder of the task decides alone what stays in it. True if they are
/// new there.
fn keep(root: &BlobRoot, task: TaskId, bytes: &[u8]) -> io::Result<(BlobFolder, bool)> {
    let mut upload = root.begin(bytes.len() as u64)?;
    upload.write(bytes)?;
    let finished = upload.finish()?;
    let folder = root.take(task)?;
    let is_new = folder.keep(&finished)?;
    Ok((folder, is_new))
}

/// The name of a file after the title of the artifact.
fn file_name(title: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    let name: String = title.to_lowercase().chars().take(NAMED_AFTER).map(plain).collect();
    let name = format!("artifacts/{name}");
    if name.parse::<ArtifactName>().is_ok() { name } else { "artifacts/unnamed".to_owned() }
}

/// Runs what waits for the disk where it holds nobody up.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, TakenArtifactError> {
    let done = tokio::task::spawn_blocking(work).await.map_err(TakenArtifactError::Abandoned)?;
    done.map_err(TakenArtifactError::Disk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(title: &str, expect: &str) {
        assert_eq!(file_name(title), expect);
        assert!(expect.parse::<ArtifactName>().is_ok());
    }

    #[test]
    fn a_file_is_named_after_its_title_and_is_never_a_way_out() {
        check("Test report.md", "artifacts/test_report.md");
        check("a/b\\c\0d\ne", "artifacts/a_b_c_d_e");
        check("..", "artifacts/unnamed");
        check(".", "artifacts/unnamed");
        check("../../etc/passwd", "artifacts/.._.._etc_passwd");
        check("Größe", "artifacts/größe");
        check(&"x".repeat(80), &format!("artifacts/{}", "x".repeat(50)));
    }
}
