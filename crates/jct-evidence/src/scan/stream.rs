//! Scans what is too large to be held at once.

use super::finding::SecretMatch;
use super::scanner::Scanner;

/// What is kept of one piece to find what goes on in the next: more than the longest pattern is long.
const OVERLAP: usize = 48 * 1024;

/// A scan over pieces that follow each other. Memory: the longest piece and 48 KiB.
#[derive(Debug)]
pub struct SecretStream<'s> {
    scanner: &'s Scanner,
    /// The end of what came so far, scanned again with what follows.
    kept: Vec<u8>,
    /// Line ends before `kept`.
    lines: u64,
    /// Bytes before `kept`.
    offset: usize,
}

impl<'s> SecretStream<'s> {
    /// Begins at the first byte.
    #[must_use]
    pub const fn new(scanner: &'s Scanner) -> Self {
        Self { scanner, kept: Vec::new(), lines: 0, offset: 0 }
    }

    /// Takes the next piece; gives back what has been found for certain. Ranges and lines count from the first byte.
    pub fn push(&mut self, piece: &[u8]) -> Vec<SecretMatch> {
        self.kept.extend_from_slice(piece);
        if self.kept.len() <= 2 * OVERLAP {
            return Vec::new();
        }
        self.take(self.kept.len() - OVERLAP)
    }

    /// Ends the scan.
    #[must_use]
    pub fn finish(mut self) -> Vec<SecretMatch> {
        self.take(self.kept.len())
    }

    /// Scans what is there, reports what begins before `cut`, and keeps what comes after.
    fn take(&mut self, cut: usize) -> Vec<SecretMatch> {
        let mut found = self.scanner.scan(&self.kept);
        found.retain(|found| found.range.start < cut);
        // Never in the middle of a secret, whose rest would be found again, and at the end of a line if there is one.
        let cut = found.last().map_or(cut, |last| cut.max(last.range.end));
        let head = self.kept.get(..cut).unwrap_or_default();
        let at_line = head.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
        let last_end = found.last().map_or(0, |last| last.range.end);
        let cut = at_line.filter(|at| *at >= last_end && *at > cut.saturating_sub(OVERLAP)).unwrap_or(cut);
        for found in &mut found {
            found.line += self.lines;
            found.range = found.range.start + self.offset..found.range.end + self.offset;
        }
        let gone = self.kept.drain(..cut.min(self.kept.len()));
        let (bytes, lines) = gone.fold((0, 0), |(bytes, lines), byte| (bytes + 1, lines + u64::from(byte == b'\n')));
        self.offset += bytes;
        self.lines += lines;
        found
    }
}
