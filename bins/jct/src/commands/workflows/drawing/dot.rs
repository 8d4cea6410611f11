//! Steps in the language of Graphviz.

use super::colours::Colours;
use super::steps::Steps;

/// What all nodes have in common.
const NODES: &str = r##"    node [shape=box, style="rounded,filled", fillcolor="#ffffff", fontname="sans-serif"];"##;

/// The graph. Its nodes have names of our own, because the id of a step may be a word of the language, such as `node`.
pub(in crate::commands::workflows) fn dot(steps: &Steps) -> String {
    let head = ["digraph workflow {".to_owned(), NODES.to_owned()];
    let nodes = steps.iter().enumerate().map(|(place, step)| {
        let label = step.label().iter().map(|line| escaped(line)).collect::<Vec<_>>().join("\\n");
        let colours = step.status().as_deref().and_then(Colours::of);
        let colours = colours.map(|Colours { fill, border, .. }| format!(", fillcolor=\"{fill}\", color=\"{border}\""));
        format!("    s{place} [label=\"{label}\"{}];", colours.unwrap_or_default())
    });
    let edges = steps.edges().map(|(before, after)| format!("    s{before} -> s{after};"));
    let lines = head.into_iter().chain(nodes).chain(edges).chain(std::iter::once("}".to_owned()));
    lines.collect::<Vec<_>>().join("\n")
}

/// The text as part of a quoted label, where a backslash begins an escape and `&` the name of a character.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('&', "&amp;")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(steps: &Value, expect: &[&str]) {
        let drawn = dot(&Steps::read(steps));
        let lines: Vec<_> = drawn.lines().collect();
        let [first, second, inner @ .., last] = lines.as_slice() else { panic!("too short: {drawn}") };
        assert_eq!((*first, *second, *last), ("digraph workflow {", NODES, "}"));
        assert_eq!(inner, expect);
    }

    #[test]
    fn a_definition_is_nodes_and_arrows() {
        let steps = json!([{"id": "node", "dependencies": ["edge"]}, {"id": "edge", "name": "First"}]);
        let expect = [r#"    s0 [label="edge\nFirst"];"#, r#"    s1 [label="node"];"#, "    s0 -> s1;"];
        check(&steps, &expect);
        check(&Value::Null, &[]);
    }

    #[test]
    fn a_run_has_the_colours_of_its_states() {
        let steps = json!([{"id": "a", "status": "running"}, {"id": "b", "status": "asleep"}]);
        let expect = [
            r##"    s0 [label="a\nrunning", fillcolor="#d0ebff", color="#1c7ed6"];"##,
            r#"    s1 [label="b\nasleep"];"#,
        ];
        check(&steps, &expect);
    }

    #[test]
    fn no_name_ends_its_label_or_becomes_an_escape() {
        assert_eq!(escaped(r#"a"]; b \N &lt; \"#), r#"a\"]; b \\N &amp;lt; \\"#);
        let steps = json!([{"id": "a", "name": "x\"\n}", "status": "\u{1b}"}]);
        check(&steps, &[r#"    s0 [label="a\nx\"…\n\\u{1b}"];"#]);
    }
}
