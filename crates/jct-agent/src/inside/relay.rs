//! Passes a program's output on line by line, and knows how it ended last.

use std::io::{self, Write};

use super::event::{Event, Mark, PIECE_BYTES};

/// Bytes of the latest output that are looked at for a question.
const TAIL_BYTES: usize = 2048;

/// The latest output of both streams.
#[derive(Default)]
pub(super) struct Tail(Vec<u8>);

impl Tail {
    /// Takes what was just written.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
        let surplus = self.0.len().saturating_sub(TAIL_BYTES);
        self.0.drain(..surplus);
    }

    /// The last line that is not blank.
    pub(super) fn last_line(&self) -> String {
        let text = String::from_utf8_lossy(&self.0);
        text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned()
    }

    /// Whether the program stopped in the middle of a line, as one does that waits for an answer.
    pub(super) fn is_unfinished(&self) -> bool {
        let line = self.0.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        !line.trim_ascii().is_empty()
    }

    /// Forgets what was written, so that the same question is not seen twice.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Standard output of the program, cut into lines for the worker.
pub(super) struct Relay<W> {
    mark: Mark,
    out: W,
    pending: Vec<u8>,
}

impl<W: Write> Relay<W> {
    pub(super) fn new(mark: Mark, out: W) -> Self {
        Self { mark, out, pending: Vec::new() }
    }

    /// Passes on the whole lines, and the pieces of a line that is too long for one.
    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.pending.extend_from_slice(bytes);
        let mut start = 0;
        loop {
            let rest = &self.pending[start..];
            let end = rest.iter().take(PIECE_BYTES).position(|byte| *byte == b'\n');
            if let Some(end) = end {
                self.out.write_all(&rest[..=end])?;
                start += end + 1;
            } else if rest.len() >= PIECE_BYTES {
                let cut = character_boundary(rest, PIECE_BYTES);
                let mut piece = self.mark.piece_prefix().into_bytes();
                piece.extend_from_slice(&rest[..cut]);
                piece.push(b'\n');
                self.out.write_all(&piece)?;
                start += cut;
            } else {
                break;
            }
        }
        self.pending.drain(..start);
        self.out.flush()
    }

    /// Passes on what stands after the last line ending.
    pub(super) fn finish_line(&mut self) -> io::Result<()> {
        if !self.pending.is_empty() {
            self.pending.push(b'\n');
            self.out.write_all(&self.pending)?;
            self.pending.clear();
        }
        self.out.flush()
    }

    /// Says something of our own, on a line of its own.
    pub(super) fn event(&mut self, event: &Event) {
        // With nobody left to hear it there is nobody to tell.
        let _ = self.finish_line();
        let _ = self.out.write_all(self.mark.event_line(event).as_bytes());
        let _ = self.out.flush();
    }
}

/// The last place at or before `limit` that does not cut a UTF-8 character in two.
fn character_boundary(bytes: &[u8], limit: usize) -> usize {
    if bytes.len() <= limit {
        return bytes.len();
    }
    (limit.saturating_sub(3)..=limit).rev().find(|&at| bytes[at] & 0b1100_0000 != 0b1000_0000).unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use super::super::event::Line;
    use super::*;
    use proptest::prelude::*;

    fn relayed(chunks: &[&[u8]]) -> Vec<u8> {
        let mut relay = Relay::new(Mark::new("w"), Vec::new());
        for chunk in chunks {
            relay.push(chunk).unwrap();
        }
        relay.finish_line().unwrap();
        relay.out
    }

    fn joined(output: &[u8]) -> String {
        let mark = Mark::new("w");
        let mut text = String::new();
        for line in String::from_utf8_lossy(output).lines() {
            match mark.read(line) {
                Line::Piece(piece) => text.push_str(piece),
                Line::Plain(line) => {
                    text.push_str(line);
                    text.push('\n');
                }
                Line::Event(event) => panic!("{event:?}"),
            }
        }
        text
    }

    #[test]
    fn a_long_line_is_put_together_again() {
        let long = "€".repeat(PIECE_BYTES);
        let output = relayed(&[long.as_bytes(), b"\nshort\n"]);
        assert!(output.split(|byte| *byte == b'\n').all(|line| line.len() < PIECE_BYTES + 64));
        assert_eq!(joined(&output), format!("{long}\nshort\n"));
    }

    #[track_caller]
    fn tail(output: &str, last: &str, unfinished: bool) {
        let mut tail = Tail::default();
        tail.push(output.as_bytes());
        assert_eq!((tail.last_line().as_str(), tail.is_unfinished()), (last, unfinished));
    }

    #[test]
    fn an_open_question_is_an_unfinished_line() {
        tail("", "", false);
        tail("done\n", "done", false);
        tail("done\n\n", "done", false);
        tail("one\nProceed? [y/N] ", "Proceed? [y/N]", true);
        tail("one\n  ", "one", false);
    }

    proptest! {
        #[test]
        fn chunks_change_nothing(text in "[a-z\n]{0,200}", cut in 0_usize..200) {
            let cut = cut.min(text.len());
            let (left, right) = text.as_bytes().split_at(cut);
            prop_assert_eq!(relayed(&[left, right]), relayed(&[text.as_bytes()]));
        }
    }
}
