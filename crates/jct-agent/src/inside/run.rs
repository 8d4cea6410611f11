//! Carries out a script, one step after another, in the working folder.

use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::event::{Event, Mark};
use super::files;
use super::orders::{Orders, ScriptOrders, ScriptSource};
use crate::script::{Step, parse_steps, permissions};

/// What a script exits with when it is none.
const REFUSED: i32 = 65;
/// What a script exits with when a step failed for another reason than a program's status.
const STEP_FAILED: i32 = 1;
/// Who commits when the script does not say.
const AUTHOR: [&str; 4] = ["-c", "user.name=JCT script", "-c", "user.email=script@jct.invalid"];
/// One line of what `spew` writes, with its line ending.
const SPEW_LINE: usize = 1024;

/// Why a step did not succeed.
struct StepError {
    message: String,
    exit_code: Option<i32>,
}

impl From<io::Error> for StepError {
    fn from(error: io::Error) -> Self {
        Self { message: error.to_string(), exit_code: None }
    }
}

/// Carries out a script and gives the status to exit with.
pub(super) fn script(orders: Orders<ScriptOrders>) -> i32 {
    let mark = Mark::new(orders.word);
    let steps = match orders.work.source {
        ScriptSource::Steps(script) => parse_steps(&script),
        ScriptSource::File(path) => files::steps_in(&path),
    };
    let steps = match steps {
        Ok(steps) => steps,
        Err(violations) => {
            report(&mark, &Event::Refused { violations });
            return REFUSED;
        }
    };
    let of = steps.len();
    for (index, step) in steps.iter().enumerate() {
        let number = index + 1;
        report(&mark, &Event::Step { number, of, what: step.shown() });
        let started = Instant::now();
        if let Err(error) = carry_out(&mark, step) {
            let code = error.exit_code.unwrap_or(STEP_FAILED);
            report(&mark, &Event::Failed { number, message: error.message, exit_code: Some(code) });
            return code;
        }
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        report(&mark, &Event::Done { number, duration_ms });
    }
    0
}

fn report(mark: &Mark, event: &Event) {
    // With nobody left to hear it there is nobody to tell.
    let _ = io::stdout().write_all(mark.event_line(event).as_bytes());
}

fn carry_out(mark: &Mark, step: &Step) -> Result<(), StepError> {
    match step {
        Step::Write { path, content, base64, mode } => {
            let bytes = match (content, base64) {
                (Some(text), _) => text.clone().into_bytes(),
                (None, Some(text)) => STANDARD.decode(text).unwrap_or_default(),
                (None, None) => Vec::new(),
            };
            let mode = mode.as_deref().and_then(|text| permissions(text).ok());
            files::write(path, &bytes, mode)?;
        }
        Step::Append { path, content } => files::append(path, content.as_bytes())?,
        Step::Delete { path } => files::delete(path)?,
        Step::Patch { diff } => git(&["apply", "--whitespace=nowarn", "-"], Some(diff))?,
        Step::Run { command, may_fail } => program(command, *may_fail)?,
        Step::Commit { message } => {
            git(&["add", "--all"], None)?;
            git(&["commit", "--quiet", "--allow-empty", "--no-verify", "--message", message], None)?;
        }
        Step::Fail { message } => return Err(StepError { message: message.clone(), exit_code: None }),
        Step::Sleep { seconds } => thread::sleep(Duration::from_secs_f64(*seconds)),
        Step::Spew { bytes } => spew(*bytes)?,
        Step::Say { text } => writeln!(io::stdout(), "{text}")?,
        Step::Ask { text, wait_seconds } => return Err(ask(mark, text, *wait_seconds)?),
        Step::Usage { .. } => {
            if let Some(figures) = step.figures() {
                report(mark, &Event::Usage(figures));
            }
        }
    }
    Ok(())
}

/// A question that nobody answers: the end of the script, after a wait.
fn ask(mark: &Mark, text: &str, wait_seconds: f64) -> io::Result<StepError> {
    let mut out = io::stdout();
    writeln!(out, "{text}")?;
    out.flush()?;
    let wait = Duration::from_secs_f64(wait_seconds);
    thread::sleep(wait);
    let silent_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    report(mark, &Event::NeedsInput { question: text.to_owned(), silent_ms });
    Ok(StepError { message: "nobody answered".to_owned(), exit_code: None })
}

fn spew(bytes: u64) -> io::Result<()> {
    let mut line = vec![b'x'; SPEW_LINE - 1];
    line.push(b'\n');
    let mut out = io::stdout().lock();
    let mut left = bytes;
    while left > 0 {
        let next = usize::try_from(left).unwrap_or(SPEW_LINE).min(SPEW_LINE);
        out.write_all(&line[SPEW_LINE - next..])?;
        left -= u64::try_from(next).unwrap_or(left);
    }
    out.flush()
}

fn program(command: &[String], may_fail: bool) -> Result<(), StepError> {
    let Some((program, arguments)) = command.split_first() else { return Ok(()) };
    let status = Command::new(program).args(arguments).stdin(Stdio::null()).status();
    match status {
        Err(error) if !may_fail => {
            Err(StepError { message: format!("`{program}` could not be started: {error}"), exit_code: Some(127) })
        }
        Ok(status) if !may_fail => succeeded(program, status),
        Err(_) | Ok(_) => Ok(()),
    }
}

fn git(arguments: &[&str], input: Option<&str>) -> Result<(), StepError> {
    let stdin = if input.is_some() { Stdio::piped() } else { Stdio::null() };
    let mut child = Command::new("git").args(AUTHOR).args(arguments).stdin(stdin).spawn()?;
    if let (Some(text), Some(mut pipe)) = (input, child.stdin.take()) {
        // git that stops reading says why by its status.
        let _ = pipe.write_all(text.as_bytes());
    }
    succeeded("git", child.wait()?)
}

fn succeeded(program: &str, status: ExitStatus) -> Result<(), StepError> {
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(()),
        (Some(code), _) => {
            Err(StepError { message: format!("`{program}` exited with status {code}"), exit_code: Some(code) })
        }
        (None, signal) => {
            let signal = signal.unwrap_or_default();
            let message = format!("`{program}` was ended by signal {signal}");
            Err(StepError { message, exit_code: Some(128 + signal) })
        }
    }
}
