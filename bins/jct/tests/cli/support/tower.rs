//! A real tower.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};

use serde_json::Value;

use super::binary::{checked, jct};

/// A tower, ended with the test.
pub(crate) struct Tower {
    pub(crate) folder: tempfile::TempDir,
    process: Child,
    lines: BufReader<ChildStdout>,
    pub(crate) url: String,
}

impl Tower {
    /// With the demo.
    pub(crate) fn start() -> Self {
        Self::launch(&["--demo"], &[])
    }

    /// With one repository, `team/app`, that lies in this folder.
    pub(crate) fn with_repository(folder: &Path) -> Self {
        let source = format!("team/app={}", folder.display());
        Self::launch(&[], &[("JCT_ALLOWED_REPO_PREFIXES", "team/"), ("JCT_REPO_SOURCES", &source)])
    }

    fn launch(flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut up = jct(folder.path(), &[&["up", "--port", "0", "--json"], flags].concat());
        up.envs(variables.iter().copied());
        let mut process = up.stdout(Stdio::piped()).spawn().expect("started");
        let mut lines = BufReader::new(process.stdout.take().expect("piped"));
        let url = json_line(&mut lines)["url"].as_str().expect("an address").to_owned();
        Self { folder, process, lines, url }
    }

    /// The demo's task, once it has ended.
    pub(crate) fn demo_task(&mut self) -> Value {
        loop {
            let line = json_line(&mut self.lines);
            if line["completed_at"].is_string() {
                return line;
            }
        }
    }

    #[track_caller]
    pub(crate) fn run(&self, expect: i32, arguments: &[&str]) -> String {
        let output = jct(self.folder.path(), arguments).env("JCT_URL", &self.url).output().expect("run");
        checked(&output, expect, arguments)
    }

    #[track_caller]
    pub(crate) fn run_json(&self, expect: i32, arguments: &[&str]) -> Value {
        let text = self.run(expect, &[&["--json"], arguments].concat());
        serde_json::from_str(text.lines().next_back().expect("a line")).expect("JSON")
    }

    pub(crate) fn stop(mut self) {
        let pid = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("told to end");
        assert!(self.process.wait().expect("ended").success(), "a signal is a clean end");
    }
}

impl Drop for Tower {
    fn drop(&mut self) {
        // Only for tests that fail: the others have stopped it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn json_line(lines: &mut impl BufRead) -> Value {
    let mut line = String::new();
    lines.read_line(&mut line).expect("a line");
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
}
