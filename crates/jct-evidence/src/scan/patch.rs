//! Scans a patch: only what it adds. A secret that stood in the repository before was not brought there by this work,
//! and taking it away must stay possible.

use std::borrow::Cow;
use std::ops::Range;

use super::finding::{SecretFinding, SecretMatch, SecretPlace};
use super::scanner::{MARKER, Scanner};

/// A patch and what was found in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScannedPatch<'p> {
    /// The patch, with [`MARKER`] for what was found; such a patch is for reading, not for applying.
    pub text: Cow<'p, [u8]>,
    /// What was found; files and lines are those after the change.
    pub found: Vec<SecretFinding>,
}

impl Scanner {
    /// Scans what a patch of git's (`git diff`, also with `--binary`) adds. The content of binary files is encoded and
    /// cannot be seen here.
    #[must_use]
    pub fn scan_patch<'p>(&self, patch: &'p [u8]) -> ScannedPatch<'p> {
        let mut found = Vec::new();
        let mut ranges = Vec::new();
        let mut reader = Reader::new(patch);
        while let Some(added) = reader.next_file() {
            for secret in self.scan(&added.text) {
                let secret = SecretMatch { line: added.line_of(secret.range.start), ..secret };
                found.push(SecretFinding::new(SecretPlace::Diff, &added.file, &secret));
                ranges.extend(added.in_patch(&secret.range));
            }
        }
        ScannedPatch { text: replaced(patch, &ranges), found }
    }
}

fn replaced<'p>(patch: &'p [u8], ranges: &[Range<usize>]) -> Cow<'p, [u8]> {
    if ranges.is_empty() {
        return Cow::Borrowed(patch);
    }
    let mut text = Vec::with_capacity(patch.len());
    let mut done = 0;
    for range in ranges {
        text.extend_from_slice(patch.get(done..range.start).unwrap_or_default());
        text.extend_from_slice(MARKER.as_bytes());
        done = range.end;
    }
    text.extend_from_slice(patch.get(done..).unwrap_or_default());
    Cow::Owned(text)
}

/// What a patch adds to one file.
#[derive(Debug, Default)]
struct Added {
    file: String,
    /// The added lines, without their marks.
    text: Vec<u8>,
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    /// Its number in the changed file.
    number: u64,
    /// Where it stands in `Added::text`, its end included.
    text: Range<usize>,
    /// Where it begins in the patch, behind its mark.
    patch: usize,
}

impl Added {
    fn push(&mut self, line: &[u8], number: u64, patch: usize) {
        let start = self.text.len();
        self.text.extend_from_slice(line);
        self.text.push(b'\n');
        self.lines.push(Line { number, text: start..self.text.len(), patch });
    }

    fn line_of(&self, offset: usize) -> u64 {
        let index = self.lines.partition_point(|line| line.text.end <= offset);
        self.lines.get(index).map_or(0, |line| line.number)
    }

    /// The parts of the patch that a part of the text came from, one for each line.
    fn in_patch(&self, text: &Range<usize>) -> Vec<Range<usize>> {
        let first = self.lines.partition_point(|line| line.text.end <= text.start);
        let lines = self.lines.iter().skip(first).take_while(|line| line.text.start < text.end);
        let part = |line: &Line| {
            let start = text.start.max(line.text.start) - line.text.start;
            let end = text.end.min(line.text.end.saturating_sub(1)).saturating_sub(line.text.start);
            (start < end).then(|| line.patch + start..line.patch + end)
        };
        lines.filter_map(part).collect()
    }
}

/// Goes through a patch file by file.
struct Reader<'p> {
    patch: &'p [u8],
    at: usize,
    /// Lines that the present hunk still has, of the old and of the new file.
    left: (u64, u64),
    number: u64,
    file: String,
}

impl<'p> Reader<'p> {
    const fn new(patch: &'p [u8]) -> Self {
        Self { patch, at: 0, left: (0, 0), number: 0, file: String::new() }
    }

    /// The next file that anything is added to.
    fn next_file(&mut self) -> Option<Added> {
        let mut added = Added::default();
        while let Some((line, at)) = self.peek() {
            let in_hunk = self.left != (0, 0);
            if !in_hunk && line.starts_with(b"diff --git ") && !added.lines.is_empty() {
                break;
            }
            self.at = at + line.len() + 1;
            if in_hunk {
                if let Some(line) = self.hunk_line(line) {
                    added.push(line, self.number, at + 1);
                    self.number = self.number.saturating_add(1);
                }
            } else if let Some(name) = line.strip_prefix(b"+++ ") {
                self.file = name_of(name);
            } else if let Some((left, number)) = hunk(line) {
                (self.left, self.number) = (left, number);
            }
            added.file.clone_from(&self.file);
        }
        (!added.lines.is_empty()).then_some(added)
    }

    fn peek(&self) -> Option<(&'p [u8], usize)> {
        let rest = self.patch.get(self.at..).filter(|rest| !rest.is_empty())?;
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        Some((rest.get(..end)?, self.at))
    }

    /// The content of a line of a hunk, if it is an added one.
    fn hunk_line(&mut self, line: &'p [u8]) -> Option<&'p [u8]> {
        let (old, new) = self.left;
        match line.split_first() {
            Some((b'+', rest)) => {
                self.left = (old, new.saturating_sub(1));
                return Some(rest);
            }
            Some((b'-', _)) => self.left = (old.saturating_sub(1), new),
            // `\ No newline at end of file`
            Some((b'\\', _)) => {}
            // A line of both files; an empty one may have lost its space.
            Some(_) | None => {
                self.left = (old.saturating_sub(1), new.saturating_sub(1));
                self.number = self.number.saturating_add(1);
            }
        }
        None
    }
}

/// `@@ -1,2 +3,4 @@`: how many lines of each file follow, and the number of the first one in the new file.
fn hunk(line: &[u8]) -> Option<((u64, u64), u64)> {
    let line = std::str::from_utf8(line.get(..line.len().min(100))?).ok()?;
    let mut words = line.strip_prefix("@@ -")?.split(' ');
    let (_, old) = span(words.next()?)?;
    let (start, new) = span(words.next()?.strip_prefix('+')?)?;
    (words.next()? == "@@").then_some(((old, new), start))
}

/// `3,4`, or `3` for `3,1`.
fn span(text: &str) -> Option<(u64, u64)> {
    let (start, count) = text.split_once(',').unwrap_or((text, "1"));
    Some((start.parse().ok()?, count.parse().ok()?))
}

/// The name behind `+++ `, without git's prefix and its quotes.
fn name_of(name: &[u8]) -> String {
    let name = name.strip_suffix(b"\t").unwrap_or(name);
    let plain = match name.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) {
        Some(quoted) => unquoted(quoted),
        None => name.to_vec(),
    };
    let plain = plain.strip_prefix(b"b/").unwrap_or(&plain);
    String::from_utf8_lossy(plain).into_owned()
}

/// Takes back the quoting of git, which is that of C.
fn unquoted(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            plain.push(byte);
            continue;
        }
        let Some(escaped) = rest.next() else { break };
        plain.push(match escaped {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'0'..=b'7' => {
                let mut value = u32::from(escaped - b'0');
                while let Some(digit) = rest.next_if(u8::is_ascii_digit).filter(|_| value < 0o40) {
                    value = value * 8 + u32::from(digit - b'0');
                }
                u8::try_from(value).unwrap_or(b'?')
            }
            other => other,
        });
    }
    plain
}
