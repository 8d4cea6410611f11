//! The agent executor, end to end, with agents that are shell scripts.

use std::time::Duration;

use jct_agent::adapter::Adapters;
use jct_agent::prompt::PromptTemplate;
use jct_agent::{AgentExecutor, AgentOptions};
use jct_exec::{Execution, ExecutionRequest, Executor, FailureReason};
use serde_json::{Value, json};

use crate::support::{Bench, completed, failed, inside, request};
use crate::upstream::Upstream;

/// An agent and how it is spoken to, as an operator would write it.
struct Agent<'a> {
    script: &'a str,
    keys: &'a str,
    output: &'a str,
    network: &'a str,
}

const TEXT: Agent<'static> = Agent {
    script: "",
    keys: "prompt = \"stdin\"\nmode = \"writing\"",
    output: "format = \"text\"",
    network: "kind = \"none\"",
};

impl Agent<'_> {
    async fn run(&self, bench: &Bench, request: &ExecutionRequest) -> Execution {
        let program = bench.program("fake-agent", &format!("#!/bin/sh\n{}\n", self.script));
        let Self { keys, output, network, .. } = self;
        let text = format!(
            "[agent.demo]\ntitle = \"Demo\"\nprogram = \"{program}\"\n{keys}\n[agent.demo.output]\n{output}\n[agent.demo.network]\n{network}\n"
        );
        let adapters = Adapters::default().with_text("agents.toml", &text).unwrap();
        let options = AgentOptions { program: inside(), enabled: ["demo".to_owned()].into() };
        let template = PromptTemplate::built_in().unwrap();
        AgentExecutor::new(bench.workshop.clone(), adapters, template, options).run(request, bench.io()).await
    }
}

fn task(operation: &str) -> ExecutionRequest {
    request(operation, json!({"agent": "demo"}))
}

#[tokio::test]
async fn an_agent_reads_its_prompt_and_hands_over_its_change() {
    let bench = Bench::new();
    let agent = Agent {
        script: "cat > ../tmp/prompt && cp ../tmp/prompt from-agent.md && echo \"CI=$CI TERM=$TERM\" && git add -A && \
                 git -c user.name=a -c user.email=a@b commit -qm done && echo 'All is well.'",
        ..TEXT
    };
    let mut output = completed(agent.run(&bench, &task("code_change")).await);
    let prompt = bench.artifact("prompt.md");
    assert_eq!(bench.handed_over("from-agent.md").unwrap(), prompt);
    assert!(prompt.contains("prove it"));
    bench.said("CI=1 TERM=dumb");
    assert_eq!(output["final_message"], "CI=1 TERM=dumb\nAll is well.\n");
    assert_eq!(bench.artifact("agent-output.txt"), "CI=1 TERM=dumb\nAll is well.\n");
    assert_eq!(output["prompt_digest"], Value::from(sha256(&prompt)));
    output.remove("isolation");
    insta::assert_json_snapshot!(output, {
        ".commit" => "[commit]",
        ".head_commit" => "[commit]",
        ".duration_ms" => "[ms]",
        ".adapter_digest" => "[digest]",
        ".prompt_digest" => "[digest]",
        ".template_digest" => "[digest]",
    });
}

fn sha256(text: &str) -> String {
    use sha2::Digest;
    hex::encode(sha2::Sha256::digest(text.as_bytes()))
}

#[tokio::test]
async fn a_prompt_comes_by_file_or_as_an_argument() {
    let by_file = Agent {
        script: "cp \"$1\" seen.md; test \"$2\" = \"$PWD\"",
        keys: "prompt = \"file\"\nmode = \"writing\"\narguments = [\"{prompt_file}\", \"{workspace}\"]",
        ..TEXT
    };
    let by_argument = Agent {
        script: "printf '%s' \"$2\" > seen.md; test \"$1\" = --turns=7",
        keys: "prompt = \"argument\"\nmode = \"writing\"\narguments = [\"--turns={max_turns}\", \"{prompt}\"]",
        ..TEXT
    };
    for agent in [by_file, by_argument] {
        let bench = Bench::new();
        let mut request = request("docs", json!({"agent": "demo", "max_turns": 7}));
        request.objective = "keep {scratch} and {broker_url} as they are".to_owned();
        completed(agent.run(&bench, &request).await);
        assert_eq!(bench.handed_over("seen.md").unwrap(), bench.artifact("prompt.md"));
        assert!(bench.artifact("prompt.md").contains("keep {scratch} and {broker_url}"));
    }
}

const JSON_LINES: &str = r#"format = "json_lines"
message = [{ at = "/text", when = { "/type" = "say" } }]
final_message = [{ at = "/result", when = { "/type" = "result" } }]
error = [{ at = "/result", when = { "/type" = "result", "/is_error" = true } }]
tokens_in = [{ at = "/usage/in" }, { at = "/usage/cached" }]
tokens_out = [{ at = "/usage/out" }]
turns = [{ at = "/turns" }]
cost_usd = [{ at = "/cost" }]
model = [{ at = "/model" }]
"#;

