//! Takes over what an executor hands over: a bundle of commits, into a repository of its own first, where it is judged,
//! and into the cache only when it breaks no rule.
//!
//! git unpacks the bundle here, on the host. So it does that in the sandbox, if there is one: it may write the
//! quarantine and read the cache's objects, and nothing else. Afterwards every object has been checked.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::cache::{RepoCache, resolve};
use super::call::Call;
use super::client::{Git, git_dir};
use super::entries::{Link, check_entry};
use super::error::{CacheStep, GitError};
use super::intake::{Copied, copy_bundle};
use super::names::{LONGEST_PATH, is_safe_target};
use super::output::Most;
use super::refusal::Refusal;
use super::run_commit::RunCommit;
use super::run_key::RunKey;
use super::snapshot::{Snapshot, borrow_objects};
use super::url::RemoteUrl;
use crate::process::Bounds;
use crate::sandbox::{Confinement, Sandbox};

/// What the folders for bundles that are being judged begin with.
pub(super) const INCOMING: &str = "incoming-";

const HEAD: &str = "refs/jct/head";
const BASE: &str = "refs/jct/base";

/// How much may be handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandoverLimits {
    /// Size of the bundle, in bytes.
    pub bundle_bytes: u64,
    /// Size of all new objects when unpacked, in bytes.
    pub content_bytes: u64,
    /// Commits.
    pub commits: usize,
    /// Files that differ between the first and the last commit.
    pub files: usize,
    /// New symbolic links.
    pub links: usize,
}

impl Default for HandoverLimits {
    fn default() -> Self {
        Self { bundle_bytes: 256 << 20, content_bytes: 2 << 30, commits: 10_000, files: 100_000, links: 1000 }
    }
}

/// A bundle to be received.
#[derive(Debug)]
pub struct Offer<'a> {
    /// The attempt that made it.
    pub run: &'a RunKey,
    /// The bundle; its `HEAD` is what is handed over.
    pub bundle: File,
    /// Where a copy of an accepted bundle is put. A file there is replaced.
    pub copy_to: Option<&'a Path>,
    /// How much is accepted.
    pub limits: HandoverLimits,
    /// What git's reading of it is confined by.
    pub sandbox: Option<&'a Sandbox>,
}

impl RepoCache {
    /// Receives the work that began with `base`.
    ///
    /// # Errors
    ///
    /// [`GitError::Refused`] when it breaks a rule, else what went wrong with the cache, or the bounds.
    pub async fn receive(&self, base: &Snapshot, offer: Offer<'_>, bounds: &Bounds) -> Result<RunCommit, GitError> {
        let Offer { run, bundle, copy_to, limits, sandbox } = offer;
        let quarantine = Quarantine::prepare(self, base, sandbox, bounds).await?;
        quarantine.take(bundle, limits.bundle_bytes).await?;
        let head = quarantine.fetch(bounds).await?;
        Judge { quarantine: &quarantine, base: base.commit(), head: &head, limits, bounds }.judge().await?;
        if let Some(copy_to) = copy_to {
            tokio::fs::copy(quarantine.bundle(), copy_to).await.map_err(failed)?;
        }
        let from = local(&quarantine.repository())?;
        self.adopt(base, &from, HEAD, run, bounds).await?;
        Ok(RunCommit::new(base.at(head), base.commit().to_owned()))
    }

    /// Notes that the work which began with `base` changed nothing.
    ///
    /// # Errors
    ///
    /// [`GitError::GitFailed`] when git cannot note it, or the bounds.
    pub async fn receive_nothing(&self, base: &Snapshot, run: &RunKey, bounds: &Bounds) -> Result<RunCommit, GitError> {
        base.point(&run.run_reference(), bounds).await?;
        Ok(RunCommit::new(base.clone(), base.commit().to_owned()))
    }

    /// What was received of an attempt, if the cache still has it.
    ///
    /// # Errors
    ///
    /// [`GitError`]: the repository's name, the cache, or the bounds.
    pub async fn received(&self, repo: &str, run: &RunKey, bounds: &Bounds) -> Result<Option<RunCommit>, GitError> {
        let mirror = self.mirror(repo)?;
        if !mirror.exists() {
            return Ok(None);
        }
        let lease = self.lease(&mirror, bounds).await?;
        let head = resolve(self.git(), &mirror.folder, &run.run_reference(), bounds).await?;
        let base = resolve(self.git(), &mirror.folder, &run.base_reference(), bounds).await?;
        let (Some(head), Some(base)) = (head, base) else { return Ok(None) };
        Ok(Some(RunCommit::new(Snapshot::new(self.git().clone(), mirror, head, lease), base)))
    }

