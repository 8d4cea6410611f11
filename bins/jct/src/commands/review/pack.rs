//! An evidence pack for people: the verdict, and everything that it rests on.

use serde_json::Value;

use crate::commands::cells::{actor, items, text};
use crate::failure::Failure;
use crate::output::{Column, Output, one_line, seconds};

/// Prints a pack.
pub(crate) fn print(pack: &Value, output: &Output) -> Result<(), Failure> {
    let of = |name: &str| Some(text(pack, name)).filter(|text| !text.is_empty());
    let subject = |name: &str| pack.pointer(&format!("/subject/{name}")).and_then(Value::as_str).map(str::to_owned);
    let checks = ["checks_passed", "checks_failed", "checks_skipped"].map(|name| text(pack, name));
    let [passed, failed, skipped] = checks;
    output.fields(&[
        ("evidence pack", of("id")),
        ("digest", of("digest")),
        ("verdict", of("verdict")),
        ("because", of("verdict_reason")),
        ("looked at by", pack.get("evaluated_by").map(actor)),
        ("rules and checks", Some(format!("{passed} held, {failed} did not, {skipped} not looked at"))),
        ("isolation", pack.pointer("/isolation/effective").and_then(Value::as_str).map(str::to_owned)),
        ("from commit", subject("base_commit")),
        ("to commit", subject("head_commit")),
        ("change", subject("diff_digest")),
    ])?;
    for reason in list(pack, "reasons") {
        output.line(format!("  - {}", reason.as_str().unwrap_or_default()))?;
    }
    table(pack, "criteria_results", &CRITERIA, criterion, output)?;
    table(pack, "evidence_collected", &EVIDENCE, evidence, output)?;
    table(pack, "check_results", &CHECKS, check, output)
}

const CRITERIA: [Column; 4] =
    [Column::Plain("NO"), Column::Status("STATUS"), Column::Plain("CRITERION"), Column::Plain("BECAUSE")];
const EVIDENCE: [Column; 4] =
    [Column::Plain("NO"), Column::Status("STATUS"), Column::Plain("EVIDENCE"), Column::Plain("WHERE")];
const CHECKS: [Column; 5] = [
    Column::Plain("CHECK"),
    Column::Plain("ENDED"),
    Column::Plain("TESTS"),
    Column::Plain("TOOK"),
    Column::Plain("DECIDES"),
];

fn table<const N: usize>(
    pack: &Value,
    member: &str,
    columns: &[Column; N],
    row: fn(&Value) -> [String; N],
    output: &Output,
) -> Result<(), Failure> {
    let rows: Vec<_> = list(pack, member).map(|entry| row(entry).to_vec()).collect();
    if rows.is_empty() { Ok(()) } else { output.table(columns, &rows) }
}

fn list<'a>(pack: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> {
    items(pack.get(member).unwrap_or(&Value::Null))
}

fn criterion(result: &Value) -> [String; 4] {
    [text(result, "index"), text(result, "status"), one_line(&text(result, "criterion"), 60), text(result, "reason")]
}

fn evidence(item: &Value) -> [String; 4] {
    let found = if item.get("found").and_then(Value::as_bool).unwrap_or_default() { "found" } else { "missing" };
    let place = ["artifact_uri", "notes"].map(|name| text(item, name)).join(" ");
    [text(item, "index"), found.to_owned(), one_line(&text(item, "requirement"), 60), place.trim().to_owned()]
}

fn check(result: &Value) -> [String; 5] {
    let ended = format!("{} {}", text(result, "ended"), text(result, "exit_code"));
    let tests = result
        .get("tests")
        .filter(|tests| tests.is_object())
        .map(|tests| ["passed", "failed", "skipped"].map(|name| format!("{} {name}", text(tests, name))).join(", "));
    let took = result.get("duration_ms").and_then(Value::as_u64).map(std::time::Duration::from_millis);
    let criterion = text(result, "criterion");
    [
        text(result, "name"),
        ended.trim().to_owned(),
        tests.unwrap_or_default(),
        took.map(seconds).unwrap_or_default(),
        if criterion.is_empty() { criterion } else { format!("criterion {criterion}") },
    ]
}
