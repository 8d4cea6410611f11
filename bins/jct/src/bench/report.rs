//! The measured numbers side by side with their targets.

use serde_json::{Value, json};

use super::goals::{Engine, Goal, Measured, Metric};
use crate::failure::Failure;
use crate::output::{Column, Output};

const TITLES: [&str; 8] = ["NUMBER", "UNIT", "SQLITE", "TARGET", "RATIO", "POSTGRESQL", "TARGET", "RATIO"];

/// Prints the table; a path without a database stands in the first three columns.
pub(super) fn print(measured: &[Measured], markdown: bool, output: &Output) -> Result<(), Failure> {
    let rows = rows(measured);
    if markdown {
        return output.block(&to_markdown(&rows));
    }
    output.table(&TITLES.map(Column::Plain), &rows)?;
    output.note("a ratio of 1.00 reaches the target, more is better; `-` was not measured or has no target");
    Ok(())
}

/// One number as `--json` tells it.
pub(super) fn to_json(measured: &Measured) -> Value {
    let (name, unit) = measured.metric.title();
    let target = match measured.metric.goal(measured.engine) {
        Goal::AtLeast(target) => json!({ "at_least": target }),
        Goal::AtMost(target) => json!({ "at_most": target }),
        Goal::Told => Value::Null,
    };
    json!({
        "metric": measured.metric, "name": name, "unit": unit, "engine": measured.engine, "value": measured.value,
        "target": target, "ratio": measured.ratio(),
    })
}

fn rows(measured: &[Measured]) -> Vec<Vec<String>> {
    let mut metrics: Vec<Metric> = measured.iter().map(|measured| measured.metric).collect();
    metrics.sort_unstable();
    metrics.dedup();
    metrics.into_iter().map(|metric| row(metric, measured)).collect()
}

fn row(metric: Metric, measured: &[Measured]) -> Vec<String> {
    let (name, unit) = metric.title();
    let find = |engines: [Engine; 2]| measured.iter().find(|one| one.metric == metric && engines.contains(&one.engine));
    let left = cells(find([Engine::Sqlite, Engine::None]));
    let right = cells(find([Engine::Postgresql, Engine::Postgresql]));
    [name.to_owned(), unit.to_owned()].into_iter().chain(left).chain(right).collect()
}

fn cells(measured: Option<&Measured>) -> [String; 3] {
    let none = || "-".to_owned();
    let Some(measured) = measured else { return [none(), none(), none()] };
    let target = match measured.metric.goal(measured.engine) {
        Goal::AtLeast(target) => format!("≥ {}", number(target)),
        Goal::AtMost(target) => format!("≤ {}", number(target)),
        Goal::Told => none(),
    };
    [number(measured.value), target, measured.ratio().map_or_else(none, |ratio| format!("{ratio:.2}"))]
}

/// Whole from a hundred on, with thousands set apart.
fn number(value: f64) -> String {
    if value < 100.0 {
        let text = format!("{value:.2}");
        return text.strip_suffix(".00").map_or_else(|| text.clone(), str::to_owned);
    }
    let digits = format!("{value:.0}");
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn to_markdown(rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let titles = TITLES.map(str::to_lowercase);
    let rule = format!("|{}", "---|".repeat(TITLES.len()));
    let mut lines = vec![line(&titles), rule];
    lines.extend(rows.iter().map(|row| line(row)));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_stand_side_by_side() {
        let measured = [
            Measured::new(Metric::EnqueueP99, Engine::Sqlite, 12.34),
            Measured::new(Metric::EnqueueRate, Engine::Postgresql, 3_000.0),
            Measured::new(Metric::EnqueueRate, Engine::Sqlite, 12_345.6),
            Measured::new(Metric::GateRate, Engine::None, 4_000_000.0),
        ];
        insta::assert_snapshot!(to_markdown(&rows(&measured)), @r"
        | number | unit | sqlite | target | ratio | postgresql | target | ratio |
        |---|---|---|---|---|---|---|---|
        | enqueue over HTTP | tasks/s | 12,346 | ≥ 10,000 | 1.23 | 3,000 | ≥ 6,000 | 0.50 |
        | enqueue over HTTP, p99 | ms | 12.34 | ≤ 15 | 1.22 | - | - | - |
        | policy gate, its rules alone, one core | decisions/s | 4,000,000 | ≥ 2,000,000 | 2.00 | - | - | - |
        ");
    }

    #[test]
    fn numbers_are_readable() {
        for (value, text) in
            [(0.5, "0.50"), (3.0, "3"), (99.5, "99.50"), (150.0, "150"), (1_000.4, "1,000"), (1_234_567.0, "1,234,567")]
        {
            assert_eq!(number(value), text);
        }
    }
}
