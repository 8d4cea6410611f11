//! Cutting text to a size in bytes without cutting a character in two.

/// The longest beginning of `text` that has at most `max_bytes`.
pub(crate) fn beginning(text: &str, max_bytes: usize) -> &str {
    let end = (0..=max_bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_is_cut_in_two() {
        for (text, max, expect) in
            [("abc", 2, "ab"), ("abc", 3, "abc"), ("abc", 9, "abc"), ("é", 1, ""), ("aé", 2, "a"), ("", 0, "")]
        {
            assert_eq!(beginning(text, max), expect, "{text} {max}");
        }
    }
}
