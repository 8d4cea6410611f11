//! The definitions that are shipped, and those an operator may write.

use jct_agent::adapter::{Adapters, Mode, Network};

#[test]
fn shipped_definitions_render() {
    let adapters = Adapters::shipped().unwrap();
    let names: Vec<&str> = adapters.iter().map(|adapter| adapter.name()).collect();
    assert_eq!(names, ["aider", "claude-code", "codex", "gemini", "jules", "opencode"]);
    for adapter in adapters.iter() {
        assert_eq!(adapter.mode(), Mode::Writing);
        assert_eq!(adapter.digest().len(), 64);
        match adapter.network() {
            Network::Broker(way) => {
                assert!(!way.rules.allow_private && way.credential.is_some(), "{}", adapter.name());
            }
            Network::Refused { reason } => assert!(adapter.name() == "jules" && reason.contains("remotely")),
            Network::None => panic!("{} has no model", adapter.name()),
        }
    }
}

const BASE: &str = r#"
[agent.demo]
title = "Demo"
program = "demo"
arguments = ["{prompt}"]
prompt = "argument"
mode = "writing"
output = { format = "text" }
network = { kind = "none" }
"#;

#[test]
fn an_operators_definition_takes_the_place_of_a_shipped_one() {
    let text = BASE.replace("agent.demo", "agent.codex");
    let adapters = Adapters::shipped().unwrap().with_text("agents.toml", &text).unwrap();
    assert_eq!(adapters.iter().count(), 6);
    assert_eq!(adapters.get("codex").unwrap().title(), "Demo");
}

#[track_caller]
fn refused(from: &str, to: &str, expect: &str) {
    assert!(BASE.contains(from), "{from}");
    let text = BASE.replacen(from, to, 1);
    let error = Adapters::default().with_text("agents.toml", &text).unwrap_err().to_string();
    assert!(error.starts_with("`agents.toml`: ") && error.contains(expect), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

#[test]
fn a_mistake_is_named_by_file_table_and_key() {
    refused("title = \"Demo\"", "title = 1", "agent.demo.title");
    refused("mode = \"writing\"", "mode = \"wild\"", "agent.demo.mode");
    refused("mode = \"writing\"", "mode = \"writing\"\ncolour = \"red\"", "colour");
    refused("[agent.demo]", "[agent.demo]\n[agent", "line 3");
    refused("agent.demo", "agent.\"De mo\"", "[agent.De mo] name");
    refused("{prompt}", "{promt}", "[agent.demo] arguments: there is no placeholder `{promt}`");
    refused("[\"{prompt}\"]", "[]", "must hold `{prompt}`");
    refused("[\"{prompt}\"]", "[\"{prompt}\", \"{model}\"]", "belongs in `model_arguments`");
    refused("mode = \"writing\"", "mode = \"writing\"\nmodel_arguments = [\"-m\"]", "`{model_arguments}` must stand");
    refused("mode = \"writing\"", "mode = \"writing\"\nquestions = [\"(\"]", "[agent.demo] questions");
    refused("mode = \"writing\"", "mode = \"writing\"\nlimits = { idle_seconds = 0 }", "limits.idle_seconds");
    refused("mode = \"writing\"", "mode = \"writing\"\nlimits = { stall_seconds = 5 }", "limits.stall_seconds");
    refused("mode = \"writing\"", "mode = \"writing\"\nenvironment = { \"A=B\" = \"\" }", "is no name of a variable");
    refused("format = \"text\"", "format = \"text\", patterns = ['(?<money>x)']", "there is no figure `money`");
    refused("format = \"text\"", "format = \"json_lines\", error = [{ at = \"x\" }]", "output.error");
}

#[track_caller]
fn refused_network(keys: &str, expect: &str) {
    let url = "arguments = [\"{prompt}\", \"{broker_url}\"]";
    let text = BASE.replace("arguments = [\"{prompt}\"]", url).replace("{ kind = \"none\" }", &format!("{{ {keys} }}"));
    let error = Adapters::default().with_text("agents.toml", &text).unwrap_err().to_string();
    assert!(error.contains(expect), "{error}");
}

#[test]
fn a_way_out_is_checked_before_anything_runs() {
    let broker =
        |upstream: &str, more: &str| format!("kind = \"broker\", upstream = \"{upstream}\", paths = [\"/v1\"]{more}");
    refused_network("kind = \"open\"", "agent.demo.network");
    refused_network(&broker("http://api.example.org", ""), "plain `http` needs `allow_private`");
    refused_network(&broker("ftp://api.example.org", ""), "must be `https`");
    refused_network(&broker("https://user:pass@api.example.org", ""), "holds a credential");
    refused_network(&broker("https://api.example.org/?key=1", ""), "must have no query");
    refused_network(&broker("https://api.example.org", ", methods = [\"CONNECT\"]"), "network.methods");
    refused_network(
        &broker("https://api.example.org", ", credential = { header = \"x-key\" }"),
        "either `variable` or `file`",
    );
    refused_network(
        &broker("https://api.example.org", ", credential = { variable = \"K\", header = \"x key\" }"),
        "no name of a header",
    );
    refused_network("kind = \"broker\", upstream = \"https://api.example.org\", paths = [\"/../x\"]", "network.paths");
    refused_network("kind = \"broker\", upstream = \"https://api.example.org\", paths = []", "at least one path");
}

/// The first block in a page that is marked with `language`.
fn example(language: &str) -> &'static str {
    let page = include_str!("../../../../docs/agents.md");
    let block = page.split(&format!("```{language}\n")).nth(if language == "json" { 2 } else { 1 }).unwrap();
    block.split("```").next().unwrap()
}

#[test]
fn the_examples_of_the_page_work() {
    let adapters = Adapters::default().with_text("docs/agents.md", example("toml")).unwrap();
    assert!(matches!(adapters.get("my-agent").unwrap().network(), Network::Broker(_)));
    jct_agent::script::parse_steps(&serde_json::from_str(example("json")).unwrap()).unwrap();
}
