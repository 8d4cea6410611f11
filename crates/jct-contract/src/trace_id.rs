//! The trace id: one short, safe text that follows a task through every answer, row, log line and trace event.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use crate::limits::TRACE_ID_MAX_CHARS;
use crate::{Clock, SystemClock, TaskId};

/// 1 to 36 characters of `[A-Za-z0-9._-]`, chosen by the caller or generated.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct TraceId(String);

/// The text cannot be a trace id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a trace id has 1 to {TRACE_ID_MAX_CHARS} characters of `A-Z a-z 0-9 . _ -`")]
pub struct InvalidTraceId;

impl TraceId {
    /// A fresh one: a UUID of version 7 in canonical text form. Reads the clock and the system's randomness.
    #[must_use]
    pub fn generate() -> Self {
        Self(TaskId::at(SystemClock.now()).to_string())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TraceId {
    type Err = InvalidTraceId;

    fn from_str(text: &str) -> Result<Self, InvalidTraceId> {
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let fits = (1..=TRACE_ID_MAX_CHARS).contains(&text.len());
        if fits && text.bytes().all(safe) { Ok(Self(text.to_owned())) } else { Err(InvalidTraceId) }
    }
}

impl<'de> Deserialize<'de> for TraceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_trace_id_reads_back_and_differs_from_the_next() {
        let (one, two) = (TraceId::generate(), TraceId::generate());
        assert_ne!(one, two);
        assert_eq!(one.as_str().parse(), Ok(one.clone()));
    }

    #[test]
    fn only_short_safe_text_is_a_trace_id() {
        for good in ["a", "Run-7_b.2", &"x".repeat(36)] {
            assert_eq!(good.parse::<TraceId>().unwrap().as_str(), good);
        }
        for bad in ["", "a b", "a\n", "é", "a/b", &"x".repeat(37)] {
            assert_eq!(bad.parse::<TraceId>(), Err(InvalidTraceId), "{bad:?}");
        }
    }
}