#[tokio::test]
async fn json_lines_become_short_lines_and_figures() {
    let bench = Bench::new();
    let script = r#"
        echo 'starting up, no JSON'
        printf '%s\n' '{"type": "say", "text": "first\nsecond", "model": "m-1"}'
        printf '{"type": "say", "text": "' && head -c 200000 /dev/zero | tr '\0' 'a' && echo '"}'
        echo '{"type": "result", "result": "done", "is_error": false, "usage": {"in": 10, "cached": 5, "out": 2}, "turns": 3, "cost": 0.25}'
        echo x > file
    "#;
    let agent = Agent { script, output: JSON_LINES, ..TEXT };
    let output = completed(agent.run(&bench, &task("code_change")).await);
    bench.said("starting up, no JSON");
    bench.said("first\\nsecond");
    bench.said("aaaaa…");
    assert_eq!(output["final_message"], "done");
    let expect = json!({"tokens_in": 15, "tokens_out": 2, "turns": 3, "cost_usd": 0.25, "model": "m-1"});
    assert_eq!(output["usage"], expect);
    assert_eq!(bench.io().record().usage().unwrap().tokens_in, Some(15));
    let raw = bench.artifact("agent-output.jsonl");
    assert_eq!(raw.lines().count(), 4);
    assert!(raw.lines().skip(1).all(|line| serde_json::from_str::<Value>(line).is_ok()));
}

#[tokio::test]
async fn a_reported_failure_is_a_failure() {
    let bench = Bench::new();
    let script = r#"echo '{"type": "result", "result": "no credit left", "is_error": true}'"#;
    let agent = Agent { script, output: JSON_LINES, ..TEXT };
    let (message, _) =
        failed(agent.run(&bench, &task("code_change")).await, FailureReason::CommandFailed { exit_code: 0 });
    assert!(message.contains("no credit left"), "{message}");

    let bench = Bench::new();
    let agent = Agent { script: "echo oops >&2; exit 9", ..TEXT };
    failed(agent.run(&bench, &task("code_change")).await, FailureReason::CommandFailed { exit_code: 9 });
    bench.said("oops");
    let bench = Bench::new();
    let agent = Agent { script: "kill -KILL $$", ..TEXT };
    failed(agent.run(&bench, &task("code_change")).await, FailureReason::CommandSignalled { signal: 9 });
}

#[tokio::test]
async fn an_agent_that_lies_hands_over_nothing() {
    let bench = Bench::new();
    let agent = Agent { script: "echo 'I fixed everything and all tests pass.'", ..TEXT };
    let output = completed(agent.run(&bench, &task("code_change")).await);
    assert_eq!(output["changed"], false);
    assert!(bench.io().record().handover().unwrap().is_empty());
}

const WAITING: &str = "prompt = \"stdin\"\nmode = \"writing\"\nlimits = { idle_seconds = 1, stall_seconds = 3 }";

#[tokio::test]
async fn an_agent_that_asks_is_ended() {
    for script in ["printf 'Really do it? '; sleep 1000", "echo 'Overwrite README.md? [y/N]'; sleep 1000"] {
        let bench = Bench::new();
        let agent = Agent { script, keys: WAITING, ..TEXT };
        let (message, _) = failed(agent.run(&bench, &task("code_change")).await, FailureReason::NeedsInput);
        assert!(message.contains("waits for an answer") && message.contains('?'), "{message}");
    }
}

#[tokio::test]
async fn an_agent_that_falls_silent_is_ended_later() {
    let bench = Bench::new();
    let agent = Agent { script: "echo thinking; sleep 1000", keys: WAITING, ..TEXT };
    let (message, _) = failed(agent.run(&bench, &task("code_change")).await, FailureReason::NeedsInput);
    assert!(message.contains("said nothing"), "{message}");
}

#[tokio::test]
async fn questions_are_answered_with_no() {
    let bench = Bench::new();
    let agent = Agent {
        script: "printf 'Delete everything? [y/N] '; read answer; echo \"answer: $answer\"; echo \"$answer\" > answer",
        keys: "prompt = \"argument\"\nmode = \"writing\"\nanswers = true\narguments = [\"{prompt}\"]",
        ..TEXT
    };
    let output = completed(agent.run(&bench, &task("code_change")).await);
    bench.said("answer: n");
    bench.said("answered no to: Delete everything? [y/N]");
    assert_eq!(output["questions_answered"], 1);
    assert_eq!(bench.handed_over("answer").unwrap(), "n\n");
}

#[tokio::test]
async fn a_reader_that_writes_is_refused() {
    let bench = Bench::new();
    let keys = "prompt = \"stdin\"\nmode = \"read_only\"";
    let agent = Agent { script: "echo x > file", keys, ..TEXT };
    let (message, _) = failed(agent.run(&bench, &task("analysis")).await, FailureReason::HandoverRefused);
    assert!(message.contains("read-only"), "{message}");
    let bench = Bench::new();
    completed(Agent { script: "cat README.md", keys, ..TEXT }.run(&bench, &task("analysis")).await);
    bench.said("# demo");
    let bench = Bench::new();
    failed(Agent { script: "true", keys, ..TEXT }.run(&bench, &task("docs")).await, FailureReason::InvalidInput);
}

