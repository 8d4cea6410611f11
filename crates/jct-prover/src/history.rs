//! Searches every commit that was handed over. What one commit adds and the next takes away again is not in the diff, and
//! would be published all the same.
//!
//! git reads the commits in the sandbox, in a fresh repository that the executor has never touched, with all files taken
//! for text: no attribute of theirs hides one.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jct_evidence::scan::{Scanner, SecretFinding, SecretPlace};
use jct_exec::git::RunCommit;
use jct_exec::process::{Bounds, Capture, CommandSpec, Environment, ProcessEnd, run};
use jct_exec::sandbox::Sandbox;
use jct_exec::{LineSink, LogLine, Workspace};

use crate::error::{ProofError, no_verdict};
use crate::folder::open_regular;
use crate::inventory::{Searched, blocking};

/// A longer history is not searched, and the findings say so.
const MOST_BYTES: u64 = 128 << 20;
/// The id of the tree without files: no attributes.
const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const OUTPUT_BYTES: usize = 64 * 1024;

/// Settings that leave nothing of a repository's own to run.
const SETTINGS: [&str; 5] = [
    "core.bare=true",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.quotePath=true",
    "diff.renameLimit=1000",
];

/// Searches the commits between base and head: what they add, and their messages and authors.
pub(crate) async fn search(
    commit: &RunCommit,
    workspaces: &Path,
    sandbox: &Sandbox,
    scanner: &Scanner,
    bounds: &Bounds,
) -> Result<Searched, ProofError> {
    if commit.is_empty() {
        return Ok(Searched::default());
    }
    let workspaces = workspaces.to_owned();
    let created = tokio::task::spawn_blocking(move || Workspace::create(&workspaces)).await;
    let workspace = created.map_err(|error| ProofError::files("make a workspace")(io::Error::other(error)))??;
    let searched = search_in(&workspace, commit, sandbox, scanner, bounds).await;
    if let Err(error) = workspace.close().await {
        log::warn!(error:% = error; "a workspace of a proof was left behind");
    }
    searched
}

async fn search_in(
    workspace: &Workspace,
    commit: &RunCommit,
    sandbox: &Sandbox,
    scanner: &Scanner,
    bounds: &Bounds,
) -> Result<Searched, ProofError> {
    commit.snapshot().workspace(&workspace.checkout(), bounds).await?;
    let log = Log { commit, workspace, sandbox, bounds };
    let patches = log.write("patches", &["--patch", "--text", "--diff-merges=separate", "--format="]).await?;
    let messages = log.write("messages", &["--no-patch", "--format=%x00%H%n%an <%ae>%n%cn <%ce>%n%B"]).await?;
    let scanner = scanner.clone();
    blocking("search the commits", move || searched(&scanner, patches.as_deref(), messages.as_deref())).await
}

fn searched(scanner: &Scanner, patches: Option<&Path>, messages: Option<&Path>) -> io::Result<Searched> {
    let mut searched = Searched::default();
    match read(patches)? {
        Some(patches) => searched.found.extend(scanner.scan_patch(&patches).found),
        None => searched.unsearched.push("the commits, which are too large".to_owned()),
    }
    match read(messages)? {
        Some(messages) => searched.found.extend(in_messages(scanner, &messages)),
        None => searched.unsearched.push("the messages of the commits, which are too large".to_owned()),
    }
    Ok(searched)
}

fn in_messages(scanner: &Scanner, messages: &[u8]) -> Vec<SecretFinding> {
    let commits = messages.split(|byte| *byte == 0).filter(|message| !message.is_empty());
    let findings = commits.flat_map(|message| {
        let id = message.split(|byte| *byte == b'\n').next().unwrap_or_default();
        scanner.findings(SecretPlace::Commit, &String::from_utf8_lossy(id), message)
    });
    findings.collect()
}

/// The whole of a file; `None` if it is not there or too large.
fn read(path: Option<&Path>) -> io::Result<Option<Vec<u8>>> {
    let Some(path) = path else { return Ok(None) };
    let mut bytes = Vec::new();
    let length = open_regular(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    Ok((u64::try_from(length).unwrap_or(u64::MAX) <= MOST_BYTES).then_some(bytes))
}

struct Log<'a> {
    commit: &'a RunCommit,
    workspace: &'a Workspace,
    sandbox: &'a Sandbox,
    bounds: &'a Bounds,
}

impl Log<'_> {
    /// Writes what `git log` says into a file; `None` if that would be too large.
    async fn write(&self, name: &str, arguments: &[&str]) -> Result<Option<PathBuf>, ProofError> {
        let Self { commit, workspace, sandbox, bounds } = *self;
        let file = workspace.out().join(name);
        let range = format!("{}..{}", commit.base(), commit.head());
        let settings = SETTINGS.iter().flat_map(|setting| ["-c".to_owned(), (*setting).to_owned()]);
        let command = CommandSpec::new("git", workspace.out(), self.environment())
            .args([argument("--git-dir=", &workspace.checkout().join(".git"))])
            .args(settings)
            .args(["-c", &format!("attr.tree={EMPTY_TREE}")])
            .args(["log", "--no-color", "--no-ext-diff", "--no-textconv", "--no-show-signature", "--full-index"])
            .args(["--no-mailmap", "--encoding=UTF-8", "--src-prefix=a/", "--dst-prefix=b/"])
            .args(arguments)
            .args([argument("--output=", &file)])
            .args([range.as_str(), "--"])
            .marked(workspace.marker().clone())
            .confined(sandbox.confine().writable(workspace.work()).readable(commit.snapshot().objects()));
        let said = Arc::new(Said::default());
        let outcome = run(&command, bounds, &Capture::new(said.clone(), OUTPUT_BYTES)).await;
        match outcome.end {
            ProcessEnd::Exited { code: 0 } => Ok(Some(file)),
            ProcessEnd::LimitHit { .. } | ProcessEnd::TimedOut => Ok(None),
            end => Err(no_verdict(&end).unwrap_or_else(|| {
                log::warn!(end:? = end, said = said.last(); "git could not list the commits of a run");
                ProofError::History
            })),
        }
    }

    fn environment(&self) -> Environment {
        Environment::clean(&self.workspace.home(), &self.workspace.temporary())
            .with("LC_ALL", "C")
            .with("GIT_CONFIG_NOSYSTEM", "1")
            .with("GIT_CONFIG_GLOBAL", "/dev/null")
            .with("GIT_ATTR_NOSYSTEM", "1")
            .with("GIT_NO_LAZY_FETCH", "1")
            .with("GIT_OPTIONAL_LOCKS", "0")
            .with("GIT_PAGER", "cat")
            .with("GIT_TERMINAL_PROMPT", "0")
    }
}

fn argument(name: &str, path: &Path) -> std::ffi::OsString {
    let mut argument = std::ffi::OsString::from(name);
    argument.push(path);
    argument
}

/// The last line that git printed, for the operator's log.
#[derive(Default)]
struct Said(std::sync::Mutex<String>);

impl Said {
    fn last(&self) -> String {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

impl LineSink for Said {
    fn line(&self, line: LogLine) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = line.text;
    }
}
