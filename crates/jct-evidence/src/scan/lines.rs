//! Scans a log while it is written, so that a secret never gets into it.

use std::borrow::Cow;

use super::finding::{Fingerprint, SecretMatch};
use super::rules::PRIVATE_KEY;
use super::scanner::{MARKER, Scanner, redacted};

const BEGIN: &str = "-----BEGIN ";
const KEY: &str = "PRIVATE KEY";
const END: &str = "-----END ";
/// A private key has no more lines; what comes after is a log again.
const MAX_KEY_LINES: u32 = 512;
/// The first line of a key has a stretch of Base64 as long as this.
const FIRST_LINE_DIGITS: usize = 32;

/// One line as it may be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScannedLine<'l> {
    /// The line, with [`MARKER`] for what was found.
    pub text: Cow<'l, str>,
    /// What was found; ranges are those in the original line.
    pub found: Vec<SecretMatch>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// No key is open.
    None,
    /// The first line was seen; after so many more lines without a key it was only talk about keys.
    Announced(u32),
    /// Inside a key that ends after so many lines at the latest.
    Open(u32),
}

/// Takes a log line by line. A private key over several lines is removed from its first line to its last.
#[derive(Debug)]
pub struct LineScanner {
    scanner: Scanner,
    key: Key,
    line: u64,
}

impl LineScanner {
    /// Begins with line 1.
    #[must_use]
    pub const fn new(scanner: Scanner) -> Self {
        Self { scanner, key: Key::None, line: 0 }
    }

    /// Takes the next line, without its end.
    pub fn line<'l>(&mut self, text: &'l str) -> ScannedLine<'l> {
        self.line += 1;
        if let Some(line) = self.line_of_key(text) {
            return line;
        }
        let mut found = self.scanner.scan(text.as_bytes());
        for found in &mut found {
            found.line = self.line;
        }
        if found.is_empty() && text.contains(BEGIN) && text.contains(KEY) {
            self.key = Key::Announced(MAX_KEY_LINES);
        }
        let text = match redacted(text.as_bytes(), &found) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        };
        ScannedLine { text, found }
    }

    /// The line, if it is part of a private key.
    fn line_of_key<'l>(&mut self, text: &str) -> Option<ScannedLine<'l>> {
        let (left, open) = match self.key {
            Key::None => return None,
            Key::Announced(left) => (left, false),
            Key::Open(left) => (left, true),
        };
        if text.contains(END) || left == 0 {
            self.key = Key::None;
            return None;
        }
        let longest = text.split(|character| !is_digit(character)).max_by_key(|part| part.len()).unwrap_or_default();
        let begins = !open && longest.len() >= FIRST_LINE_DIGITS;
        // Within a key its last line may be short.
        let goes_on = open && (longest.len() >= FIRST_LINE_DIGITS || is_nothing_else(text));
        self.key = if open || begins { Key::Open(left - 1) } else { Key::Announced(left - 1) };
        let found = begins.then(|| SecretMatch {
            rule: PRIVATE_KEY,
            range: 0..text.len(),
            line: self.line,
            fingerprint: Fingerprint::of(longest.as_bytes()),
        });
        (begins || goes_on).then(|| ScannedLine { text: Cow::Borrowed(MARKER), found: found.into_iter().collect() })
    }
}

fn is_digit(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '=')
}

/// Base64 with nothing around it but quotes.
fn is_nothing_else(text: &str) -> bool {
    let text = text.trim().trim_matches(['"', '\'', ',']);
    !text.is_empty() && text.chars().all(is_digit)
}
