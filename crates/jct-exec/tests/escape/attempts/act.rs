//! What an attempt comes to, and how it tells that.

use std::io;
use std::process::ExitCode;

use nix::errno::Errno;

use crate::scene::Scene;
use crate::table;

/// The act succeeded.
pub(crate) const DONE: u8 = 0;
/// The kernel refused it.
pub(crate) const REFUSED: u8 = 10;
/// This machine has nothing to try it on.
pub(crate) const MISSING: u8 = 12;
/// The attempt itself is wrong.
pub(crate) const BROKEN: u8 = 13;

/// What came of an attempt: what was reached, or why not.
pub(crate) type Act = Result<String, Stop>;

/// Why an act did not succeed.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The kernel's answer.
    Refused(Errno),
    /// There is nothing to try it on.
    Missing(String),
    /// The act made no sense.
    Broken(String),
}

impl From<Errno> for Stop {
    fn from(errno: Errno) -> Self {
        Self::Refused(errno)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(raw) => Self::Refused(Errno::from_raw(raw)),
            None => Self::Broken(error.to_string()),
        }
    }
}

/// Performs the named attempt and tells the outcome in one line and an exit code.
pub(crate) fn main(name: &str, scene: &str) -> ExitCode {
    let act = match (table::find(name), serde_json::from_str::<Scene>(scene)) {
        (Some(row), Ok(scene)) => (row.act)(&scene),
        (None, _) => Err(Stop::Broken(format!("there is no attempt {name}"))),
        (_, Err(error)) => Err(Stop::Broken(error.to_string())),
    };
    let (line, code) = match act {
        Ok(reached) => (format!("done {reached}"), DONE),
        Err(Stop::Refused(errno)) => (format!("refused {errno:?}"), REFUSED),
        Err(Stop::Missing(what)) => (format!("missing {what}"), MISSING),
        Err(Stop::Broken(why)) => (format!("broken {why}"), BROKEN),
    };
    println!("{line}");
    code.into()
}
