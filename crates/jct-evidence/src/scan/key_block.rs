//! Private keys: a line that says so, and many lines after it.

use std::ops::Range;

/// No key is longer, its line ends and quotes and what a log puts before each line included.
const MAX_BYTES: usize = 32 * 1024;
/// A block with less than this in it is a document about keys.
const LEAST_DIGITS: usize = 64;
/// And with no stretch of Base64 as long as this.
const LEAST_STRETCH: usize = 32;
/// How far behind the first line they must come.
const NEAR: usize = 1024;
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// The whole block behind a first line; `None` if there is no key in it.
pub(super) fn block(bytes: &[u8], begin: &Range<usize>) -> Option<Range<usize>> {
    let after = bytes.get(begin.end..)?;
    let after = after.get(..MAX_BYTES).unwrap_or(after);
    let inside = find(after, END).unwrap_or(after.len());
    let content = after.get(..inside)?;
    let near = content.get(..NEAR).unwrap_or(content);
    if longest_digits(near) < LEAST_STRETCH || count_digits(near) < LEAST_DIGITS {
        return None;
    }
    let end = match after.get(inside + END.len()..) {
        Some(rest) if inside < after.len() => {
            let last = find(rest.get(..64).unwrap_or(rest), DASHES).map_or(0, |at| at + DASHES.len());
            inside + END.len() + last
        }
        // Cut short: what looks like the key goes, the text after it stays.
        _ => content.iter().position(|byte| !is_part(*byte)).unwrap_or(content.len()),
    };
    Some(begin.start..begin.end + end)
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// What stands in a block of a key: Base64, headers, line ends also where they are written `\n`.
fn is_part(byte: u8) -> bool {
    is_digit(byte) || byte.is_ascii_whitespace() || matches!(byte, b'\\' | b'"' | b',' | b':' | b'-' | b'.')
}

fn count_digits(text: &[u8]) -> usize {
    text.iter().filter(|byte| is_digit(**byte)).count()
}

/// The longest stretch of Base64.
fn longest_digits(text: &[u8]) -> usize {
    text.split(|byte| !is_digit(*byte)).map(<[u8]>::len).max().unwrap_or(0)
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}
