//! What is answered to a manifest that is refused: every violation at once, each with place, code and reason, and never
//! a value.

use std::fmt;

use jct_contract::door::Path;
use jct_contract::limits::{MAX_VIOLATIONS, MAX_VIOLATIONS_BYTES};
use serde::{Serialize, Serializer};

use crate::code::{ViolationClass, ViolationCode};

/// One way in which a manifest, or a request for a job, breaks the contract.
///
/// Neither pointer nor message holds a value of the document; a key that looks like a secret is masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}{}: {message}", if pointer.is_empty() { "the document" } else { pointer }, Line(*line))]
#[non_exhaustive]
pub struct Violation {
    /// JSON Pointer (RFC 6901) to the place; `""` is the document itself.
    pub pointer: String,
    /// The line in the manifest, from 1; `None` where there are no lines, as in a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Why, for programs.
    pub code: ViolationCode,
    /// The rule that found a secret; only with [`ViolationCode::RawSecret`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<&'static str>,
    /// Why, for people: the limit and what is to be done.
    pub message: String,
}

struct Line(Option<u32>);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |line| write!(f, " (line {line})"))
    }
}

/// Everything that is wrong with a manifest or a request; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Each of them, in the order in which they were found.
    #[must_use]
    pub fn as_slice(&self) -> &[Violation] {
        &self.0
    }

    /// Each of them, in the order in which they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Violation> {
        self.0.iter()
    }

    /// Each of them, in the order in which they were found.
    #[must_use]
    pub fn into_vec(self) -> Vec<Violation> {
        self.0
    }

    /// What kind of refusal the whole is: malformed if anything is, else invalid if anything is, else a mismatch.
    #[must_use]
    pub fn class(&self) -> ViolationClass {
        ViolationClass::of(&self.0)
    }

    /// Whether any has this code.
    #[must_use]
    pub fn has(&self, code: ViolationCode) -> bool {
        self.0.iter().any(|violation| violation.code == code)
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the manifest breaks the contract: ")?;
        for (index, violation) in self.0.iter().enumerate() {
            write!(f, "{}{violation}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}

impl Serialize for Violations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'v> IntoIterator for &'v Violations {
    type Item = &'v Violation;
    type IntoIter = std::slice::Iter<'v, Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Collects violations during a walk: at most as many, and as much text, as the task contract reports; what is beyond
/// is counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    reported: Vec<Violation>,
    bytes: usize,
    unreported: usize,
}

impl Found {
    /// Adds one. Line 0 stands for none.
    pub(crate) fn report(&mut self, path: Path<'_>, line: u32, code: ViolationCode, message: impl Into<String>) {
        let message = message.into();
        self.push(|| Violation {
            pointer: path.to_pointer(),
            line: (line > 0).then_some(line),
            code,
            rule: None,
            message,
        });
    }

    /// Adds a secret that `rule` found.
    pub(crate) fn secret(&mut self, path: Path<'_>, line: u32, rule: &'static str, message: impl Into<String>) {
        let (message, code) = (message.into(), ViolationCode::RawSecret);
        let line = (line > 0).then_some(line);
        self.push(|| Violation { pointer: path.to_pointer(), line, code, rule: Some(rule), message });
    }

    fn push(&mut self, violation: impl FnOnce() -> Violation) {
        if self.reported.len() >= MAX_VIOLATIONS || self.bytes >= MAX_VIOLATIONS_BYTES {
            self.unreported += 1;
            return;
        }
        let violation = violation();
        self.bytes += violation.pointer.len() + violation.message.len();
        self.reported.push(violation);
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.reported.is_empty()
    }

    /// Whether a secret was found in this line already.
    pub(crate) fn has_secret_in(&self, line: u32) -> bool {
        self.reported.iter().any(|violation| violation.rule.is_some() && violation.line == Some(line))
    }

    /// `value`, unless anything was reported.
    pub(crate) fn or<T>(self, value: Option<T>) -> Result<T, Violations> {
        match value {
            Some(value) if self.is_empty() => Ok(value),
            _ => Err(self.into_violations()),
        }
    }

    /// Everything that was reported, which may be nothing.
    pub(crate) fn into_vec(mut self) -> Vec<Violation> {
        if self.unreported > 0 {
            let message = format!("{} more violations are not listed", self.unreported);
            let code = ViolationCode::TooManyViolations;
            self.reported.push(Violation { pointer: String::new(), line: None, code, rule: None, message });
        }
        self.reported
    }

    fn into_violations(self) -> Violations {
        let mut reported = self.into_vec();
        if reported.is_empty() {
            // Nothing came out and nothing was said: a defect of ours, answered as a refusal and not as a success.
            let (code, message) = (ViolationCode::WrongType, "the document could not be read".to_owned());
            reported.push(Violation { pointer: String::new(), line: None, code, rule: None, message });
        }
        Violations(reported)
    }
}
