//! What the worker and the inside of a sandbox say to each other over their socket: one profile in, as a line of JSON
//! with the program's input behind it, and renewals of the lease behind that; lines of JSON out.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jct_contract::IsolationLevel;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::cgroup::CgroupPlace;
use super::limits::{Limit, Limits};
use super::report::{IsolationReport, Network};
use super::step::SandboxStep;

/// Everything the inside needs to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Profile {
    pub(super) program: Program,
    /// Where it starts.
    pub(super) folder: Text,
    pub(super) environment: Vec<(Text, Text)>,
    /// How many bytes of input follow this line.
    pub(super) input_bytes: usize,
    pub(super) level: IsolationLevel,
    pub(super) requested: IsolationLevel,
    pub(super) minimum: IsolationLevel,
    pub(super) probed: IsolationLevel,
    pub(super) landlock_abi: Option<u32>,
    pub(super) network: Network,
    pub(super) broker_socket: Option<Text>,
    pub(super) limits: Limits,
    pub(super) time: TimeLeft,
    pub(super) cgroups: Vec<CgroupPlace>,
    /// The name of this run's control groups.
    pub(super) cgroup_name: String,
    /// Real paths, without links.
    pub(super) writable: Vec<Text>,
    pub(super) readable: Vec<Text>,
    /// Paths that were given as links, and what they stand for.
    pub(super) links: Vec<(Text, Text)>,
}

/// How long a sandbox may last, whatever becomes of the worker.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct TimeLeft {
    /// Until the budget and the grace after it are over, in milliseconds.
    pub(crate) budget_ms: u64,
    /// Until the lease ends unless it is renewed, in milliseconds; `None` without a lease.
    pub(crate) lease_ms: Option<u64>,
}

/// How long a renewal is.
pub(super) const RENEWAL_BYTES: usize = size_of::<u64>();

/// Tells a monitor that the lease lasts this long from now: milliseconds, the least significant byte first.
pub(crate) fn renewal(left: Duration) -> [u8; RENEWAL_BYTES] {
    u64::try_from(left.as_millis()).unwrap_or(u64::MAX).to_le_bytes()
}

/// What runs inside.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Program {
    /// An argument vector; the first is looked up in `PATH` unless it holds a slash.
    Argv(Vec<Text>),
    /// A part of this very binary.
    Builtin(Builtin),
}

/// What the binary itself does inside a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Builtin {
    /// Nothing: a trial of the sandbox alone.
    Nothing,
    /// Reads the files of a folder for the survey executor.
    Survey,
}

/// What the inside reports. After `Started` comes exactly one of the others, unless it is killed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Message {
    /// Everything is in place and checked; the program starts next.
    Started(IsolationReport),
    /// A step failed, nothing ran.
    Failed { step: SandboxStep, message: String },
    /// The program could not be started.
    NotStarted { errno: Option<i32>, message: String },
    /// The program ended by itself.
    Exited { code: i32 },
    /// A signal ended the program.
    Signalled { signal: i32 },
    /// A limit was reached and everything was ended.
    LimitHit { limit: Limit },
    /// The budget and the grace after it were over, and everything was ended.
    TimedOut,
    /// The lease was not renewed in time, and everything was ended.
    LeaseEnded,
}

impl Message {
    /// The message as a line.
    pub(super) fn to_line(&self) -> Vec<u8> {
        // A message holds no map and no float, so it always serialises.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

/// Text of the system: any bytes, a JSON string where they are UTF-8 and an array of numbers where not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Text(OsString);

impl Text {
    pub(super) fn as_os_str(&self) -> &OsStr {
        &self.0
    }

    pub(super) fn as_path(&self) -> &Path {
        Path::new(&self.0)
    }

    /// The same with every `from` replaced.
    pub(super) fn replaced(&self, from: &str, to: &str) -> Self {
        match self.0.to_str() {
            Some(text) if text.contains(from) => Self(text.replace(from, to).into()),
            _ => self.clone(),
        }
    }
}

impl From<&OsStr> for Text {
    fn from(text: &OsStr) -> Self {
        Self(text.to_owned())
    }
}

impl From<&OsString> for Text {
    fn from(text: &OsString) -> Self {
        Self(text.clone())
    }
}

impl From<PathBuf> for Text {
    fn from(path: PathBuf) -> Self {
        Self(path.into_os_string())
    }
}

impl From<&Path> for Text {
    fn from(path: &Path) -> Self {
        path.as_os_str().into()
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.to_str() {
            Some(text) => serializer.serialize_str(text),
            None => serializer.collect_seq(self.0.as_bytes()),
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an array of bytes")
            }

            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Text, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = sequence.next_element::<u8>()? {
                    bytes.push(byte);
                }
                Ok(Text(OsString::from_vec(bytes)))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_survive(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let text = Text(OsString::from_vec(bytes));
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(serde_json::from_str::<Text>(&json).unwrap(), text);
        }
    }

    #[test]
    fn a_message_is_one_line() {
        let message = Message::Failed { step: SandboxStep::Mounts, message: "a\nb".to_owned() };
        let line = message.to_line();
        assert_eq!(line.iter().filter(|&&byte| byte == b'\n').count(), 1);
        assert_eq!(serde_json::from_slice::<Message>(&line).unwrap(), message);
    }

    #[test]
    fn placeholders_are_replaced_in_text_only() {
        let text = Text::from(OsStr::new("a{x}b{x}"));
        assert_eq!(text.replaced("{x}", "1").as_os_str(), "a1b1");
    }
}
