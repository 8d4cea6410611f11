//! The report for people. Everything that comes from the repository is escaped: a file name must not
//! become a link, an image or a table of its own.

use std::fmt::Write;

use super::report::Report;

/// Characters kept of one value in a table.
const CELL: usize = 200;

/// Renders the report.
pub(super) fn markdown(report: &Report) -> String {
    let mut out = Markdown::default();
    head(&mut out, report);
    files(&mut out, report);
    people(&mut out, report);
    notes(&mut out, report);
    out.text
}

fn head(out: &mut Markdown, report: &Report) {
    let subject = &report.subject;
    out.line(&format!("# Survey of {}", escaped(&subject.repo)));
    out.table(
        &["", ""],
        [
            ["objective".to_owned(), subject.objective.clone()],
            ["reference".to_owned(), subject.reference.clone()],
            ["commit".to_owned(), subject.commit.clone()],
            ["folder".to_owned(), format!("/{}", subject.path)],
            ["files".to_owned(), report.totals.files.to_string()],
            ["lines of text".to_owned(), report.totals.lines.to_string()],
            ["bytes".to_owned(), report.totals.bytes.to_string()],
            ["binary files".to_owned(), report.totals.binary_files.to_string()],
            ["symbolic links, not followed".to_owned(), report.totals.links.to_string()],
        ],
    );
    if !report.limits_reached.is_empty() {
        out.line("## Limits reached");
        for limit in &report.limits_reached {
            out.line(&format!("* {}", escaped(limit)));
        }
    }
}

fn files(out: &mut Markdown, report: &Report) {
    out.line("## Languages");
    out.table(
        &["language", "files", "lines", "bytes"],
        report
            .languages
            .iter()
            .map(|l| [l.name.to_string(), l.files.to_string(), l.lines.to_string(), l.bytes.to_string()]),
    );
    out.line("## Largest files");
    out.table(&["file", "bytes"], report.largest_files.iter().map(|f| [f.path.clone(), f.bytes.to_string()]));
    out.line("## Licences");
    out.table(&["stated in", "licence"], report.licences.iter().map(|l| [l.path.clone(), l.licence.clone()]));
    out.line("## Dependency manifests");
    let count = |n: Option<u64>| n.map_or("not counted".to_owned(), |n| n.to_string());
    out.table(
        &["file", "kind", "dependencies"],
        report.manifests.iter().map(|m| [m.path.clone(), m.kind.to_string(), count(m.dependencies)]),
    );
}

fn people(out: &mut Markdown, report: &Report) {
    out.line("## Last commits");
    out.table(
        &["commit", "authored", "author", "subject"],
        report.commits.iter().map(|c| {
            let id: String = c.id.chars().take(12).collect();
            [id, c.authored_at.clone().unwrap_or_default(), c.author.clone(), c.subject.clone()]
        }),
    );
    out.line("## Authors");
    out.table(&["author", "commits"], report.authors.iter().map(|a| [a.name.clone(), a.commits.to_string()]));
}

fn notes(out: &mut Markdown, report: &Report) {
    let (total, listed) = (report.markers.total, report.markers.listed.len());
    out.line(&format!("## Notes for later ({listed} of {total})"));
    out.table(
        &["place", "kind", "text"],
        report.markers.listed.iter().map(|m| [format!("{}:{}", m.path, m.line), m.kind.to_string(), m.text.clone()]),
    );
}

#[derive(Default)]
struct Markdown {
    text: String,
}

impl Markdown {
    fn line(&mut self, line: &str) {
        let gap = if self.text.is_empty() { "" } else { "\n" };
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{gap}{line}");
    }

    fn table<const N: usize>(&mut self, head: &[&str; N], rows: impl IntoIterator<Item = [String; N]>) {
        let mut rows = rows.into_iter().peekable();
        if rows.peek().is_none() {
            return self.line("None found.");
        }
        let mut table = format!("| {} |\n|{}", head.join(" | "), "---|".repeat(N));
        for row in rows {
            let cells = row.map(|cell| escaped(&cell));
            let _ = write!(table, "\n| {} |", cells.join(" | "));
        }
        self.line(&table);
    }
}

/// One line of plain text in Markdown: punctuation that could mean something is escaped, control and
/// direction characters are replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().take(CELL) {
        match c {
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push(' '),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '#' | '|' | '!' | '~' | '$' | '@' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    if text.chars().nth(CELL).is_some() {
        out.push('…');
    }
    // A bare address would become a link by itself.
    out.replace("://", "&#58;//").replace("www.", "www&#46;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(escaped(text), expect);
    }

    #[test]
    fn nothing_of_the_repository_is_markup() {
        check("plain-name.rs", "plain-name.rs");
        check("a|b\nc", "a\\|b c");
        check("![x](y)", "\\!\\[x\\]\\(y\\)");
        check("<script>", "&lt;script&gt;");
        check("https://x at 1:2", "https&#58;//x at 1:2");
        check("www.x", "www&#46;x");
        check("\u{202e}gpj", "\u{fffd}gpj");
        check(&"x".repeat(CELL + 1), &format!("{}…", "x".repeat(CELL)));
    }
}
