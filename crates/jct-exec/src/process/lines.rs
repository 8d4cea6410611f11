//! Cuts a byte stream into lines, however the pipe delivers it.

/// A longer line is handed on in pieces of at most this many bytes.
pub const MAX_LINE_BYTES: usize = 64 * 1024;

/// Collects bytes and gives out whole lines without their line ending.
#[derive(Debug, Default)]
pub(crate) struct LineSplitter {
    pending: Vec<u8>,
}

impl LineSplitter {
    /// Takes the next bytes and calls `emit` for every line they complete.
    pub(crate) fn push(&mut self, mut bytes: &[u8], mut emit: impl FnMut(&[u8])) {
        while let Some(end) = bytes.iter().position(|&b| b == b'\n') {
            self.append(&bytes[..end], &mut emit);
            emit(without_carriage_return(&self.pending));
            self.pending.clear();
            bytes = &bytes[end + 1..];
        }
        self.append(bytes, &mut emit);
    }

    /// Gives out what stands after the last line ending, if anything does.
    pub(crate) fn finish(&mut self, mut emit: impl FnMut(&[u8])) {
        if !self.pending.is_empty() {
            emit(without_carriage_return(&self.pending));
            self.pending.clear();
        }
    }

    fn append(&mut self, bytes: &[u8], emit: &mut impl FnMut(&[u8])) {
        self.pending.extend_from_slice(bytes);
        let mut start = 0;
        while self.pending.len() - start > MAX_LINE_BYTES {
            let cut = start + character_boundary(&self.pending[start..], MAX_LINE_BYTES);
            emit(&self.pending[start..cut]);
            start = cut;
        }
        self.pending.drain(..start);
    }
}

/// The last place at or before `limit` that does not cut a UTF-8 character in two. `limit` itself
/// when the bytes around it are no UTF-8 at all. Needs `limit < bytes.len()`.
fn character_boundary(bytes: &[u8], limit: usize) -> usize {
    (limit.saturating_sub(3)..=limit).rev().find(|&at| bytes[at] & 0b1100_0000 != 0b1000_0000).unwrap_or(limit)
}

fn without_carriage_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(chunks: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut splitter = LineSplitter::default();
        let mut lines = Vec::new();
        for chunk in chunks {
            splitter.push(chunk, |line| lines.push(line.to_vec()));
        }
        splitter.finish(|line| lines.push(line.to_vec()));
        lines
    }

    #[track_caller]
    fn check(chunks: &[&[u8]], expect: &[&[u8]]) {
        assert_eq!(split(chunks), expect);
    }

    #[test]
    fn lines_are_found_across_chunks() {
        check(&[], &[]);
        check(&[b"a\nb\n"], &[b"a", b"b"]);
        check(&[b"a", b"b\nc"], &[b"ab", b"c"]);
        check(&[b"a\r", b"\nb\r\n"], &[b"a", b"b"]);
        check(&[b"\n\n"], &[b"", b""]);
        check(&[b"\xff\xfe\n"], &[b"\xff\xfe"]);
    }

    #[test]
    fn a_long_line_is_cut_at_a_character() {
        let mut text = "x".repeat(MAX_LINE_BYTES - 1);
        text.push('€');
        text.push_str("tail");
        let lines = split(&[text.as_bytes()]);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].len(), MAX_LINE_BYTES - 1);
        assert_eq!(lines[1], "€tail".as_bytes());
    }

    #[test]
    fn a_long_line_of_continuation_bytes_is_still_cut() {
        let lines = split(&[&vec![0x80; MAX_LINE_BYTES + 10]]);
        assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [MAX_LINE_BYTES, 10]);
    }

    proptest! {
        #[test]
        fn chunking_changes_nothing(
            bytes in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..300),
            cut in 0_usize..300,
        ) {
            let cut = cut.min(bytes.len());
            prop_assert_eq!(split(&[&bytes]), split(&[&bytes[..cut], &bytes[cut..]]));
        }
    }
}
