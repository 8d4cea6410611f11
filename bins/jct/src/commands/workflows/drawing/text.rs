//! Steps for a terminal: one a line, below what it waits for.

use super::steps::{Step, Steps};

/// Deeper than this, steps are no longer moved to the right.
const DEEPEST: usize = 20;

/// The steps as lines: id, state, name, and after an arrow the steps it waits for.
pub(in crate::commands::workflows) fn text(steps: &Steps) -> String {
    let id_width = widest(steps.iter().map(indented));
    let status_width = widest(steps.iter().filter_map(Step::status));
    let line = |step: &Step| {
        let awaited = steps.awaited(step).join(", ");
        let parts = [
            Some(format!("{:id_width$}", indented(step))),
            step.status().map(|status| format!("{status:status_width$}")),
            step.name(),
            (!awaited.is_empty()).then(|| format!("<- {awaited}")),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    steps.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Characters of the longest.
fn widest(texts: impl Iterator<Item = String>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}

fn indented(step: &Step) -> String {
    format!("{}{}", "  ".repeat(step.depth.min(DEEPEST)), step.id())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(steps: &Value, expect: &[&str]) {
        assert_eq!(text(&Steps::read(steps)).lines().collect::<Vec<_>>(), expect);
    }

    #[test]
    fn a_definition_is_its_steps_and_what_they_wait_for() {
        let steps = json!([
            {"id": "scan_secrets", "name": "Scan for secrets"},
            {"id": "scan", "dependencies": []},
            {"id": "report", "name": "Write the report", "dependencies": ["scan_secrets", "scan"]},
        ]);
        let expect =
            ["scan_secrets  Scan for secrets", "scan", "  report      Write the report  <- scan_secrets, scan"];
        check(&steps, &expect);
    }

    #[test]
    fn a_run_has_the_states_as_words() {
        let steps = json!([
            {"id": "a", "name": "a", "status": "succeeded", "dependencies": []},
            {"id": "b", "name": "Second", "status": "failed", "dependencies": ["a"]},
            {"id": "c", "name": "c", "status": "skipped", "dependencies": ["b"]},
        ]);
        check(&steps, &["a      succeeded", "  b    failed     Second  <- a", "    c  skipped    <- b"]);
    }

    #[test]
    fn a_name_is_one_line_and_drives_no_terminal() {
        let steps = json!([{"id": "a\u{1b}[2J", "name": "b\nforged"}, {"id": "x", "dependencies": ["a\u{1b}[2J"]}]);
        check(&steps, &["a\\u{1b}[2J  b…", "  x         <- a\\u{1b}[2J"]);
        let deep: Value = (0..30)
            .map(|step: u32| {
                let before = step.checked_sub(1).map(|before| format!("s{before}"));
                json!({"id": format!("s{step}"), "dependencies": before.into_iter().collect::<Vec<_>>()})
            })
            .collect();
        assert!(text(&Steps::read(&deep)).lines().all(|line| line.len() < 80));
        check(&Value::Null, &[]);
    }
}
