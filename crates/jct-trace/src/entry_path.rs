//! Paths inside a trace folder: relative, confined and printable, whatever bytes the file system holds.
//!
//! An executor chooses the names of its artifacts, and a name is any bytes without `/` and NUL. In the manifest, and
//! wherever a file is asked for, those bytes are percent-encoded unless they are plain printable text.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// Path of a file, relative to its trace folder, `/` between segments, every other unusual byte as `%XX`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct EntryPath(String);

/// The text is not a path inside a trace folder in its one canonical spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a relative path in canonical encoding")]
pub struct InvalidEntryPath;

impl EntryPath {
    /// Longest path accepted, in bytes after encoding.
    pub const MAX_BYTES: usize = 1024;

    /// A path of one plain segment; only for the names this crate gives itself.
    pub(crate) fn plain(name: &'static str) -> Self {
        Self(name.to_owned())
    }

    /// The path of `name` below this one, `None` beyond [`EntryPath::MAX_BYTES`].
    pub(crate) fn child(&self, name: &OsStr) -> Option<Self> {
        let child = format!("{}/{}", self.0, encoded(name.as_bytes()));
        (child.len() <= Self::MAX_BYTES).then_some(Self(child))
    }

    /// The path of `name` in the trace folder itself.
    pub(crate) fn top(name: &OsStr) -> Self {
        Self(encoded(name.as_bytes()))
    }

    /// The encoded text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The segments as the file system knows them.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = OsString> {
        self.0.split('/').map(|segment| OsString::from_vec(decoded(segment)))
    }
}

/// Text that stays as it is: printable, and neither able to break a line nor to reorder or hide what surrounds it.
fn is_plain(c: char) -> bool {
    let invisible = matches!(
        u32::from(c),
        0x00AD | 0x061C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E
            | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB | 0xE0000..=0xE0FFF
    );
    !c.is_control() && !invisible && !matches!(c, '%' | '\\' | '/')
}

fn encoded(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    let push_escaped = |text: &mut String, bytes: &[u8]| {
        for byte in bytes {
            text.push_str(&format!("%{byte:02X}"));
        }
    };
    for chunk in name.utf8_chunks() {
        for c in chunk.valid().chars() {
            if is_plain(c) { text.push(c) } else { push_escaped(&mut text, c.encode_utf8(&mut [0; 4]).as_bytes()) }
        }
        push_escaped(&mut text, chunk.invalid());
    }
    text
}

/// Reads `%XX`; anything that is no escape stays, and is then caught by comparing with the encoding of the result.
fn decoded(segment: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [first, tail @ ..] = rest {
        let escape = match (first, tail) {
            (b'%', [high, low, after @ ..]) => hex_digit(*high).zip(hex_digit(*low)).map(|(h, l)| (h * 16 + l, after)),
            _ => None,
        };
        let (byte, after) = escape.unwrap_or((*first, tail));
        bytes.push(byte);
        rest = after;
    }
    bytes
}

fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

impl FromStr for EntryPath {
    type Err = InvalidEntryPath;

    fn from_str(text: &str) -> Result<Self, InvalidEntryPath> {
        let valid_segment = |segment: &str| {
            let bytes = decoded(segment);
            let special = bytes.is_empty() || bytes == b"." || bytes == b"..";
            !special && !bytes.contains(&b'/') && !bytes.contains(&0) && encoded(&bytes) == segment
        };
        if text.len() <= Self::MAX_BYTES && text.split('/').all(valid_segment) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidEntryPath)
        }
    }
}

impl fmt::Display for EntryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EntryPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(name: &[u8], text: &str) {
        let path = EntryPath::top(OsStr::from_bytes(name));
        assert_eq!(path.as_str(), text);
        assert_eq!(text.parse(), Ok(path.clone()));
        assert_eq!(path.segments().collect::<Vec<_>>(), [OsStr::from_bytes(name)]);
    }

    #[test]
    fn names_are_encoded_safely() {
        check(b"report.md", "report.md");
        check("Bericht \u{e4}\u{1f600}.md".as_bytes(), "Bericht \u{e4}\u{1f600}.md");
        check(b"100%", "100%25");
        check(b"a\nb\x1b[2J", "a%0Ab%1B[2J");
        check(b"\xff\xfe", "%FF%FE");
        check("evil\u{202e}gpj.exe".as_bytes(), "evil%E2%80%AEgpj.exe");
        check(b"back\\slash", "back%5Cslash");
        check(b"...", "...");
    }

    #[test]
    fn whatever_leaves_the_folder_is_refused() {
        for bad in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "a/../b",
            "a//b",
            "a/",
            "./a",
            "%2E%2E",
            "%2e",
            "a%2Fb",
            "a%00b",
            "%41",
            "100%",
            "a\nb",
            &"x".repeat(1025),
        ] {
            assert_eq!(bad.parse::<EntryPath>(), Err(InvalidEntryPath), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn every_name_reads_back(name in proptest::collection::vec(any::<u8>().prop_filter("no separator", |b| *b != b'/' && *b != 0), 1..60)) {
            prop_assume!(name != b"." && name != b"..");
            let path = EntryPath::top(OsStr::from_bytes(&name));
            prop_assert_eq!(path.as_str().parse::<EntryPath>(), Ok(path.clone()));
            prop_assert_eq!(path.segments().collect::<Vec<_>>(), [OsStr::from_bytes(&name)]);
            prop_assert!(path.as_str().chars().all(|c| !c.is_control()));
        }

        #[test]
        fn parsing_never_panics(text in "\\PC{0,40}") {
            if let Ok(path) = text.parse::<EntryPath>() {
                prop_assert!(path.segments().all(|segment| segment != ".." && !segment.is_empty()));
            }
        }
    }
}
