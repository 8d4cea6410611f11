//! Steps as a Mermaid flowchart, which many pages that show Markdown draw.

use std::fmt::Write as _;

use super::colours::Colours;
use super::steps::{Step, Steps};

/// The flowchart. Its nodes have names of our own, because the id of a step may be a word of the language, such as
/// `end`.
pub(in crate::commands::workflows) fn mermaid(steps: &Steps) -> String {
    let nodes = steps.iter().enumerate().map(|(place, step)| {
        let label = step.label().iter().map(|line| escaped(line)).collect::<Vec<_>>().join("<br/>");
        let class = step.status().as_deref().and_then(Colours::of).map(|colours| format!(":::{}", colours.status));
        format!("    s{place}[\"{label}\"]{}", class.unwrap_or_default())
    });
    let edges = steps.edges().map(|(before, after)| format!("    s{before} --> s{after}"));
    let statuses: Vec<String> = steps.iter().filter_map(Step::status).collect();
    let classes = Colours::among(&statuses).into_iter().map(|Colours { status, fill, border }| {
        format!("    classDef {status} fill:{fill},stroke:{border},color:#000000")
    });
    let lines = std::iter::once("flowchart TD".to_owned()).chain(nodes).chain(edges).chain(classes);
    lines.collect::<Vec<_>>().join("\n")
}

/// Everything but letters, digits, spaces and `_` as the number of its character: what is left ends no label and begins
/// no markup, in this language, in Markdown and in HTML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric() || matches!(c, ' ' | '_') {
            escaped.push(c);
        } else {
            // Writing into a string cannot fail.
            let _ = write!(escaped, "#{};", u32::from(c));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(steps: &Value, expect: &[&str]) {
        assert_eq!(mermaid(&Steps::read(steps)).lines().collect::<Vec<_>>(), expect);
    }

    #[test]
    fn a_definition_is_nodes_and_arrows() {
        let steps = json!([
            {"id": "end", "dependencies": ["start"]},
            {"id": "start", "name": "Begin"},
        ]);
        let expect = ["flowchart TD", "    s0[\"start<br/>Begin\"]", "    s1[\"end\"]", "    s0 --> s1"];
        check(&steps, &expect);
        check(&Value::Null, &["flowchart TD"]);
    }

    #[test]
    fn a_run_has_a_class_for_each_state_that_there_is() {
        let steps = json!([
            {"id": "a", "status": "failed"},
            {"id": "b", "status": "succeeded"},
            {"id": "c", "status": "asleep"},
        ]);
        let expect = [
            "flowchart TD",
            "    s0[\"a<br/>failed\"]:::failed",
            "    s1[\"b<br/>succeeded\"]:::succeeded",
            "    s2[\"c<br/>asleep\"]",
            "    classDef succeeded fill:#d3f9d8,stroke:#2b8a3e,color:#000000",
            "    classDef failed fill:#ffe3e3,stroke:#c92a2a,color:#000000",
        ];
        check(&steps, &expect);
    }

    #[test]
    fn no_name_ends_its_label_or_begins_something_else() {
        let hostile = "\"]; click s0 \"javascript:1\" <b>&amp;`x` #35; ü";
        let label = escaped(hostile);
        assert!(!label.contains(['"', ']', '<', '>', '&', '`', ':', '/']), "{label}");
        assert!(label.starts_with("#34;#93;#59; click s0 #34;javascript#58;1#34; "), "{label}");
        assert!(label.ends_with(" #35;35#59; ü"), "{label}");
        let drawn = mermaid(&Steps::read(&json!([{"id": "a", "name": "x\"]\nend", "status": "a\"b"}])));
        assert_eq!(drawn.lines().count(), 2, "{drawn}");
    }
}
