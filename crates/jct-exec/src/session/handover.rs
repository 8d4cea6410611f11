//! Brings the work out of the workspace: bundled inside the sandbox, judged on the host.

use super::BUNDLE_FILE;
use super::collect::collect;
use super::kept::KeptFiles;
use super::open::Session;
use crate::executor::{FailureReason, Handover, Stop, with_causes};
use crate::git::{GitError, Offer, Refusal, RunCommit, open_below};

/// What the workspace says about itself.
struct Status {
    head: Option<String>,
    dirty: bool,
}

impl Session {
    /// Takes over the files in the output folder, commits what is not committed, receives the commit that `HEAD` is
    /// then at, and notes it. The bundle is kept among the artifacts, as `changes.bundle`, when there are changes.
    ///
    /// # Errors
    ///
    /// [`FailureReason::HandoverRefused`] when the work cannot be bundled or breaks a rule, else [`Stop`] when
    /// something fails on the way.
    pub async fn hand_over(&mut self) -> Result<Handover, Stop> {
        self.io.progress(None, "handing the work over");
        self.collect().await?;
        let head = self.committed().await?;
        let work = if head == self.base_commit() {
            self.cache.receive_nothing(&self.snapshot, &self.run, &self.bounds).await?
        } else {
            self.bundled().await?;
            self.received().await?
        };
        let noted = self.workspace.handed_over().await;
        noted.map_err(|error| Stop::failed(FailureReason::WorkspaceFailed, with_causes(&error)))?;
        let handover = Handover {
            repo: self.repo.clone(),
            base_commit: work.base().to_owned(),
            head_commit: work.head().to_owned(),
        };
        let what = if handover.is_empty() { "no change was made" } else { "handed over" };
        self.capture.system(format!("{what}: {}", handover.head_commit));
        self.io.record().set_handover(handover.clone());
        Ok(handover)
    }

    /// Copies the files that the work left in its output folder to the artifacts, once, and notes what became of them.
    pub(super) async fn collect(&mut self) -> Result<(), Stop> {
        if std::mem::replace(&mut self.collected, true) {
            return Ok(());
        }
        let (folder, to) = (self.workspace.folder().to_owned(), self.io.artifacts().to_owned());
        let limits = self.output_limits;
        let collected = tokio::task::spawn_blocking(move || collect(&folder, &["work", "out"], &to, limits)).await;
        let kept = collected.map_err(std::io::Error::other).flatten().map_err(|error| {
            let message = format!("a file that the work left could not be kept: {}", error.kind());
            Stop::failed(FailureReason::ArtifactFailed, message)
        })?;
        if !kept.is_empty() {
            self.tell(&kept);
            self.io.record().set_kept_files(kept);
        }
        Ok(())
    }

    fn tell(&self, KeptFiles { files, bytes, refused, refusals }: &KeptFiles) {
        self.capture.system(format!("files left to be kept: {files} ({bytes} bytes), not kept: {refused}"));
        for refused in refusals {
            self.capture.system(format!("not kept: `{}`: {}", refused.path, refused.reason));
        }
    }

    /// The commit at `HEAD`, after a commit of everything that was not in one.
    async fn committed(&self) -> Result<String, Stop> {
        let mut status = self.status().await?;
        if status.dirty {
            let add = "add what was left";
            let added = self.git_inside(add, &["add", "--all"]).await?;
            if !added.good {
                return Err(refused(Refusal::NotBundled { action: add, stderr: added.stderr }));
            }
            let commit = "commit what was left";
            let message =
                format!("Work of task {}\n\nCommitted by the worker: it was left uncommitted.\n", self.task_id);
            let committed =
                self.git_inside(commit, &["commit", "--quiet", "--no-verify", "--message", &message]).await?;
            status = self.status().await?;
            // What is still dirty then may be what git never adds.
            if !committed.good && status.dirty {
                return Err(refused(Refusal::NotBundled { action: commit, stderr: committed.stderr }));
            }
        }
        status.head.ok_or_else(|| {
            let stderr = "there is no commit".to_owned();
            refused(Refusal::NotBundled { action: "find the commit", stderr })
        })
    }

    async fn status(&self) -> Result<Status, Stop> {
        let action = "look at the checkout";
        let arguments =
            ["status", "--porcelain=v2", "--branch", "--untracked-files=normal", "--ignore-submodules=dirty"];
        let answer = self.git_inside(action, &arguments).await?;
        if !answer.good {
            return Err(refused(Refusal::NotBundled { action, stderr: answer.stderr }));
        }
        let head = answer.stdout.iter().find_map(|line| line.strip_prefix("# branch.oid "));
        Ok(Status {
            head: head.filter(|head| *head != "(initial)").map(str::to_owned),
            dirty: answer.stdout.iter().any(|line| !line.starts_with('#')),
        })
    }

    async fn bundled(&self) -> Result<(), Stop> {
        let action = "bundle the commits";
        let path = self.workspace.out().join(BUNDLE_FILE);
        let base = format!("^{}", self.base_commit());
        let arguments = ["bundle", "create", "--quiet", &path.to_string_lossy(), "HEAD", &base];
        let answer = self.git_inside(action, &arguments).await?;
        if answer.good { Ok(()) } else { Err(refused(Refusal::NotBundled { action, stderr: answer.stderr })) }
    }

    async fn received(&self) -> Result<RunCommit, Stop> {
        let bundle = open_below(self.workspace.folder(), &["work", "out", BUNDLE_FILE]).map_err(refused)?;
        let artifact = self.io.artifacts().join(BUNDLE_FILE);
        let offer = Offer {
            run: &self.run,
            bundle,
            copy_to: Some(&artifact),
            limits: self.limits,
            sandbox: Some(&self.sandbox),
        };
        Ok(self.cache.receive(&self.snapshot, offer, &self.bounds).await?)
    }
}

fn refused(refusal: Refusal) -> Stop {
    GitError::Refused(refusal).into()
}
