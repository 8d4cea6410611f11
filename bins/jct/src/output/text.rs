//! Text from elsewhere made fit for a terminal, and quantities made fit for people.

use std::time::Duration;

use jct_contract::Timestamp;

/// The text with every control character escaped: an objective or a log line must not move the cursor, set the title
/// or forge a line of ours. Tabs stay.
pub(crate) fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\t' && (c.is_control() || is_bidi_control(c)) { safe.extend(c.escape_default()) } else { safe.push(c) }
    }
    safe
}

/// Characters that make a line read in another order than it is written.
const fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The first line of the text, at most `width` characters.
pub(crate) fn one_line(text: &str, width: usize) -> String {
    let first = text.lines().next().unwrap_or_default();
    let mut short: String = first.chars().take(width).collect();
    if short.len() < text.trim_end().len() {
        short.push('…');
    }
    printable(&short)
}

/// How long ago `at` was, in its largest unit.
pub(crate) fn age(at: Timestamp, now: Timestamp) -> String {
    format!("{} ago", seconds(now.since(at)))
}

/// A span in its largest fitting unit.
pub(crate) fn seconds(span: Duration) -> String {
    let whole = span.as_secs();
    match whole {
        0..10 => format!("{:.1}s", span.as_secs_f64()),
        10..120 => format!("{whole}s"),
        120..7_200 => format!("{}m", whole / 60),
        7_200..172_800 => format!("{}h", whole / 3_600),
        _ => format!("{}d", whole / 86_400),
    }
}

/// A size in binary units.
pub(crate) fn bytes(size: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if size < 1024 {
        return format!("{size} B");
    }
    let step = UNITS.iter().scan(1_u64, |scale, unit| {
        *scale *= 1024;
        Some((*scale, *unit))
    });
    let fitting = step.take_while(|(scale, _)| *scale <= size).last();
    fitting.map_or_else(
        || format!("{size} B"),
        |(scale, unit)| {
            let tenths = u128::from(size) * 10 / u128::from(scale);
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_drives_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\r\n\tc\u{202e}d\u{9b}"), "a\\u{1b}[2Jb\\r\\n\tc\\u{202e}d\\u{9b}");
        assert_eq!(printable("plain – text"), "plain – text");
    }

    #[test]
    fn long_text_is_cut_where_characters_end() {
        assert_eq!(one_line("grün\nund mehr", 10), "grün…");
        assert_eq!(one_line("grün", 10), "grün");
        assert_eq!(one_line("ääääää", 3), "äää…");
        assert_eq!(one_line("", 3), "");
    }

    #[test]
    fn quantities() {
        for (span, text) in
            [(0.04, "0.0s"), (9.96, "10.0s"), (61.0, "61s"), (600.0, "10m"), (90_000.0, "25h"), (1e6, "11d")]
        {
            assert_eq!(seconds(Duration::from_secs_f64(span)), text);
        }
        for (size, text) in
            [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_610_612_736, "1.5 GiB"), (u64::MAX, "16777215.9 TiB")]
        {
            assert_eq!(bytes(size), text);
        }
    }
}
