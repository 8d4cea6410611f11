//! A patch: in colours for people at a terminal, byte by byte for everybody else.

use std::fmt::Write as _;

use clap::builder::styling::{AnsiColor, Style};

use super::text::printable;

const REMOVED: Style = AnsiColor::Red.on_default();
const ADDED: Style = AnsiColor::Green.on_default();
const PLACE: Style = AnsiColor::Cyan.on_default();
const HEADING: Style = Style::new().bold();

/// The patch with every line made printable.
pub(super) fn render(patch: &[u8], coloured: bool) -> String {
    let mut text = String::with_capacity(patch.len());
    for line in String::from_utf8_lossy(patch).lines() {
        let line = printable(line);
        let style = if coloured { style(&line) } else { Style::new() };
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{style}{line}{style:#}");
    }
    text
}

fn style(line: &str) -> Style {
    let heads = ["diff --git ", "index ", "--- ", "+++ ", "new file ", "deleted file ", "rename ", "similarity "];
    if heads.iter().any(|head| line.starts_with(head)) {
        return HEADING;
    }
    match line.as_bytes().first() {
        Some(b'+') => ADDED,
        Some(b'-') => REMOVED,
        Some(b'@') => PLACE,
        _ => Style::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_cannot_drive_the_terminal() {
        let patch = b"diff --git a/x b/x\n@@ -1 +1 @@\n-a\x1b[2J\n+b\xff\n c\n";
        assert_eq!(render(patch, false), "diff --git a/x b/x\n@@ -1 +1 @@\n-a\\u{1b}[2J\n+b\u{fffd}\n c\n");
        let coloured = render(patch, true);
        assert!(coloured.contains("\u{1b}[31m-a\\u{1b}[2J\u{1b}[0m\n") && coloured.ends_with(" c\n"), "{coloured:?}");
    }
}
