//! The steps of a script: data that is read whole before the first of them is done.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::inside::Figures;

/// Steps in one script.
pub const MOST_STEPS: usize = 1000;
/// Bytes of a script that stands in the repository.
pub const MOST_BYTES: usize = 8 * 1024 * 1024;
const MOST_PATH_BYTES: usize = 4096;
const LONGEST_WAIT_SECONDS: f64 = 7.0 * 24.0 * 3600.0;
/// How long an unanswered question waits, unless the step says otherwise.
const DEFAULT_WAIT_SECONDS: f64 = 2.0;

/// What a script can do. Paths start at the folder of the task's target. A path may point anywhere:
/// a script stands for an agent, and an agent is held by the sandbox, not by its own good manners.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Writes a file and the folders above it; what was there is replaced.
    Write {
        /// The file.
        path: PathBuf,
        /// Its new content as text; either this or `base64`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<String>,
        /// Its new content as base64.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        base64: Option<String>,
        /// Permission bits in octal, such as `"755"`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mode: Option<String>,
    },
    /// Adds text to the end of a file, which is made when it is missing.
    Append {
        /// The file.
        path: PathBuf,
        /// What is added.
        content: String,
    },
    /// Removes a file, or a folder with everything in it. It must be there.
    Delete {
        /// The file or folder.
        path: PathBuf,
    },
    /// Applies a unified diff.
    Patch {
        /// The diff, with `a/` and `b/` before its paths.
        diff: String,
    },
    /// Runs a program; a status other than 0 ends the script.
    Run {
        /// The program and its arguments.
        command: Vec<String>,
        /// Goes on whatever the program's status is.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        may_fail: bool,
    },
    /// Commits everything there is to commit, even nothing.
    Commit {
        /// The commit's message.
        message: String,
    },
    /// Ends the script as failed.
    Fail {
        /// Why.
        message: String,
    },
    /// Does nothing for a while.
    Sleep {
        /// How long.
        seconds: f64,
    },
    /// Writes output.
    Spew {
        /// How much.
        bytes: u64,
    },
    /// Writes one line of output.
    Say {
        /// The line.
        text: String,
    },
    /// Asks a question that nobody answers, and waits.
    Ask {
        /// The question.
        text: String,
        /// How long to wait before the attempt is ended for want of input.
        #[serde(default = "default_wait")]
        wait_seconds: f64,
    },
    /// Reports what an agent would have used.
    Usage {
        /// Tokens read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tokens_in: Option<u64>,
        /// Tokens written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tokens_out: Option<u64>,
        /// Turns taken.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        turns: Option<u64>,
        /// Cost in US dollars.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cost_usd: Option<f64>,
        /// The model's name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
    },
}

fn default_wait() -> f64 {
    DEFAULT_WAIT_SECONDS
}

/// Reads a whole script.
///
/// # Errors
///
/// Every violation, each naming its step by its number from 1.
pub fn parse_steps(script: &Value) -> Result<Vec<Step>, Vec<String>> {
    let Some(values) = script.as_array() else {
        return Err(vec!["a script must be an array of steps".to_owned()]);
    };
    if values.is_empty() {
        return Err(vec!["a script needs at least one step".to_owned()]);
    }
    if values.len() > MOST_STEPS {
        return Err(vec![format!("a script has at most {MOST_STEPS} steps, this one {}", values.len())]);
    }
    let mut steps = Vec::with_capacity(values.len());
    let mut violations = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let step = Step::deserialize(value).map_err(|error| error.to_string());
        match step.and_then(|step| step.checked()) {
            Ok(step) => steps.push(step),
            Err(violation) => violations.push(format!("step {}: {violation}", index + 1)),
        }
    }
    if violations.is_empty() { Ok(steps) } else { Err(violations) }
}

