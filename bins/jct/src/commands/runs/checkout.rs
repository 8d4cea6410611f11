//! The user's own git checkout, in which a change is to be applied: with the user's own configuration, by argument
//! vector, and without ever making a commit.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jct_exec::LineSink;
use jct_exec::process::{Bounds, Capture, CommandSpec, Environment, ProcessEnd, run};
use tokio_util::sync::CancellationToken;

use crate::commands::lines::Lines;
use crate::exit::Exit;
use crate::failure::Failure;

const GIT_LIMIT: Duration = Duration::from_secs(300);
const OUTPUT_LIMIT: usize = 1024 * 1024;
/// What git reads its user's configuration from.
const PASSED: [&str; 4] = ["XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"];

/// The checkout around a folder.
#[derive(Debug)]
pub(super) struct Checkout {
    top: PathBuf,
}

/// How applying a change ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Applied {
    /// Every file took it.
    Cleanly,
    /// These files have conflict markers now.
    WithConflicts(Vec<String>),
}

/// What a call of git came to.
struct Outcome {
    succeeded: bool,
    lines: Vec<String>,
}

impl Checkout {
    /// Finds it.
    pub(super) async fn around(folder: &Path) -> Result<Self, Failure> {
        // The way up is plain dots, whatever bytes the path itself is made of.
        let outcome = git(folder, &["rev-parse", "--show-cdup"]).await?;
        if !outcome.succeeded {
            let failure = Failure::new(Exit::Usage, "there is no git checkout here");
            return Err(told(failure, &outcome).hint("change into a checkout of the run's repository"));
        }
        Ok(Self { top: folder.join(outcome.lines.first().map_or("", String::as_str)) })
    }

    /// Files that git knows and that differ from the last commit.
    pub(super) async fn changed_files(&self) -> Result<Vec<String>, Failure> {
        let outcome = self.must("look at the checkout", &["status", "--porcelain", "--untracked-files=no"]).await?;
        Ok(outcome.lines)
    }

    /// Whether this repository has the commit.
    pub(super) async fn knows(&self, commit: &str) -> Result<bool, Failure> {
        let name = format!("{commit}^{{commit}}");
        Ok(git(&self.top, &["cat-file", "-e", "--end-of-options", &name]).await?.succeeded)
    }

    /// Applies a patch to the files and to the index: as it stands or, where that fails, merged.
    pub(super) async fn apply(&self, patch: &Path) -> Result<Applied, Failure> {
        let patch = patch
            .to_str()
            .ok_or_else(|| Failure::new(Exit::Local, "the folder for temporary files has no name in UTF-8"))?;
        let apply = ["apply", "--index", "--whitespace=nowarn"];
        if git(&self.top, &[&apply[..], &[patch]].concat()).await?.succeeded {
            return Ok(Applied::Cleanly);
        }
        let merged = git(&self.top, &[&apply[..], &["--3way", patch]].concat()).await?;
        if merged.succeeded {
            return Ok(Applied::Cleanly);
        }
        let conflicts = self.must("look for conflicts", &["diff", "--name-only", "--diff-filter=U"]).await?.lines;
        if conflicts.is_empty() {
            return Err(told(Failure::new(Exit::Conflict, "the change does not fit this checkout"), &merged)
                .hint("check out the commit that the change was made on, or one near it"));
        }
        Ok(Applied::WithConflicts(conflicts))
    }

    async fn must(&self, what: &str, arguments: &[&str]) -> Result<Outcome, Failure> {
        let outcome = git(&self.top, arguments).await?;
        if outcome.succeeded {
            return Ok(outcome);
        }
        Err(told(Failure::new(Exit::Local, format!("git failed to {what}")), &outcome))
    }
}

fn told(failure: Failure, outcome: &Outcome) -> Failure {
    outcome.lines.iter().take(20).fold(failure, |failure, line| failure.detail(line.as_str()))
}

