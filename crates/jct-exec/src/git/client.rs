//! Runs the git program with a configuration of our own and nothing else.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;

use super::error::{CacheStep, GitError};
use super::url::RemoteUrl;
use crate::process::{Bounds, Capture, CommandSpec, Environment, LineSink, LogLine, LogStream, ProcessEnd, run};

/// Output kept of one git call, in bytes.
const OUTPUT_LIMIT: usize = 16 * 1024 * 1024;
/// Lines of standard error kept for a message.
const STDERR_LINES: usize = 8;
/// Characters kept of each of them.
const STDERR_LINE_LENGTH: usize = 300;

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

/// One call of git.
#[derive(Debug)]
pub(super) struct Call<'a> {
    /// Says what the call is for, reads after "git failed to".
    pub(super) action: &'static str,
    pub(super) arguments: Vec<OsString>,
    /// The remote that this call may talk to; without one, no transport is allowed.
    pub(super) remote: Option<&'a RemoteUrl>,
    pub(super) variables: Vec<(&'static str, OsString)>,
}

impl<'a> Call<'a> {
    pub(super) fn new<S: Into<OsString>>(action: &'static str, arguments: impl IntoIterator<Item = S>) -> Self {
        Self { action, arguments: arguments.into_iter().map(Into::into).collect(), remote: None, variables: Vec::new() }
    }

    pub(super) fn with_remote(mut self, remote: &'a RemoteUrl) -> Self {
        self.remote = Some(remote);
        self
    }

    pub(super) fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }
}

impl Git {
    /// `program` is a name to look up in `PATH` or an absolute path.
    pub(super) fn new(program: impl Into<PathBuf>) -> Result<Self, GitError> {
        let prepare = || -> io::Result<TempDir> {
            let home =
                tempfile::Builder::new().prefix("jct-git-").permissions(fs::Permissions::from_mode(0o700)).tempdir()?;
            fs::write(home.path().join("config"), CONFIGURATION)?;
            Ok(home)
        };
        let home = prepare().map_err(|cause| GitError::Cache { step: CacheStep::Prepare, cause })?;
        Ok(Self { program: program.into(), home: Arc::new(home) })
    }

    /// Runs a call and gives back the lines of its standard output.
    pub(super) async fn run(&self, call: Call<'_>, bounds: &Bounds) -> Result<Vec<String>, GitError> {
        let output = Arc::new(Output::default());
        let capture = Capture::new(output.clone(), OUTPUT_LIMIT);
        let command = CommandSpec::new(&self.program, self.home.path(), self.environment(&call)).args(&call.arguments);
        match run(&command, bounds, &capture).await.end {
            ProcessEnd::Exited { code: 0 } if !capture.is_truncated() => Ok(output.take_stdout()),
            ProcessEnd::Exited { .. } | ProcessEnd::Signalled { .. } => {
                Err(GitError::GitFailed { action: call.action, stderr: without_places(output.stderr_tail(), &call) })
            }
            ProcessEnd::TimedOut => Err(GitError::TimedOut),
            ProcessEnd::Cancelled => Err(GitError::Cancelled),
            ProcessEnd::SpawnFailed(error) => Err(GitError::GitNotStarted(error)),
        }
    }

    fn environment(&self, call: &Call<'_>) -> Environment {
        let home = self.home.path();
        let mut environment = Environment::clean(home, home)
            .passing(PASSED)
            .with("LC_ALL", "C")
            .with("GIT_CONFIG_NOSYSTEM", "1")
            .with("GIT_CONFIG_GLOBAL", home.join("config"))
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
        with_settings(environment, call.remote)
    }
}

/// Settings by environment: seen by this git only, in no argument list and on no disk.
fn with_settings(mut environment: Environment, remote: Option<&RemoteUrl>) -> Environment {
    let mut settings: Vec<(String, String)> =
        OVERRIDES.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    if let Some(remote) = remote
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

#[derive(Debug, Default)]
struct Output {
    stdout: Mutex<Vec<String>>,
    stderr: Mutex<Vec<String>>,
}

impl Output {
    fn take_stdout(&self) -> Vec<String> {
        std::mem::take(&mut *self.stdout.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The last lines, without credentials.
    fn stderr_tail(&self) -> String {
        let lines = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        let start = lines.len().saturating_sub(STDERR_LINES);
        match lines[start..].join("; ") {
            text if text.is_empty() => "no message".to_owned(),
            text => text,
        }
    }
}

/// Replaces the remote and every folder that the call was given: where they are is nobody's
/// business but the operator's.
fn without_places(mut text: String, call: &Call<'_>) -> String {
    if let Some(remote) = call.remote {
        text = text.replace(remote.address(), "<remote>");
    }
    let mut places: Vec<&str> = call
        .arguments
        .iter()
        .filter_map(|argument| argument.to_str())
        .map(|argument| argument.split_once('=').map_or(argument, |(_, value)| value))
        .filter(|place| place.len() > 1 && place.starts_with('/'))
        .collect();
    places.sort_by_key(|place| std::cmp::Reverse(place.len()));
    for place in places {
        text = text.replace(place, "<folder>");
    }
    text
}

impl LineSink for Output {
    fn line(&self, line: LogLine) {
        match line.stream {
            LogStream::Stdout => {
                let mut lines = self.stdout.lock().unwrap_or_else(PoisonError::into_inner);
                lines.push(line.text);
            }
            LogStream::Stderr => {
                let text = without_user_info(&line.text);
                let mut lines = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
                if lines.len() >= 4 * STDERR_LINES {
                    lines.drain(..3 * STDERR_LINES);
                }
                lines.push(text.chars().take(STDERR_LINE_LENGTH).collect());
            }
            LogStream::System => {}
        }
    }
}

/// Masks `user:password@` in every url of a message, as a redirecting server could bring one up.
fn without_user_info(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after.find(|c: char| c == '/' || c == '\'' || c == '"' || c.is_whitespace()).unwrap_or(after.len());
        match after[..end].rfind('@') {
            Some(user_info) => {
                out.push_str("***");
                rest = &after[user_info..];
            }
            None => rest = after,
        }
    }
    out.push_str(rest);
    out
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

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(without_user_info(text), expect);
    }

    #[test]
    fn user_info_is_masked() {
        check("plain", "plain");
        check("at https://u:p@h/x and ssh://k@h", "at https://***@h/x and ssh://***@h");
        check("'https://a@b:c@h/'", "'https://***@h/'");
        check("https://h/x@y", "https://h/x@y");
    }

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
