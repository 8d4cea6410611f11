//! What to say about a field that the contract does not have: what the caller probably meant.

/// Fields of a shape that was once documented as V1 and never was, and what the contract has instead.
const STALE_FIELDS: [(&str, &str); 5] = [
    ("priority", "tasks run in the order they were queued; keep a note in `metadata` if you need one"),
    ("source", "say who asks in `requested_by`"),
    ("options", "the time budget goes to `constraints.time_budget_seconds`, other parameters go to `inputs`"),
    ("tags", "keep them in `metadata`"),
    (
        "callback_url",
        "there are no callbacks, follow the task by its id; keep the address in `metadata` if you need it",
    ),
];

/// Values of `type` in that shape.
const STALE_OPERATIONS: [&str; 6] = ["build", "deploy", "test", "scan", "cleanup", "notify"];

/// Names longer than this are no typing mistake of ours, and comparing them would cost.
const MAX_COMPARED_CHARS: usize = 40;
/// More changes than this make another word.
const MAX_CHANGES: usize = 2;

pub(super) fn is_stale_field(name: &str) -> bool {
    STALE_FIELDS.iter().any(|(stale, _)| *stale == name)
}

pub(super) fn is_stale_operation(value: &str) -> bool {
    STALE_OPERATIONS.contains(&value)
}

/// What to write instead of the top-level field `name` of the stale shape.
pub(super) fn stale_field(name: &str) -> Option<&'static str> {
    STALE_FIELDS.iter().find(|(stale, _)| *stale == name).map(|(_, instead)| *instead)
}

/// The known name that `name` is probably a misspelling of.
pub(super) fn closest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    if name.chars().nth(MAX_COMPARED_CHARS).is_some() {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let name = plain(name);
    let distances = known.iter().map(|candidate| (distance(&name, candidate), *candidate));
    distances
        .filter(|(changes, candidate)| *changes <= MAX_CHANGES && *changes * 2 <= candidate.len())
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many characters have to be inserted, removed or replaced to get from one text to the other.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (line, a) in from.chars().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        let mut next = vec![left];
        for (above, b) in row.iter().skip(1).zip(to.chars()) {
            left = (diagonal + usize::from(a != b)).min(left + 1).min(above + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_single_character_changes() {
        for (from, to, changes) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("repo", "repo", 0),
            ("rep", "repo", 1),
        ] {
            assert_eq!(distance(from, to), changes, "{from} {to}");
            assert_eq!(distance(to, from), changes, "{to} {from}");
        }
    }

    #[test]
    fn a_misspelling_finds_its_field() {
        let known = ["objective", "operation", "inputs", "id", "requested_by"];
        for (name, meant) in [
            ("objectiv", Some("objective")),
            ("Operation", Some("operation")),
            ("requested-by", Some("requested_by")),
            ("input", Some("inputs")),
            ("xy", None),
            ("colour", None),
        ] {
            assert_eq!(closest(name, &known), meant, "{name}");
        }
        assert_eq!(closest(&"o".repeat(1_000_000), &known), None);
    }
}