#[tokio::test]
async fn output_has_an_end() {
    let bench = Bench::new();
    let agent = Agent {
        script: "yes | head -c 3000000; echo x > file",
        keys: "prompt = \"stdin\"\nmode = \"writing\"\nlimits = { output_bytes = 1000000 }",
        ..TEXT
    };
    let output = completed(agent.run(&bench, &task("code_change")).await);
    assert_eq!(output["truncated"], true);
    let kept = bench.artifact("agent-output.txt").len();
    assert!((900_000..=1_000_000).contains(&kept), "{kept}");
}

#[tokio::test]
async fn a_missing_agent_and_the_end_of_time() {
    let bench = Bench::new();
    let agent = Agent { keys: "prompt = \"stdin\"\nmode = \"writing\"", ..TEXT };
    std::fs::create_dir_all(bench.path("programs")).unwrap();
    let text = "[agent.demo]\ntitle = \"Demo\"\nprogram = \"no-such-agent\"\nprompt = \"stdin\"\nmode = \"writing\"\n\
                output = { format = \"text\" }\nnetwork = { kind = \"none\" }";
    let adapters = Adapters::default().with_text("agents.toml", text).unwrap();
    let options = AgentOptions { program: inside(), enabled: Default::default() };
    let executor = AgentExecutor::new(bench.workshop.clone(), adapters, PromptTemplate::built_in().unwrap(), options);
    failed(executor.run(&task("code_change"), bench.io()).await, FailureReason::CommandNotFound);

    let bench = Bench::new();
    let mut request = task("code_change");
    request.time_budget = Duration::from_secs(3);
    let execution = Agent { script: "trap '' TERM; while :; do sleep 1; done", ..agent }.run(&bench, &request).await;
    assert!(matches!(execution, Execution::TimedOut { .. }), "{execution:#?}");
}

#[tokio::test]
async fn an_agent_may_say_good_bye() {
    let bench = Bench::new();
    let script = "trap 'echo good bye; exit 0' TERM; echo ready; while :; do sleep 0.1; done";
    let agent = Agent { script, ..TEXT };
    let stopper = async {
        while !bench.lines().iter().any(|line| line == "ready") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bench.cancel.cancel();
    };
    let request = task("code_change");
    let (execution, ()) = tokio::join!(agent.run(&bench, &request), stopper);
    assert!(matches!(execution, Execution::Cancelled { .. }), "{execution:#?}");
    bench.said("good bye");
}

/// Asks the broker over the relay, and then tries the ways around it.
const CALLER: &str = r#"
    env > seen-env
    cat > ../tmp/call.sh <<'SH'
host=${MODEL_URL#http://}
call() {
    exec 3<>"/dev/tcp/${host%:*}/${host#*:}" || return
    printf 'POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer mine\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}' "$1" "$host" >&3
    tail -n 1 <&3
    echo
}
call /v1/messages
call /v2/other
for target in 1.1.1.1/443 127.0.0.1/$UPSTREAM_PORT; do
    if (exec 3<>/dev/tcp/$target) 2>/dev/null; then echo "reached $target"; else echo unreachable; fi
done
SH
    bash ../tmp/call.sh
"#;

#[tokio::test]
async fn an_agent_reaches_its_model_and_nothing_else() {
    let (bench, upstream) = (Bench::new(), Upstream::start().await);
    let key = bench.path("key");
    std::fs::write(&key, "s3cret-of-the-worker").unwrap();
    let keys = format!(
        "prompt = \"stdin\"\nmode = \"writing\"\n[agent.demo.environment]\nMODEL_URL = \"{{broker_url}}\"\nUPSTREAM_PORT = \"{}\"",
        upstream.address.port()
    );
    let network = format!(
        "kind = \"broker\"\nupstream = \"http://{}\"\npaths = [\"/v1\"]\nallow_private = true\n\
         credential = {{ file = \"{}\", header = \"x-api-key\" }}",
        upstream.address,
        key.display()
    );
    let agent = Agent { script: CALLER, keys: &keys, output: TEXT.output, network: &network };
    let output = completed(agent.run(&bench, &task("code_change")).await);
    assert_eq!(output["isolation"]["network"], "broker");
    bench.said("{\"answer\":42}");
    bench.said("path is not on the list");
    let unreachable = bench.lines().iter().filter(|line| line.ends_with("unreachable")).count();
    assert_eq!(unreachable, 2, "{:#?}", bench.lines());
    let arrived = upstream.arrived();
    assert_eq!(arrived.len(), 1);
    assert_eq!(arrived[0].header("x-api-key"), Some("s3cret-of-the-worker"));
    assert_eq!(arrived[0].header("authorization"), None);
    let verdicts: Vec<bool> = bench.egress().iter().map(|decision| decision.allowed).collect();
    assert_eq!(verdicts, [true, false]);
    let environment = bench.handed_over("seen-env").unwrap();
    assert!(environment.contains("MODEL_URL=http://127.0.0.1:") && !environment.contains("s3cret"), "{environment}");
}