impl Step {
    /// What serde cannot tell.
    fn checked(self) -> Result<Self, String> {
        match &self {
            Self::Write { path, content, base64, mode } => {
                plain_path(path)?;
                if content.is_some() == base64.is_some() {
                    return Err("`write` needs either `content` or `base64`".to_owned());
                }
                if base64.as_ref().is_some_and(|text| STANDARD.decode(text).is_err()) {
                    return Err("`base64` is no base64".to_owned());
                }
                mode.as_deref().map_or(Ok(()), |text| permissions(text).map(drop))?;
            }
            Self::Append { path, .. } | Self::Delete { path } => plain_path(path)?,
            Self::Patch { diff } => not_blank("diff", diff)?,
            Self::Run { command, .. } => {
                if command.first().is_none_or(String::is_empty) {
                    return Err("`command` needs a program".to_owned());
                }
                if command.iter().any(|word| word.contains('\0')) {
                    return Err("`command` holds a NUL character".to_owned());
                }
            }
            Self::Commit { message } | Self::Fail { message } => not_blank("message", message)?,
            Self::Sleep { seconds } => duration("seconds", *seconds)?,
            Self::Ask { text, wait_seconds } => {
                not_blank("text", text)?;
                duration("wait_seconds", *wait_seconds)?;
            }
            Self::Usage { cost_usd, .. } => {
                if cost_usd.is_some_and(|cost| !cost.is_finite() || cost < 0.0) {
                    return Err("`cost_usd` must not be negative".to_owned());
                }
                if self.figures() == Some(Figures::default()) {
                    return Err("`usage` needs at least one figure".to_owned());
                }
            }
            Self::Spew { .. } | Self::Say { .. } => {}
        }
        Ok(self)
    }

    /// The figures of a `usage` step.
    pub(crate) fn figures(&self) -> Option<Figures> {
        let Self::Usage { tokens_in, tokens_out, turns, cost_usd, model } = self else { return None };
        Some(Figures {
            tokens_in: *tokens_in,
            tokens_out: *tokens_out,
            turns: *turns,
            cost_usd: *cost_usd,
            model: model.clone(),
        })
    }

    /// The step on one short line, for people.
    pub(crate) fn shown(&self) -> String {
        let text = match self {
            Self::Write { path, .. } => format!("write {}", path.display()),
            Self::Append { path, .. } => format!("append to {}", path.display()),
            Self::Delete { path } => format!("delete {}", path.display()),
            Self::Patch { .. } => "apply a patch".to_owned(),
            Self::Run { command, .. } => format!("run {}", command.join(" ")),
            Self::Commit { message } => format!("commit: {message}"),
            Self::Fail { .. } => "fail".to_owned(),
            Self::Sleep { seconds } => format!("sleep {seconds} s"),
            Self::Spew { bytes } => format!("spew {bytes} bytes"),
            Self::Say { .. } => "say something".to_owned(),
            Self::Ask { .. } => "ask a question".to_owned(),
            Self::Usage { .. } => "report usage".to_owned(),
        };
        crate::text::one_line(&text, 120)
    }
}

/// The permission bits that `mode` names.
pub(crate) fn permissions(mode: &str) -> Result<u32, String> {
    u32::from_str_radix(mode, 8)
        .ok()
        .filter(|bits| *bits <= 0o777 && !mode.starts_with('+'))
        .ok_or_else(|| "`mode` must be permission bits in octal, such as \"755\"".to_owned())
}

fn plain_path(path: &std::path::Path) -> Result<(), String> {
    let bytes = path.as_os_str().as_encoded_bytes();
    match bytes.len() {
        0 => Err("`path` is empty".to_owned()),
        length if length > MOST_PATH_BYTES => Err(format!("`path` is longer than {MOST_PATH_BYTES} bytes")),
        _ if bytes.contains(&0) => Err("`path` holds a NUL character".to_owned()),
        _ => Ok(()),
    }
}

fn not_blank(name: &str, text: &str) -> Result<(), String> {
    if text.trim().is_empty() { Err(format!("`{name}` is blank")) } else { Ok(()) }
}

