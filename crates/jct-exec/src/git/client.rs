//! Runs the git program with a configuration of our own and nothing else.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use super::call::Call;
use super::error::{CacheStep, GitError};
use super::output::{Most, Output, without_places};
use crate::process::{Bounds, Capture, CommandSpec, Environment, ProcessEnd, run};

/// Output kept of one git call, in bytes.
const OUTPUT_LIMIT: usize = 16 * 1024 * 1024;

/// Stands where a user's own configuration would. Unlike values in the environment, a file is also
/// read by the processes that git itself starts in another repository.
///
/// `safe.directory = *`: git is pointed only at sources that the operator configured and at folders
/// of our own, whoever owns them; what the check would protect from (a foreign repository's
/// configuration running code) is switched off by the other lines.
const CONFIGURATION: &str = "\
[core]
\thooksPath = /dev/null
\tfsmonitor = false
\tattributesFile = /dev/null
\texcludesFile = /dev/null
[safe]
\tdirectory = *
\tbareRepository = explicit
[protocol]
\tallow = never
\tversion = 2
[credential]
\thelper =
[gc]
\tauto = 0
[maintenance]
\tauto = false
[submodule]
\trecurse = false
[fetch]
\trecurseSubmodules = false
[uploadpack]
\tallowAnySHA1InWant = true
[init]
\tdefaultBranch = main
[advice]
\tdetachedHead = false
";

/// The line of [`CONFIGURATION`] that a repository on this machine does without when it is pushed to.
const NO_HOOKS: &str = "\thooksPath = /dev/null\n";

const CONFIGURATION_FILE: &str = "config";
const PUSH_CONFIGURATION_FILE: &str = "push-config";

/// Highest precedence: not even the configuration of the repository itself overrides these.
const OVERRIDES: [(&str, &str); 5] = [
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.sshCommand", "ssh -oBatchMode=yes"),
    ("gc.auto", "0"),
    ("credential.helper", ""),
];

/// What a remote may need from the worker's own environment: an agent, a proxy, a set of roots.
const PASSED: [&str; 10] = [
    "SSH_AUTH_SOCK",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GIT_SSL_CAINFO",
];

/// The git program and the private folder it runs in.
#[derive(Debug, Clone)]
pub(super) struct Git {
    program: PathBuf,
    home: Arc<TempDir>,
}

impl Git {
    /// `program` is a name to look up in `PATH` or an absolute path.
    pub(super) fn new(program: impl Into<PathBuf>) -> Result<Self, GitError> {
        let prepare = || -> io::Result<TempDir> {
            let home =
                tempfile::Builder::new().prefix("jct-git-").permissions(fs::Permissions::from_mode(0o700)).tempdir()?;
            fs::write(home.path().join(CONFIGURATION_FILE), CONFIGURATION)?;
            fs::write(home.path().join(PUSH_CONFIGURATION_FILE), CONFIGURATION.replace(NO_HOOKS, ""))?;
            Ok(home)
        };
        let home = prepare().map_err(|cause| GitError::Cache { step: CacheStep::Prepare, cause })?;
        Ok(Self { program: program.into(), home: Arc::new(home) })
    }

    /// The private folder that git runs in.
    pub(super) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The configuration for pushing: as always, but a source on this machine runs its own hooks.
    pub(super) fn push_configuration(&self) -> PathBuf {
        self.home().join(PUSH_CONFIGURATION_FILE)
    }

    /// Runs a call and gives back the lines of its standard output.
    pub(super) async fn run(&self, call: Call<'_>, bounds: &Bounds) -> Result<Vec<String>, GitError> {
        let output = Arc::new(Output::default());
        self.run_into(&call, &output, bounds).await?;
        Ok(output.take_stdout())
    }

    /// [`Git::run`] for output of a size that somebody else decides: `None` as soon as it exceeds `most`, and git is
    /// ended then.
    pub(super) async fn run_at_most(
        &self,
        call: Call<'_>,
        most: Most,
        bounds: &Bounds,
    ) -> Result<Option<Vec<String>>, GitError> {
        let output = Arc::new(Output::at_most(most));
        tokio::select! {
            biased;
            () = output.exceeded() => Ok(None),
            done = self.run_into(&call, &output, bounds) => {
                done?;
                Ok((!output.is_exceeded()).then(|| output.take_stdout()))
            }
        }
    }

