//! Starting the binary, and what it says.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// `jct` in `folder`, with nothing of the caller's own configuration.
pub(crate) fn jct(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jct"));
    let path = std::env::var_os("PATH").expect("a path");
    command.current_dir(folder).args(arguments).env_clear().env("PATH", path).env("HOME", folder).stdin(Stdio::null());
    command
}

/// Standard output of a process that ended as it should.
#[track_caller]
pub(crate) fn checked(output: &Output, expect: i32, arguments: &[&str]) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(expect), "{arguments:?}\n{out}\n{err}");
    assert!(!err.contains("panicked"), "{err}");
    out.into_owned()
}

/// Git in `folder`, as somebody.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let person = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").current_dir(folder).args(person).args(arguments).output().expect("git");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim_end().to_owned()
}