fn duration(name: &str, seconds: f64) -> Result<(), String> {
    if (0.0..=LONGEST_WAIT_SECONDS).contains(&seconds) {
        Ok(())
    } else {
        Err(format!("`{name}` must be 0..={LONGEST_WAIT_SECONDS}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[track_caller]
    fn refused(script: &Value, expect: &[&str]) {
        let violations = parse_steps(script).unwrap_err();
        assert_eq!(violations.len(), expect.len(), "{violations:#?}");
        for (violation, expect) in violations.iter().zip(expect) {
            assert!(violation.contains(expect), "{violation:?} does not say {expect:?}");
        }
    }

    #[test]
    fn every_kind_of_step_is_read() {
        let script = json!([
            {"write": {"path": "a/b.txt", "content": "x", "mode": "755"}},
            {"write": {"path": "bin", "base64": "AAEC"}},
            {"append": {"path": "a/b.txt", "content": "y"}},
            {"delete": {"path": "old"}},
            {"patch": {"diff": "--- a/x\n+++ b/x\n"}},
            {"run": {"command": ["make", "test"], "may_fail": true}},
            {"commit": {"message": "all of it"}},
            {"fail": {"message": "no"}},
            {"sleep": {"seconds": 0.5}},
            {"spew": {"bytes": 10}},
            {"say": {"text": ""}},
            {"ask": {"text": "Continue? [y/N]"}},
            {"usage": {"tokens_in": 1, "cost_usd": 0.25}},
        ]);
        let steps = parse_steps(&script).unwrap();
        assert_eq!(steps.len(), 13);
        let again = serde_json::to_value(&steps).unwrap();
        assert_eq!(parse_steps(&again).unwrap(), steps);
        assert!(steps.iter().all(|step| !step.shown().contains('\n')));
    }

    #[test]
    fn every_violation_is_named() {
        refused(&json!({}), &["array"]);
        refused(&json!([]), &["at least one"]);
        refused(&json!(vec![json!({"say": {"text": "x"}}); 1001]), &["at most 1000"]);
        refused(
            &json!([
                {"say": {"text": "fine"}},
                {"shout": {"text": "x"}},
                {"say": {"text": "x", "loud": true}},
                {"say": "x"},
                "say",
                {"say": {"text": "x"}, "spew": {"bytes": 1}},
                {"write": {"path": "x"}},
                {"write": {"path": "x", "content": "", "base64": ""}},
                {"write": {"path": "", "content": ""}},
                {"write": {"path": "x", "base64": "?"}},
                {"write": {"path": "x", "content": "", "mode": "9"}},
                {"write": {"path": "x", "content": "", "mode": "4755"}},
                {"run": {"command": []}},
                {"run": {"command": [""]}},
                {"run": {"command": ["a\u{0}"]}},
                {"commit": {"message": " "}},
                {"sleep": {"seconds": -1}},
                {"usage": {}},
                {"usage": {"cost_usd": -1}},
                {"append": {"path": "a\u{0}b", "content": ""}},
            ]),
            &[
                "step 2: unknown variant `shout`",
                "step 3: unknown field `loud`",
                "step 4: ",
                "step 5: ",
                "step 6: ",
                "step 7: `write` needs either",
                "step 8: `write` needs either",
                "step 9: `path` is empty",
                "step 10: `base64` is no base64",
                "step 11: `mode`",
                "step 12: `mode`",
                "step 13: `command` needs a program",
                "step 14: `command` needs a program",
                "step 15: `command` holds a NUL",
                "step 16: `message` is blank",
                "step 17: `seconds` must be",
                "step 18: `usage` needs",
                "step 19: `cost_usd`",
                "step 20: `path` holds a NUL",
            ],
        );
    }

    proptest! {
        #[test]
        fn nothing_panics(text in ".{0,200}") {
            if let Ok(value) = serde_json::from_str::<Value>(&text) {
                let _ = parse_steps(&value);
            }
            let _ = permissions(&text);
        }
    }
}