    async fn run_into(&self, call: &Call<'_>, output: &Arc<Output>, bounds: &Bounds) -> Result<(), GitError> {
        // The sink has the tighter limit, where there is one.
        let capture = Capture::new(output.clone(), output.most_bytes().unwrap_or(OUTPUT_LIMIT));
        let mut command =
            CommandSpec::new(&self.program, self.home.path(), self.environment(call)).args(&call.arguments);
        if let Some(stdin) = &call.stdin {
            command = command.stdin(stdin.as_bytes());
        }
        if let Some(confinement) = &call.confinement {
            command = command.confined(confinement.clone());
        }
        let failed = |stderr: String| GitError::GitFailed { action: call.action, stderr };
        match run(&command, bounds, &capture).await.end {
            ProcessEnd::Exited { code: 0 } if !capture.is_truncated() => Ok(()),
            ProcessEnd::Exited { code: 0 } => Err(failed("its output is too long".to_owned())),
            ProcessEnd::Exited { .. } | ProcessEnd::Signalled { .. } => {
                Err(failed(without_places(output.stderr_tail(), call)))
            }
            ProcessEnd::TimedOut => Err(GitError::TimedOut),
            ProcessEnd::Cancelled => Err(GitError::Cancelled),
            ProcessEnd::SpawnFailed(error) => Err(GitError::GitNotStarted(error)),
            ProcessEnd::SandboxFailed { message, .. } => Err(GitError::GitNotStarted(io::Error::other(message))),
            ProcessEnd::LimitHit { limit } => Err(failed(format!("the limit of {limit} was reached"))),
        }
    }

    fn environment(&self, call: &Call<'_>) -> Environment {
        let home = self.home.path();
        let mut environment = Environment::clean(home, home)
            .passing(PASSED)
            .with("LC_ALL", "C")
            .with("GIT_CONFIG_NOSYSTEM", "1")
            .with("GIT_CONFIG_GLOBAL", home.join(CONFIGURATION_FILE))
            .with("GIT_ATTR_NOSYSTEM", "1")
            .with("GIT_CEILING_DIRECTORIES", "/")
            .with("GIT_TERMINAL_PROMPT", "0")
            .with("GIT_ASKPASS", "/bin/false")
            .with("SSH_ASKPASS", "/bin/false")
            .with("GIT_NO_LAZY_FETCH", "1")
            .with("GIT_LFS_SKIP_SMUDGE", "1")
            .with("GIT_OPTIONAL_LOCKS", "0")
            .with("GIT_PAGER", "cat");
        let transport = call.remote.map_or("", |remote| remote.transport().as_str());
        environment = environment.with("GIT_ALLOW_PROTOCOL", transport);
        for (name, value) in &call.variables {
            environment = environment.with(name, value);
        }
        with_settings(environment, call)
    }
}

/// Settings by environment: seen by this git only, in no argument list and on no disk.
fn with_settings(mut environment: Environment, call: &Call<'_>) -> Environment {
    let mut settings: Vec<(String, String)> =
        OVERRIDES.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    settings.extend(call.settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    if let Some(remote) = call.remote
        && let Some(authorization) = remote.authorization()
    {
        settings.push((format!("http.{}.extraHeader", remote.address()), format!("Authorization: {authorization}")));
    }
    environment = environment.with("GIT_CONFIG_COUNT", settings.len().to_string());
    for (index, (key, value)) in settings.into_iter().enumerate() {
        environment =
            environment.with(format!("GIT_CONFIG_KEY_{index}"), key).with(format!("GIT_CONFIG_VALUE_{index}"), value);
    }
    environment
}

/// `--git-dir=<path>` as one argument.
pub(super) fn git_dir(path: &Path) -> OsString {
    option("--git-dir=", path)
}

/// `<name><path>` as one argument.
pub(super) fn option(name: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(name);
    argument.push(path);
    argument
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::url::RemoteUrl;

    #[test]
    fn credentials_travel_by_environment_only() {
        let remote = RemoteUrl::parse("https://u:s3cret@h/x").unwrap();
        let call = Call::new("test", ["fetch", remote.address()]).with_remote(&remote);
        assert!(!format!("{call:?}").contains("s3cret"));
        let git = Git::new("git").unwrap();
        let environment = git.environment(&call);
        let value = |name: &str| {
            let found = environment.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| value.to_str().unwrap().to_owned())
        };
        assert_eq!(value("GIT_CONFIG_KEY_5").unwrap(), "http.https://h/x.extraHeader");
        assert!(value("GIT_CONFIG_VALUE_5").unwrap().starts_with("Authorization: Basic "));
        assert_eq!(value("GIT_CONFIG_COUNT").unwrap(), "6");
        assert_eq!(value("GIT_ALLOW_PROTOCOL").unwrap(), "https");
    }
}
