//! The reference table of `docs/configuration.md`, written from the registry so that it cannot fall behind.

use std::fmt::Write as _;

use crate::key::{Fallback, registry, trimmed};

/// Every key as a Markdown table: key, variable, type with range, default, meaning.
#[must_use]
pub fn key_table() -> String {
    let head = "| key | variable | type | default | meaning |\n|---|---|---|---|---|\n".to_owned();
    registry().fold(head, |mut table, key| {
        let range =
            key.range.as_ref().map(|range| format!(", {} to {}", range.start(), range.end())).unwrap_or_default();
        let default = match key.fallback {
            Fallback::Text("") => "none".to_owned(),
            Fallback::Text(text) => format!("`{text}`"),
            Fallback::Cores => "processor cores".to_owned(),
            Fallback::HostName => "name of the machine".to_owned(),
        };
        let secret = if key.secret { " Masked where it is shown." } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "| `{}` | `{}` | {}{range} | {default} | {}{secret} |",
            key.name,
            key.env,
            key.kind,
            trimmed(key.doc)
        );
        table
    })
}
