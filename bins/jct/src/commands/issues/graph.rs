//! `jct issues graph`: from the intent to what came of it.

use clap::Args;
use serde_json::Value;

use crate::commands::cells::{items, text};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, one_line};

const WIDTH: usize = 72;

/// Arguments of `jct issues graph`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct issues graph 01890a5d-ac96-774b-bcce-b302099a8057
  jct issues graph 01890a5d-ac96-774b-bcce-b302099a8057 --json | jq -r '.artifacts[].uri'")]
pub(crate) struct GraphArgs {
    /// The issue
    issue_id: String,
}

pub(super) fn run(args: &GraphArgs, context: &Context) -> Result<Exit, Failure> {
    let graph = context.client()?.get(&["cwom", "issues", &args.issue_id, "graph"])?.json()?;
    let output = context.output();
    if output.is_json() {
        output.document(&graph)?;
    } else {
        lines(&graph).iter().try_for_each(|line| print(line, output))?;
    }
    Ok(Exit::Success)
}

/// One object of the chain: how deep it hangs, what it is, and what there is to say about it.
struct Line {
    depth: usize,
    kind: &'static str,
    id: String,
    about: String,
}

fn print(line: &Line, output: &Output) -> Result<(), Failure> {
    let Line { depth, kind, id, about } = line;
    let indent = "  ".repeat(*depth);
    output.line(format!("{indent}{kind:width$}  {id}  {about}", width = 22_usize.saturating_sub(2 * depth)))
}

fn lines(graph: &Value) -> Vec<Line> {
    let part = |name: &str| graph.get(name).unwrap_or(&Value::Null);
    let (repo, issue) = (part("repo"), part("issue"));
    let mut lines = vec![
        line(0, "repository", repo, &[text(repo, "slug")]),
        line(0, "issue", issue, &[text(issue, "status"), text(issue, "title")]),
    ];
    for packet in items(part("context_packets")) {
        lines.push(line(1, "context packet", packet, &[text(packet, "version"), text(packet, "summary")]));
    }
    for snapshot in items(part("constraint_snapshots")) {
        let owner = snapshot.get("owner").map(|owner| text(owner, "actor_id")).unwrap_or_default();
        lines.push(line(1, "constraint snapshot", snapshot, &[text(snapshot, "scope"), owner]));
    }
    for doctrine in items(part("doctrine_refs")) {
        let [namespace, name, version] = ["namespace", "name", "version"].map(|member| text(doctrine, member));
        let about = [format!("{namespace}/{name}@{version}"), text(doctrine, "priority")];
        lines.push(line(1, "doctrine", doctrine, &about));
    }
    for run in items(part("runs")) {
        let by = run.pointer("/executor/actor").map(|actor| text(actor, "actor_id")).unwrap_or_default();
        lines.push(line(1, "run", run, &[text(run, "status"), by]));
        let of_run = |artifact: &&Value| artifact.pointer("/produced_by/id") == run.get("id");
        for artifact in items(part("artifacts")).filter(of_run) {
            let about = ["type", "title", "uri"].map(|member| text(artifact, member));
            lines.push(line(2, "artifact", artifact, &about));
        }
        let about_run = |judged: &&Value| judged.pointer("/for_run/id") == run.get("id");
        for pack in items(part("evidence_packs")).filter(about_run) {
            lines.push(line(2, "evidence pack", pack, &["verdict", "verdict_reason"].map(|member| text(pack, member))));
        }
        for review in items(part("review_decisions")).filter(about_run) {
            let by = review.get("reviewer").map(|reviewer| text(reviewer, "actor_id")).unwrap_or_default();
            let about = [text(review, "decision"), by, text(review, "decision_reason")];
            lines.push(line(2, "review", review, &about));
        }
    }
    lines
}

fn line(depth: usize, kind: &'static str, object: &Value, about: &[String]) -> Line {
    Line { depth, kind, id: text(object, "id"), about: one_line(&about.join("  "), WIDTH) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_came_of_a_run_hangs_on_it_and_runs_on_the_issue() {
        let graph = json!({
            "repo": {"id": "r", "slug": "myorg/app"},
            "issue": {"id": "i", "status": "running", "title": "Look\naround"},
            "context_packets": [{"id": "p", "version": "1", "summary": "Two crates"}],
            "constraint_snapshots": [{"id": "c", "scope": "repo", "owner": {"actor_id": "ana"}}],
            "doctrine_refs": [{"id": "d", "namespace": "team", "name": "tests", "version": "1", "priority": "must"}],
            "runs": [
                {"id": "1", "status": "failed", "executor": {"actor": {"actor_id": "a"}}},
                {"id": "2", "status": "done", "executor": {"actor": {"actor_id": "b"}}},
            ],
            "artifacts": [{"id": "x", "type": "report", "title": "R", "uri": "r.md", "produced_by": {"id": "2"}}],
            "evidence_packs": [{"id": "e", "for_run": {"id": "1"}, "verdict": "fail", "verdict_reason": "no change"}],
            "review_decisions": [{
                "id": "v", "for_run": {"id": "2"}, "decision": "approved", "decision_reason": "Good",
                "reviewer": {"actor_id": "ana"},
            }],
        });
        let shown: Vec<_> = lines(&graph)
            .into_iter()
            .map(|Line { depth, kind, id, about }| format!("{depth} {kind} {id}: {about}"))
            .collect();
        let expect = [
            "0 repository r: myorg/app",
            "0 issue i: running  Look…",
            "1 context packet p: 1  Two crates",
            "1 constraint snapshot c: repo  ana",
            "1 doctrine d: team/tests@1  must",
            "1 run 1: failed  a",
            "2 evidence pack e: fail  no change",
            "1 run 2: done  b",
            "2 artifact x: report  R  r.md",
            "2 review v: approved  ana  Good",
        ];
        assert_eq!(shown, expect);
    }

    #[test]
    fn an_answer_that_lacks_everything_is_no_reason_to_panic() {
        assert_eq!(lines(&Value::Null).len(), 2);
    }
}
