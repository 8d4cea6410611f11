//! Text for people: short, on one line.

/// `text` on one line of at most `limit` characters. Control characters are shown escaped.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::new();
    for (count, character) in text.trim().chars().enumerate() {
        if count == limit {
            line.push('…');
            break;
        }
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

/// `text` cut to at most `limit` bytes at a character.
pub(crate) fn cut(text: &str, limit: usize) -> &str {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The end of `text`, at most `limit` bytes of it, from a character on.
pub(crate) fn last_bytes(text: &str, limit: usize) -> &str {
    let mut start = text.len().saturating_sub(limit);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_at_characters() {
        assert_eq!(one_line(" a\nb ", 10), "a\\nb");
        assert_eq!(one_line("abcdef", 3), "abc…");
        assert_eq!(cut("a€b", 2), "a");
        assert_eq!(cut("a€b", 4), "a€");
        assert_eq!(cut("ab", 9), "ab");
        assert_eq!(last_bytes("a€b", 2), "b");
        assert_eq!(last_bytes("a€b", 4), "€b");
        assert_eq!(last_bytes("ab", 9), "ab");
    }
}
