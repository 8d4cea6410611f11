//! From flags to the body of a task. The tower judges it: the contract has one door, and it is not here.

use serde_json::{Map, Value, json};

use super::args::{Pair, Requester, SpecArgs};

/// The task that the flags describe. `user` is the name of the person at the keyboard.
pub(super) fn body(args: &SpecArgs, user: Option<String>) -> Value {
    let SpecArgs {
        repo,
        objective,
        operation,
        ref_,
        path,
        budget,
        requested_by,
        input,
        metadata,
        accept,
        evidence,
        command,
    } = args;
    let by = requested_by
        .clone()
        .unwrap_or_else(|| Requester { kind: "human".to_owned(), id: user.unwrap_or_else(|| "operator".to_owned()) });
    let default_operation = if command.is_empty() { "analysis" } else { "ops" };
    let mut target = Map::new();
    let parts = [("repo", repo), ("ref", ref_), ("path", path)];
    target.extend(parts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?)))));
    let mut task = json!({
        "version": "1.0",
        "requested_by": { "kind": by.kind, "id": by.id },
        "objective": objective,
        "operation": operation.as_deref().unwrap_or(default_operation),
        "target": target,
    });
    let mut inputs = object(input);
    let commands: Vec<&[String]> = command.split(|word| word == ";").filter(|words| !words.is_empty()).collect();
    match commands.as_slice() {
        [] => {}
        [one] => drop(inputs.insert("command".to_owned(), json!(one))),
        several => drop(inputs.insert("command".to_owned(), json!(several))),
    }
    let mut put = |name: &str, value: Value, wanted: bool| {
        if wanted {
            task[name] = value;
        }
    };
    put("constraints", json!({ "time_budget_seconds": budget }), budget.is_some());
    put("metadata", Value::Object(object(metadata)), !metadata.is_empty());
    put("acceptance_criteria", json!(accept), !accept.is_empty());
    put("evidence_requirements", json!(evidence), !evidence.is_empty());
    let wanted = !inputs.is_empty();
    put("inputs", Value::Object(inputs), wanted);
    task
}

fn object(pairs: &[Pair]) -> Map<String, Value> {
    pairs.iter().map(|Pair { name, value }| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use jct_contract::TaskSpec;

    use super::*;
    use crate::commands::enqueue::EnqueueArgs;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: EnqueueArgs,
    }

    #[track_caller]
    fn task(line: &[&str]) -> Value {
        let line =
            Line::try_parse_from([&["jct"], line].concat()).map_err(|error| error.to_string()).expect("a valid line");
        let body = body(&line.args.spec, Some("ada".to_owned()));
        TaskSpec::from_json(body.to_string().as_bytes()).expect("a task of the contract");
        body
    }

    #[test]
    fn the_least_that_makes_a_task() {
        insta::assert_snapshot!(task(&["--repo", "o/n", "--objective", "Look at it"]), @r#"{"version":"1.0","requested_by":{"kind":"human","id":"ada"},"objective":"Look at it","operation":"analysis","target":{"repo":"o/n"}}"#);
    }

    #[test]
    fn everything_arrives() {
        let line = [
            "--repo",
            "o/n",
            "--ref",
            "dev",
            "--path",
            "src",
            "--objective",
            "Test it",
            "--requested-by",
            "agent:jules",
            "--budget",
            "60",
            "--input",
            "depth:=3",
            "--metadata",
            "ticket=7",
            "--accept",
            "Green",
            "--evidence",
            "Log",
            "--",
            "make",
            "-j",
            "2",
            ";",
            "make",
            "--version",
        ];
        insta::assert_snapshot!(task(&line), @r#"{"version":"1.0","requested_by":{"kind":"agent","id":"jules"},"objective":"Test it","operation":"ops","target":{"repo":"o/n","ref":"dev","path":"src"},"constraints":{"time_budget_seconds":60},"metadata":{"ticket":"7"},"acceptance_criteria":["Green"],"evidence_requirements":["Log"],"inputs":{"depth":3,"command":[["make","-j","2"],["make","--version"]]}}"#);
    }

    #[test]
    fn a_file_and_flags_exclude_each_other_and_one_is_needed() {
        for line in [
            &["jct"][..],
            &["jct", "--repo", "o/n"],
            &["jct", "t.json", "--repo", "o/n"],
            &["jct", "t.json", "--", "x"],
        ] {
            assert!(Line::try_parse_from(line).is_err(), "{line:?}");
        }
        assert!(Line::try_parse_from(["jct", "-"]).is_ok());
    }
}
