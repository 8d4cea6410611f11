//! Finds the notes that authors leave in the text for later.

/// The words that mark a note.
const WORDS: [&str; 2] = ["TODO", "FIXME"];
/// Characters kept of a note.
const KEPT: usize = 160;

/// A note on one line: the word, and what follows it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) kind: &'static str,
    pub(super) text: String,
}

/// The first note on a line. The word must stand alone and in capitals.
pub(super) fn note(line: &str) -> Option<Note> {
    let (at, kind) = WORDS.iter().filter_map(|word| Some((position(line, word)?, *word))).min()?;
    let rest = line[at + kind.len()..].trim_start_matches([':', ' ', '-', '\t']);
    Some(Note { kind, text: rest.trim_end().chars().take(KEPT).collect() })
}

fn position(line: &str, word: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).map(|(at, _)| at).find(|&at| {
        !line[..at].chars().next_back().is_some_and(is_part)
            && !line[at + word.len()..].chars().next().is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(line: &str, expect: Option<(&str, &str)>) {
        assert_eq!(note(line).as_ref().map(|n| (n.kind, n.text.as_str())), expect);
    }

    #[test]
    fn only_whole_words_in_capitals() {
        check("// TODO: write it", Some(("TODO", "write it")));
        check("# FIXME(ada) now", Some(("FIXME", "(ada) now")));
        check("x FIXME before TODO", Some(("FIXME", "before TODO")));
        check("TODO", Some(("TODO", "")));
        check("TODOS and xTODO, TODO_LIST but TODO!", Some(("TODO", "!")));
        check("todo: later", None);
        check("", None);
    }

    proptest! {
        #[test]
        fn no_line_panics(line in "\\PC*TODO\\PC*") {
            if let Some(note) = note(&line) {
                prop_assert!(note.text.chars().count() <= KEPT);
            }
        }
    }
}
