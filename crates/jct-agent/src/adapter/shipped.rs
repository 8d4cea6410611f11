//! The definitions that come with the product.

/// Name of the file, for errors, and its text.
pub(super) const SHIPPED: [(&str, &str); 6] = [
    ("claude-code.toml", include_str!("shipped/claude-code.toml")),
    ("codex.toml", include_str!("shipped/codex.toml")),
    ("gemini.toml", include_str!("shipped/gemini.toml")),
    ("jules.toml", include_str!("shipped/jules.toml")),
    ("opencode.toml", include_str!("shipped/opencode.toml")),
    ("aider.toml", include_str!("shipped/aider.toml")),
];

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use jct_exec::Usage;

    use super::super::Adapters;
    use super::super::output::Seen;

    #[test]
    fn command_lines() {
        for adapter in Adapters::shipped().unwrap().iter() {
            let mut invocation = adapter.invocation("PROMPT", Some("MODEL"), 30);
            for name in ["prompt_file", "workspace", "scratch", "broker_url"] {
                invocation.value(name, format!("<{name}>"));
            }
            let mut text = format!("{}\n", invocation.program);
            for argument in invocation.rendered_arguments() {
                writeln!(text, "  {argument}").unwrap();
            }
            for (name, value) in invocation.rendered_environment() {
                writeln!(text, "{name}={value}").unwrap();
            }
            write!(text, "stdin={:?} file={:?}", invocation.input, invocation.file).unwrap();
            insta::assert_snapshot!(adapter.name(), text);
        }
    }

    #[test]
    fn no_definition_says_yes_to_everything() {
        let everything = ["--dangerously", "--yolo", "--full-auto", "yolo", "bypassPermissions", "--trust"];
        for adapter in Adapters::shipped().unwrap().iter() {
            let arguments = adapter.invocation("PROMPT", Some("MODEL"), 30).rendered_arguments();
            for argument in &arguments {
                assert!(everything.iter().all(|yes| !argument.contains(yes)), "{}: {argument}", adapter.name());
            }
            // The one that cannot be told no is not let to ask for what matters.
            if arguments.iter().any(|argument| argument.contains("yes")) {
                assert_eq!(adapter.name(), "aider");
                for switched_off in ["--no-suggest-shell-commands", "--no-detect-urls", "--no-auto-lint"] {
                    assert!(arguments.iter().any(|argument| argument == switched_off), "{switched_off}");
                }
            }
        }
    }

    #[track_caller]
    fn reads(agent: &str, output: &str, shown: &[&str], expect: &Seen) {
        let adapters = Adapters::shipped().unwrap();
        let mut reader = adapters.get(agent).unwrap().output().reader();
        let lines: Vec<String> = output.lines().flat_map(|line| reader.line(line.trim())).collect();
        assert_eq!(lines, shown);
        assert_eq!(reader.finish(), *expect);
    }

    fn seen(message: &str, tokens: (u64, u64), turns: Option<u64>, cost: Option<f64>, model: Option<&str>) -> Seen {
        let usage = Usage {
            tokens_in: Some(tokens.0),
            tokens_out: Some(tokens.1),
            turns,
            cost_usd: cost,
            model: model.map(str::to_owned),
        };
        Seen { final_message: Some(message.to_owned()), error: None, usage: Some(usage) }
    }

    #[test]
    fn claude_code_is_read() {
        let output = r#"{"type":"system","subtype":"init","model":"claude-x","tools":["Read"]}
            {"type":"assistant","message":{"content":[{"type":"text","text":"Looking."},{"type":"tool_use","name":"Edit","input":{}}]}}
            {"type":"user","message":{"content":[{"type":"tool_result","content":"ok"}]}}
            {"type":"result","subtype":"success","is_error":false,"result":"Done.","num_turns":4,"total_cost_usd":0.12,"usage":{"input_tokens":10,"cache_creation_input_tokens":20,"cache_read_input_tokens":30,"output_tokens":7}}"#;
        reads(
            "claude-code",
            output,
            &["Looking.", "Edit"],
            &seen("Done.", (60, 7), Some(4), Some(0.12), Some("claude-x")),
        );
        let output = r#"{"type":"result","subtype":"success","is_error":true,"result":"Invalid API key"}"#;
        let error = Some("Invalid API key".to_owned());
        let expect = Seen { final_message: error.clone(), error, usage: None };
        reads("claude-code", output, &[], &expect);
    }

    #[test]
    fn codex_is_read() {
        let output = r#"{"type":"thread.started","thread_id":"t"}
            {"type":"item.completed","item":{"type":"command_execution","command":"make test"}}
            {"type":"item.completed","item":{"type":"agent_message","text":"Done."}}
            {"type":"turn.completed","usage":{"input_tokens":100,"cached_input_tokens":40,"output_tokens":9}}"#;
        reads("codex", output, &["make test", "Done."], &seen("Done.", (100, 9), None, None, None));
        let output = r#"{"type":"turn.failed","error":{"message":"over quota"}}"#;
        let expect = Seen { error: Some("over quota".to_owned()), ..Seen::default() };
        reads("codex", output, &[], &expect);
    }

    #[test]
    fn gemini_is_read() {
        let output = r#"{"type":"init","session_id":"s","model":"gemini-x"}
            {"type":"tool_use","tool_name":"replace","parameters":{}}
            {"type":"message","role":"assistant","content":"Done.","delta":true}
            {"type":"result","status":"success","stats":{"total_tokens":11,"input_tokens":8,"output_tokens":3}}"#;
        reads("gemini", output, &["replace", "Done."], &seen("Done.", (8, 3), None, None, Some("gemini-x")));
    }

    #[test]
    fn opencode_is_read() {
        let output = r#"{"type":"tool_use","part":{"tool":"edit"}}
            {"type":"step_finish","part":{"cost":0.25,"tokens":{"input":5,"output":2,"cache":{"read":10,"write":0}}}}
            {"type":"text","part":{"text":"Done."}}
            {"type":"step_finish","part":{"cost":0.25,"tokens":{"input":6,"output":1,"cache":{"read":0,"write":0}}}}"#;
        reads("opencode", output, &["edit", "Done."], &seen("Done.", (21, 3), None, Some(0.5), None));
    }

    #[test]
    fn aider_is_read() {
        let output = "Applied edit to a.py\nTokens: 2.4k sent, 1.1k cache hit, 350 received. Cost: $0.01 message, $0.03 session.";
        let lines: Vec<&str> = output.lines().collect();
        reads("aider", output, &lines, &seen(&format!("{output}\n"), (2400, 350), None, Some(0.01), None));
    }
}