    /// Fetches a judged commit into the cache.
    async fn adopt(
        &self,
        base: &Snapshot,
        from: &RemoteUrl,
        reference: &str,
        run: &RunKey,
        bounds: &Bounds,
    ) -> Result<(), GitError> {
        let _held = self.hold(base.mirror(), bounds).await?;
        let call = Call::new("take the work over", [git_dir(&base.mirror().folder)])
            .with_remote(from)
            .args(["fetch", "--quiet", "--no-prune", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"])
            .args(["--no-recurse-submodules", "--", from.address()])
            .arg(format!("+{reference}:{}", run.run_reference()));
        self.git().run(call, bounds).await.map(drop)
    }
}

fn failed(cause: io::Error) -> GitError {
    GitError::Cache { step: CacheStep::Quarantine, cause }
}

fn local(path: &Path) -> Result<RemoteUrl, GitError> {
    RemoteUrl::parse(path.to_str().unwrap_or_default()).map_err(|error| failed(io::Error::other(error)))
}

/// A repository of its own that sees the cache's objects. Removed on drop.
struct Quarantine {
    folder: TempDir,
    git: Git,
    confinement: Option<Confinement>,
}

impl Quarantine {
    async fn prepare(
        cache: &RepoCache,
        base: &Snapshot,
        sandbox: Option<&Sandbox>,
        bounds: &Bounds,
    ) -> Result<Self, GitError> {
        let folder = tempfile::Builder::new()
            .prefix(INCOMING)
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(cache.root())
            .map_err(failed)?;
        let git = cache.git().clone();
        let confinement = sandbox
            .map(|sandbox| sandbox.confine().writable(folder.path()).readable(base.objects()).readable(git.home()));
        let quarantine = Self { folder, git, confinement };
        let init = Call::new("prepare a quarantine", ["init", "--bare", "--quiet", "--template=", "--"]);
        quarantine.git.run(init.arg(quarantine.repository()), bounds).await?;
        borrow_objects(&quarantine.repository(), base.mirror()).await.map_err(failed)?;
        let call = quarantine.call("prepare a quarantine").args(["update-ref", "--no-deref", BASE]).arg(base.commit());
        quarantine.git.run(call, bounds).await?;
        Ok(quarantine)
    }

    fn repository(&self) -> PathBuf {
        self.folder.path().join("repo.git")
    }

    fn bundle(&self) -> PathBuf {
        self.folder.path().join("bundle")
    }

    fn call(&self, action: &'static str) -> Call<'static> {
        let call = Call::new(action, [git_dir(&self.repository())]);
        // Large content is streamed instead of held in memory.
        call.setting("core.bigFileThreshold", "16m").setting("core.quotePath", "true")
    }

    async fn take(&self, bundle: File, most: u64) -> Result<(), GitError> {
        let path = self.bundle();
        let copy = move || {
            let mut to = File::options().read(true).write(true).create_new(true).open(path)?;
            copy_bundle(bundle, &mut to, most)
        };
        match tokio::task::spawn_blocking(copy).await.map_err(io::Error::other).flatten().map_err(failed)? {
            Copied::Whole => Ok(()),
            Copied::Refused(refusal) => Err(GitError::Refused(refusal)),
        }
    }

    /// Fetches the bundle's `HEAD`, every object of it checked, and gives back the commit's id.
    async fn fetch(&self, bounds: &Bounds) -> Result<String, GitError> {
        let verify = self.call("verify the bundle").args(["bundle", "verify", "--quiet"]).arg(self.bundle());
        self.git.run(verify, bounds).await.map_err(not_a_bundle)?;
        let bundle = local(&self.bundle())?;
        let mut fetch = self
            .call("read the bundle")
            .with_remote(&bundle)
            .setting("fetch.fsckObjects", "true")
            .setting("fetch.unpackLimit", "1")
            .args(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"])
            .args(["--no-recurse-submodules", "--", bundle.address()])
            .arg(format!("+HEAD:{HEAD}"));
        fetch.confinement.clone_from(&self.confinement);
        self.git.run(fetch, bounds).await.map_err(not_a_bundle)?;
        let head = resolve(&self.git, &self.repository(), HEAD, bounds).await?;
        head.ok_or_else(|| GitError::Refused(Refusal::NotABundle { stderr: "its HEAD is no commit".to_owned() }))
    }
}

fn not_a_bundle(error: GitError) -> GitError {
    match error {
        GitError::GitFailed { stderr, .. } => GitError::Refused(Refusal::NotABundle { stderr }),
        other => other,
    }
}

/// The rules, in an order in which none can be made to cost much by what a later one would refuse.
struct Judge<'a> {
    quarantine: &'a Quarantine,
    base: &'a str,
    head: &'a str,
    limits: HandoverLimits,
    bounds: &'a Bounds,
}

impl Judge<'_> {
    async fn judge(&self) -> Result<(), GitError> {
        self.descends_from_base().await?;
        self.commits().await?;
        self.content().await?;
        self.files().await?;
        let links = self.entries().await?;
        self.links(links).await
    }

    fn call(&self) -> Call<'static> {
        self.quarantine.call("read the work")
    }

    fn range(&self) -> String {
        format!("{}..{}", self.base, self.head)
    }

    async fn descends_from_base(&self) -> Result<(), GitError> {
        let call = self.call().args(["rev-list", "--max-count=1", self.base]).arg(format!("^{}", self.head));
        let missing = self.quarantine.git.run(call, self.bounds).await?;
        if missing.is_empty() { Ok(()) } else { Err(GitError::Refused(Refusal::Unrelated)) }
    }

    async fn commits(&self) -> Result<(), GitError> {
        let limit = self.limits.commits;
        let call =
            self.call().arg("rev-list").arg(format!("--max-count={}", limit + 1)).args(["--count", &self.range()]);
        let count = self.quarantine.git.run(call, self.bounds).await?;
        let count = count.first().and_then(|line| line.trim().parse::<usize>().ok());
        if count.is_some_and(|count| count <= limit) {
            Ok(())
        } else {
            Err(GitError::Refused(Refusal::TooManyCommits { limit }))
        }
    }

    /// All new objects together, unpacked: what little of a bundle can become a lot on a disk.
    async fn content(&self) -> Result<(), GitError> {
        let refused = || GitError::Refused(Refusal::TooMuchContent { limit_bytes: self.limits.content_bytes });
        let call = self.call().args(["rev-list", "--objects", "--no-object-names", &self.range()]);
        let objects = self.at_most(call, 2_000_000).await?.ok_or_else(refused)?;
        let total = sizes(&self.quarantine.git, self.call(), &objects, self.bounds).await?;
        if total <= self.limits.content_bytes { Ok(()) } else { Err(refused()) }
    }

    async fn files(&self) -> Result<(), GitError> {
        let limit = self.limits.files;
        let call = self.call().args(["diff-tree", "-r", "--no-renames", "--name-only", self.base, self.head]);
        match self.at_most(call, limit).await? {
            Some(_) => Ok(()),
            None => Err(GitError::Refused(Refusal::TooManyFiles { limit })),
        }
    }

    /// Checks every entry that any of the commits adds, as all of them are pushed one day. A merge is checked for what
    /// none of its parents has.
    async fn entries(&self) -> Result<Vec<Link>, GitError> {
        let limit = self.limits.files.saturating_mul(10);
        let call = self
            .call()
            .args(["log", "--raw", "-c", "-r", "--no-renames", "--no-abbrev", "--no-color", "--no-show-signature"])
            .args(["--format=", &self.range()]);
        let lines = self.at_most(call, limit).await?;
        let lines = lines.ok_or(GitError::Refused(Refusal::TooManyFiles { limit: self.limits.files }))?;
        let mut links = Vec::new();
        for line in lines.iter().filter(|line| !line.is_empty()) {
            links.extend(check_entry(line).map_err(GitError::Refused)?);
        }
        Ok(links)
    }

    async fn links(&self, links: Vec<Link>) -> Result<(), GitError> {
        let mut by_target: HashMap<String, Vec<Link>> = HashMap::new();
        for link in links {
            by_target.entry(link.object.clone()).or_default().push(link);
        }
        if by_target.len() > self.limits.links {
            return Err(GitError::Refused(Refusal::TooManyLinks { limit: self.limits.links }));
        }
        for (object, links) in by_target {
            let target = self.target(&object).await?;
            let unsafe_one = links
                .into_iter()
                .find(|link| !target.as_ref().is_some_and(|target| is_safe_target(&link.path, target.as_bytes())));
            if let Some(Link { shown, .. }) = unsafe_one {
                return Err(GitError::Refused(Refusal::UnsafeLink { path: shown }));
            }
        }
        Ok(())
    }

    /// A link's target, which is not text by necessity: what is not UTF-8 or NUL is replaced, which changes nothing
    /// about where it leads. `None` when it is too long for one.
    async fn target(&self, object: &str) -> Result<Option<String>, GitError> {
        let call = self.call().args(["cat-file", "blob", object]);
        let most = Most { lines: LONGEST_PATH, bytes: LONGEST_PATH };
        let lines = self.quarantine.git.run_at_most(call, most, self.bounds).await?;
        Ok(lines.map(|lines| lines.join("\n")))
    }

    async fn at_most(&self, call: Call<'_>, lines: usize) -> Result<Option<Vec<String>>, GitError> {
        self.quarantine.git.run_at_most(call, Most { lines, bytes: 256 << 20 }, self.bounds).await
    }
}

/// The sizes of objects together, unpacked. `call` is a git that sees them.
pub(super) async fn sizes(git: &Git, call: Call<'_>, objects: &[String], bounds: &Bounds) -> Result<u64, GitError> {
    let mut list = objects.join("\n");
    list.push('\n');
    let call = call.args(["cat-file", "--batch-check=%(objectsize)", "--buffer"]).stdin(list);
    let lines = git.run_at_most(call, Most { lines: objects.len() + 1, bytes: 256 << 20 }, bounds).await?;
    let sizes = lines.unwrap_or_default();
    Ok(sizes.iter().filter_map(|line| line.parse::<u64>().ok()).fold(0, u64::saturating_add))
}