async fn git(folder: &Path, arguments: &[&str]) -> Result<Outcome, Failure> {
    let home = std::env::var_os("HOME").map_or_else(|| folder.to_owned(), PathBuf::from);
    let environment = Environment::clean(&home, &std::env::temp_dir()).passing(PASSED);
    // Nothing may stay behind, and such a monitor would.
    let command = CommandSpec::new("git", folder, environment).args(["-c", "core.fsmonitor=false"]).args(arguments);
    let (lines, bounds) = (Arc::new(Lines::default()), Bounds::new(GIT_LIMIT, CancellationToken::new()));
    let capture = Capture::new(Arc::clone(&lines) as Arc<dyn LineSink>, OUTPUT_LIMIT);
    let end = Box::pin(run(&command, &bounds, &capture)).await.end;
    let lines = lines.take();
    match end {
        ProcessEnd::Exited { code } => Ok(Outcome { succeeded: code == 0, lines }),
        ProcessEnd::SpawnFailed(error) => {
            Err(Failure::caused(Exit::Local, "git could not be started", &error).hint("`jct doctor` looks at git"))
        }
        end => Err(Failure::new(Exit::Local, format!("git did not come to its end: {end:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    struct Place(tempfile::TempDir);

    impl Place {
        /// A repository with one file of ten lines.
        async fn new() -> Self {
            let place = Self(tempfile::tempdir().expect("a folder"));
            place.git(&["init", "--quiet", "--initial-branch=main"]).await;
            let lines: String = (0..10).map(|line| format!("{line}\n")).collect();
            place.commit("a.txt", &lines).await;
            place
        }

        async fn git(&self, arguments: &[&str]) -> Vec<String> {
            let person = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"];
            let outcome = git(self.0.path(), &[&person[..], arguments].concat()).await.expect("git");
            assert!(outcome.succeeded, "{arguments:?}: {:?}", outcome.lines);
            outcome.lines
        }

        async fn commit(&self, name: &str, text: &str) {
            self.write(name, text);
            self.git(&["add", "--all"]).await;
            self.git(&["commit", "--quiet", "--message", "c"]).await;
        }

        fn write(&self, name: &str, text: &str) {
            let path = self.0.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        }

        fn read(&self, name: &str) -> String {
            fs::read_to_string(self.0.path().join(name)).expect("readable")
        }

        /// The patch from here to where `a.txt` begins with another line and a file is new; the files stay as they are.
        async fn patch(&self) -> tempfile::NamedTempFile {
            self.write("a.txt", &self.read("a.txt").replacen('0', "zero", 1));
            self.write("deep/new.txt", "new\n");
            self.git(&["add", "--all"]).await;
            let lines = self.git(&["diff", "--cached", "--binary", "--full-index"]).await;
            self.git(&["reset", "--quiet", "--hard"]).await;
            let file = tempfile::NamedTempFile::new().expect("a file");
            fs::write(file.path(), lines.join("\n") + "\n").expect("written");
            file
        }
    }

    #[tokio::test]
    async fn a_change_comes_to_the_files_and_the_index_from_any_folder_below() {
        let place = Place::new().await;
        let patch = place.patch().await;
        place.commit("deep/er/b.txt", "b\n").await;
        let checkout = Checkout::around(&place.0.path().join("deep/er")).await.expect("a checkout");
        assert_eq!(checkout.changed_files().await.expect("clean"), [""; 0]);
        assert_eq!(checkout.apply(patch.path()).await.expect("applied"), Applied::Cleanly);
        assert!(place.read("a.txt").starts_with("zero\n1\n"));
        assert_eq!(place.git(&["diff", "--cached", "--name-only"]).await, ["a.txt", "deep/new.txt"]);
        assert_eq!(place.git(&["rev-list", "--count", "HEAD"]).await, ["2"], "nothing is committed");
        assert!(!checkout.changed_files().await.expect("dirty").is_empty());
        let before = place.git(&["diff", "HEAD"]).await;
        assert_eq!(checkout.apply(patch.path()).await.expect("applied"), Applied::Cleanly);
        assert_eq!(place.git(&["diff", "HEAD"]).await, before, "twice is once");
    }

    #[tokio::test]
    async fn what_does_not_fit_is_merged_or_leaves_conflicts_or_nothing() {
        let place = Place::new().await;
        let patch = place.patch().await;
        place.commit("a.txt", &place.read("a.txt").replacen('0', "null", 1)).await;
        let checkout = Checkout::around(place.0.path()).await.expect("a checkout");
        let applied = checkout.apply(patch.path()).await.expect("merged");
        assert_eq!(applied, Applied::WithConflicts(vec!["a.txt".to_owned()]));
        assert!(place.read("a.txt").contains("<<<<<<<"));

        let stranger = Place::new().await;
        stranger.commit("a.txt", "something else\n").await;
        let checkout = Checkout::around(stranger.0.path()).await.expect("a checkout");
        stranger.git(&["update-ref", "refs/heads/kept", "HEAD"]).await;
        fs::write(patch.path(), fs::read_to_string(patch.path()).expect("text").replace("a.txt", "b.txt"))
            .expect("written");
        assert_eq!(checkout.apply(patch.path()).await.expect_err("no such file").exit(), Exit::Conflict);
        assert_eq!(checkout.changed_files().await.expect("clean"), [""; 0]);
    }

    #[tokio::test]
    async fn a_patch_never_leaves_the_checkout() {
        let place = Place::new().await;
        let checkout = Checkout::around(place.0.path()).await.expect("a checkout");
        for name in ["../outside.txt", ".git/hooks/post-commit", "/tmp/outside.txt"] {
            let file = tempfile::NamedTempFile::new().expect("a file");
            let patch = format!(
                "diff --git a/{name} b/{name}\nnew file mode 100755\n--- /dev/null\n+++ b/{name}\n@@ -0,0 +1 @@\n+x\n"
            );
            fs::write(file.path(), patch).expect("written");
            assert_eq!(checkout.apply(file.path()).await.expect_err(name).exit(), Exit::Conflict, "{name}");
        }
        assert!(!place.0.path().join(".git/hooks/post-commit").exists());
    }

    #[tokio::test]
    async fn commits_are_known_or_not_and_a_folder_may_be_no_checkout() {
        let place = Place::new().await;
        let checkout = Checkout::around(place.0.path()).await.expect("a checkout");
        let head = place.git(&["rev-parse", "HEAD"]).await.remove(0);
        for (commit, expect) in [(&*head, true), ("", false), ("--all", false), (&"0".repeat(40), false)] {
            assert_eq!(checkout.knows(commit).await.expect("asked"), expect, "{commit}");
        }
        let outside = tempfile::tempdir().expect("a folder");
        assert_eq!(Checkout::around(outside.path()).await.expect_err("none").exit(), Exit::Usage);
    }
}
