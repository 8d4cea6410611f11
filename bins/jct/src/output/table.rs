//! Tables for people: framed on a terminal, plain aligned columns elsewhere.

use comfy_table::{Cell, Color, ContentArrangement, Table, presets};

use super::text::printable;

/// How the cells of a column are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    /// As they are.
    Plain(&'static str),
    /// Coloured by what a status means.
    Status(&'static str),
}

impl Column {
    const fn title(self) -> &'static str {
        match self {
            Self::Plain(title) | Self::Status(title) => title,
        }
    }

    fn cell(self, text: &str) -> Cell {
        let cell = Cell::new(printable(text));
        match self {
            Self::Plain(_) => cell,
            Self::Status(_) => status_colour(text).map_or_else(|| Cell::new(printable(text)), |colour| cell.fg(colour)),
        }
    }
}

fn status_colour(text: &str) -> Option<Color> {
    match text {
        "completed" | "done" | "ok" | "valid" | "applied" | "pass" | "approved" | "satisfied" | "found"
        | "succeeded" => Some(Color::Green),
        "failed" | "blocked" | "problem" | "revoked" | "expired" | "unknown" | "fail" | "rejected"
        | "not_satisfied" | "missing" => Some(Color::Red),
        "running" => Some(Color::Cyan),
        "queued" | "pending" | "ready" | "under_review" | "warning" | "partial" | "needs_changes" | "unverified"
        | "waiting" | "stopping" => Some(Color::Yellow),
        _ => None,
    }
}

/// The table as text, without a final line break.
pub(super) fn render(columns: &[Column], rows: &[Vec<String>], terminal: bool, colour: bool) -> String {
    let mut table = Table::new();
    let width = table.width();
    if !colour {
        table.force_no_tty();
    }
    if terminal {
        table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
        if let Some(width) = width {
            table.set_width(width);
        }
    } else {
        table.load_style(presets::NOTHING);
    }
    table.set_header(columns.iter().map(|column| column.title()));
    for row in rows {
        table.add_row(columns.iter().zip(row).map(|(column, text)| column.cell(text)));
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_states_of_workflows_have_their_colours() {
        for (status, colour) in [
            ("succeeded", Some(Color::Green)),
            ("completed", Some(Color::Green)),
            ("failed", Some(Color::Red)),
            ("running", Some(Color::Cyan)),
            ("stopping", Some(Color::Yellow)),
            ("waiting", Some(Color::Yellow)),
            ("ready", Some(Color::Yellow)),
            ("skipped", None),
            ("cancelled", None),
            ("idle", None),
        ] {
            assert_eq!(status_colour(status), colour, "{status}");
        }
    }

    #[test]
    fn without_a_terminal_there_are_only_aligned_columns() {
        let rows = [vec!["a".to_owned(), "completed".to_owned()], vec!["long\u{1b}".to_owned(), "x".to_owned()]];
        let text = render(&[Column::Plain("ID"), Column::Status("STATUS")], &rows, false, false);
        assert_eq!(
            text.lines().map(str::trim_end).collect::<Vec<_>>(),
            [" ID          STATUS", " a           completed", " long\\u{1b}  x"]
        );
    }
}
