//! Reads `inputs.agent`, `inputs.model` and `inputs.max_turns`, and decides whether the adapter may run at all.

use std::sync::Arc;

use jct_exec::{ExecutionRequest, JsonObject};
use serde_json::Value;

use super::AgentOptions;
use crate::adapter::{Adapter, Adapters, Mode, Network};

const MOST_NAME_BYTES: usize = 128;
/// Operations whose work is a change.
const CHANGING: [&str; 2] = ["code_change", "docs"];

/// Why a task's agent is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum InputError {
    #[error("`inputs.agent` is missing; this worker knows {known}")]
    Missing { known: String },
    #[error("`inputs.agent` must be the name of an agent")]
    Shape,
    #[error("this worker knows no such agent; it knows {known}")]
    Unknown { known: String },
    #[error("the agent `{agent}` is never run: {reason}")]
    Refused { agent: String, reason: String },
    #[error("the agent `{agent}` needs the broker, and this worker's operator has not enabled it")]
    NotEnabled { agent: String },
    #[error("the agent `{agent}` changes nothing, and the operation `{operation}` wants a change")]
    ReadOnly { agent: String, operation: String },
    #[error("`inputs.model` must be 1 to {MOST_NAME_BYTES} of `A-Z a-z 0-9 . _ : / @ -` and not begin with a dash")]
    Model,
    #[error("the agent `{agent}` cannot be told which model to use")]
    NoModel { agent: String },
    #[error("`inputs.max_turns` must be 1..={most}")]
    Turns { most: u32 },
}

/// An agent to run.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) adapter: Arc<Adapter>,
    pub(super) model: Option<String>,
    pub(super) max_turns: u32,
}

/// Chooses the agent of a task.
pub(super) fn choose(
    request: &ExecutionRequest,
    adapters: &Adapters,
    options: &AgentOptions,
) -> Result<Chosen, InputError> {
    let known = || adapters.iter().map(|adapter| format!("`{}`", adapter.name())).collect::<Vec<_>>().join(", ");
    let adapter = match request.inputs.get("agent") {
        None | Some(Value::Null) => return Err(InputError::Missing { known: known() }),
        Some(Value::String(name)) => adapters.get(name).ok_or_else(|| InputError::Unknown { known: known() })?,
        Some(_) => return Err(InputError::Shape),
    };
    may_run(adapter, options)?;
    let agent = || adapter.name().to_owned();
    if adapter.mode() == Mode::ReadOnly && CHANGING.contains(&request.operation.as_str()) {
        return Err(InputError::ReadOnly { agent: agent(), operation: request.operation.clone() });
    }
    let model = model(&request.inputs)?;
    if model.is_some() && !adapter.takes_model() {
        return Err(InputError::NoModel { agent: agent() });
    }
    let max_turns = turns(&request.inputs, adapter.max_turns())?;
    Ok(Chosen { adapter: Arc::clone(adapter), model, max_turns })
}

fn may_run(adapter: &Adapter, options: &AgentOptions) -> Result<(), InputError> {
    let agent = || adapter.name().to_owned();
    match adapter.network() {
        Network::Refused { reason } => Err(InputError::Refused { agent: agent(), reason: reason.clone() }),
        Network::Broker(_) if !options.enabled.contains(adapter.name()) => {
            Err(InputError::NotEnabled { agent: agent() })
        }
        Network::Broker(_) | Network::None => Ok(()),
    }
}

fn model(inputs: &JsonObject) -> Result<Option<String>, InputError> {
    match inputs.get("model") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(name)) => {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/@-".contains(&byte);
            let fits = (1..=MOST_NAME_BYTES).contains(&name.len()) && name.bytes().all(plain);
            // With a dash in front a name would be an option.
            if fits && !name.starts_with('-') { Ok(Some(name.clone())) } else { Err(InputError::Model) }
        }
        Some(_) => Err(InputError::Model),
    }
}

fn turns(inputs: &JsonObject, most: u32) -> Result<u32, InputError> {
    match inputs.get("max_turns") {
        None | Some(Value::Null) => Ok(most),
        Some(value) => {
            let turns = value.as_u64().and_then(|turns| u32::try_from(turns).ok());
            turns.filter(|turns| (1..=most).contains(turns)).ok_or(InputError::Turns { most })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InsideProgram;
    use serde_json::json;

    const OWN: &str = r#"
        [agent.reader]
        title = "Reader"
        program = "reader"
        prompt = "stdin"
        mode = "read_only"
        output = { format = "text" }
        network = { kind = "none" }
        limits = { max_turns = 5 }
        [agent.blind]
        title = "Blind"
        program = "blind"
        prompt = "stdin"
        mode = "writing"
        output = { format = "text" }
        network = { kind = "broker", upstream = "https://api.example.org", paths = ["/v1"] }
    "#;

    fn choose_for(inputs: &Value, operation: &str) -> Result<Chosen, InputError> {
        let adapters = Adapters::shipped().unwrap().with_text("own", OWN).unwrap();
        let enabled = ["codex", "jules", "blind"].map(str::to_owned).into();
        let options = AgentOptions { program: InsideProgram::program("/bin/true"), enabled };
        let request = ExecutionRequest {
            operation: operation.to_owned(),
            inputs: inputs.as_object().cloned().unwrap(),
            ..ExecutionRequest::default()
        };
        choose(&request, &adapters, &options)
    }

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "so that cases read as they stand in a task")]
    fn refused(inputs: Value, expect: &str) {
        let error = choose_for(&inputs, "code_change").unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
    }

    #[test]
    fn an_agent_is_chosen_with_its_model() {
        let chosen = choose_for(&json!({"agent": "codex", "model": "gpt-x/1", "max_turns": 3}), "code_change").unwrap();
        assert_eq!((chosen.adapter.name(), chosen.model.as_deref(), chosen.max_turns), ("codex", Some("gpt-x/1"), 3));
        assert_eq!(choose_for(&json!({"agent": "reader"}), "analysis").unwrap().max_turns, 5);
    }

    #[test]
    fn what_may_not_run_is_refused_with_its_reason() {
        refused(json!({}), "this worker knows `aider`");
        refused(json!({"agent": 1}), "must be the name");
        refused(json!({"agent": "hal"}), "no such agent");
        refused(json!({"agent": "gemini"}), "has not enabled it");
        refused(json!({"agent": "gemini", "allow_network": true, "network": "broker"}), "has not enabled it");
        refused(json!({"agent": "jules"}), "cannot be pointed at the broker");
        refused(json!({"agent": "blind"}), "its base URL cannot be set");
        refused(json!({"agent": "reader"}), "wants a change");
        refused(json!({"agent": "codex", "model": "--help"}), "`inputs.model`");
        refused(json!({"agent": "codex", "model": "a b"}), "`inputs.model`");
        refused(json!({"agent": "codex", "max_turns": 0}), "`inputs.max_turns` must be 1..=50");
        refused(json!({"agent": "codex", "max_turns": "3"}), "`inputs.max_turns`");
        let model = choose_for(&json!({"agent": "reader", "model": "m"}), "analysis").unwrap_err();
        assert!(matches!(model, InputError::NoModel { .. }));
    }
}
