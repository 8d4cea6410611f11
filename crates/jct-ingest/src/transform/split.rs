//! Cuts a text to pieces that follow its sense: paragraphs, then sentences, then words.
//!
//! How long the splitter takes grows faster than its text where the text has no such structure. So it is given the text
//! in blocks, which end where a paragraph, a line or a word does.

use jct_exec::Stop;
use text_splitter::{ChunkConfig, MarkdownSplitter, TextSplitter};

use crate::plan::{Splitting, SplittingKind};

/// Pieces of one document, at most.
const MOST_PIECES: usize = 100_000;
/// Bytes of all pieces of one document, at most: overlap can make them many times the text.
const MOST_BYTES: usize = 128 * 1024 * 1024;
/// A block is about this many pieces long, in bytes within the next two bounds.
const PIECES_A_BLOCK: usize = 64;
const SMALLEST_BLOCK: usize = 1024;
const LARGEST_BLOCK: usize = 256 * 1024;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Where it begins, in bytes.
    pub(crate) offset: usize,
    pub(crate) text: String,
}

/// Why a text is not cut.
#[derive(Debug)]
pub(crate) enum SplitError {
    Stop(Stop),
    /// There would be too many pieces, or too much in them.
    TooMuch(String),
}

/// Cuts `text`. `go_on` is asked before every piece.
pub(crate) fn split(
    text: &str,
    splitting: &Splitting,
    go_on: impl Fn() -> Result<(), Stop>,
) -> Result<Vec<Piece>, SplitError> {
    let Splitting { kind, size, overlap } = *splitting;
    let config = ChunkConfig::new(size)
        .with_overlap(overlap)
        .map_err(|error| SplitError::TooMuch(format!("its splitter cannot be made: {error}")))?;
    let mut pieces = Pieces { found: Vec::new(), bytes: 0, go_on };
    match kind {
        SplittingKind::Text => {
            let splitter = TextSplitter::new(config);
            for (start, block) in blocks(text, size) {
                pieces.take(start, splitter.chunk_indices(block))?;
            }
        }
        SplittingKind::Markdown => {
            let splitter = MarkdownSplitter::new(config);
            for (start, block) in blocks(text, size) {
                pieces.take(start, splitter.chunk_indices(block))?;
            }
        }
    }
    Ok(pieces.found)
}

struct Pieces<F> {
    found: Vec<Piece>,
    bytes: usize,
    go_on: F,
}

impl<F: Fn() -> Result<(), Stop>> Pieces<F> {
    fn take<'t>(&mut self, start: usize, pieces: impl Iterator<Item = (usize, &'t str)>) -> Result<(), SplitError> {
        for (offset, text) in pieces {
            (self.go_on)().map_err(SplitError::Stop)?;
            self.bytes = self.bytes.saturating_add(text.len());
            if self.found.len() >= MOST_PIECES || self.bytes > MOST_BYTES {
                return Err(SplitError::TooMuch(format!(
                    "it makes more than {MOST_PIECES} pieces or {MOST_BYTES} bytes of them; larger pieces or less \
                     overlap would help"
                )));
            }
            self.found.push(Piece { offset: start + offset, text: text.to_owned() });
        }
        Ok(())
    }
}

/// The text in blocks, each with where it begins.
fn blocks(text: &str, size: usize) -> impl Iterator<Item = (usize, &str)> {
    let usual = size.saturating_mul(PIECES_A_BLOCK).clamp(SMALLEST_BLOCK, LARGEST_BLOCK);
    // A character has up to four bytes; a block holds a few pieces whatever they are made of.
    let most = usual.max(size.saturating_mul(16));
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let block = rest.get(..block_end(rest, most)).unwrap_or(rest);
        let start = at;
        at += block.len();
        Some((start, block))
    })
}

/// Where the first block of `text` ends: in its second half behind a paragraph, else a line, else a word, else anywhere.
fn block_end(text: &str, most: usize) -> usize {
    if text.len() <= most {
        return text.len();
    }
    let end = boundary(text, most);
    let middle = boundary(text, most / 2);
    let half = text.get(middle..end).unwrap_or_default();
    let cut = ["\n\n", "\n", " "].into_iter().find_map(|mark| Some(half.rfind(mark)? + mark.len()));
    cut.map_or(end, |cut| middle + cut)
}

/// The last place up to `at` where a character begins.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plan(kind: SplittingKind, size: usize, overlap: usize) -> Splitting {
        Splitting { kind, size, overlap }
    }

    fn texts(text: &str, splitting: Splitting) -> Vec<String> {
        let pieces = split(text, &splitting, || Ok(())).unwrap();
        for piece in &pieces {
            assert_eq!(&text[piece.offset..piece.offset + piece.text.len()], piece.text);
            assert!(piece.text.chars().count() <= splitting.size);
        }
        pieces.into_iter().map(|piece| piece.text).collect()
    }

    #[test]
    fn pieces_follow_sentences_and_overlap() {
        let text = "One two. Three four. Five six.";
        assert_eq!(texts(text, plan(SplittingKind::Text, 12, 0)), ["One two.", "Three four.", "Five six."]);
        let overlapping = texts("a b c d e f", plan(SplittingKind::Text, 5, 2));
        assert!(overlapping.len() > 2 && overlapping[1].starts_with('c'), "{overlapping:?}");
    }

    #[test]
    fn markdown_is_cut_at_its_headings() {
        let text = "# A\n\nfirst part here\n\n# B\n\nsecond part\n";
        let pieces = texts(text, plan(SplittingKind::Markdown, 24, 0));
        assert!(pieces.iter().any(|piece| piece.starts_with("# B")), "{pieces:?}");
    }

    #[test]
    fn a_long_text_without_structure_is_cut_in_blocks_and_loses_nothing() {
        let text = "x".repeat(SMALLEST_BLOCK * 3 + 1);
        assert_eq!(texts(&text, plan(SplittingKind::Text, 10, 0)).concat(), text);
        let lines = "some words\n".repeat(LARGEST_BLOCK / 8);
        let words: usize = texts(&lines, plan(SplittingKind::Text, 5000, 0)).iter().map(|t| t.lines().count()).sum();
        assert_eq!(words, lines.lines().count());
    }

    #[test]
    fn too_many_pieces_are_none_and_a_stop_is_heard() {
        let text = "a ".repeat(MOST_PIECES + 1);
        assert!(matches!(split(&text, &plan(SplittingKind::Text, 1, 0), || Ok(())), Err(SplitError::TooMuch(_))));
        let stopped = split("a b", &plan(SplittingKind::Text, 1, 0), || Err(Stop::Cancelled));
        assert!(matches!(stopped, Err(SplitError::Stop(Stop::Cancelled))));
    }

    proptest! {
        #[test]
        fn nothing_panics_and_every_word_is_in_a_piece(text in "[a-zé \n.#>*`-]{0,300}", size in 1_usize..40, overlap in 0_usize..40) {
            let overlap = overlap.min(size - 1);
            for kind in [SplittingKind::Text, SplittingKind::Markdown] {
                let joined = texts(&text, plan(kind, size, overlap)).concat();
                prop_assert!(text.split_whitespace().all(|word| word.chars().all(|c| joined.contains(c))));
            }
        }
    }
}
