//! What registers with a worker: its executors, and the adapters of coding agents that it may run. Nothing secret is said.

use jct_agent::adapter::{Adapter, Mode, Network};
use jct_agent::{AgentExecutor, ScriptExecutor};
use jct_config::Config;
use jct_exec::{CommandExecutor, Executors, SurveyExecutor};
use jct_ingest::ManifestExecutor;
use jct_store::model::{AgentKind, NewAgent};
use serde_json::json;

/// The executors, and of the adapters those that one of the executors runs.
pub(crate) fn registered(executors: &Executors, adapters: Vec<NewAgent>) -> Vec<NewAgent> {
    let mut agents: Vec<NewAgent> = executors.names().map(executor_agent).collect();
    if executors.names().any(|name| name == AgentExecutor::NAME) {
        agents.extend(adapters);
    }
    agents
}

fn executor_agent(name: &str) -> NewAgent {
    let description = match name {
        AgentExecutor::NAME => "has a coding agent work on an objective, in a sandbox",
        CommandExecutor::NAME => "runs the commands of `inputs.command`, in a sandbox",
        ManifestExecutor::NAME => "runs a manifest: reads its sources and writes what was made of them",
        ScriptExecutor::NAME => "plays a script in the place of a coding agent, in a sandbox",
        SurveyExecutor::NAME => "reports on a repository without changing it",
        _ => "runs tasks that name it",
    };
    NewAgent {
        kind: AgentKind::Executor,
        name: name.to_owned(),
        description: description.to_owned(),
        capabilities: vec![name.to_owned()],
        config: json!({}).to_string(),
        max_concurrent_tasks: None,
    }
}

/// An adapter as it registers; `None` for one that is never run here.
pub(crate) fn adapter_agent(config: &Config, adapter: &Adapter) -> Option<NewAgent> {
    let is_enabled = config.agents.enabled.iter().any(|name| name.as_str() == adapter.name());
    let network = match adapter.network() {
        Network::None => "none",
        Network::Broker(_) if is_enabled => "broker",
        Network::Broker(_) | Network::Refused { .. } => return None,
    };
    let (mode, capability) = match adapter.mode() {
        Mode::Writing => ("writing", "changes"),
        Mode::ReadOnly => ("read_only", "analysis"),
    };
    let setup = json!({
        "mode": mode,
        "network": network,
        "max_turns": adapter.max_turns(),
        "takes_model": adapter.takes_model(),
        "definition_sha256": adapter.digest(),
    });
    Some(NewAgent {
        kind: AgentKind::Adapter,
        name: adapter.name().to_owned(),
        description: adapter.title().to_owned(),
        capabilities: vec![capability.to_owned()],
        config: setup.to_string(),
        max_concurrent_tasks: adapter.max_concurrent_tasks(),
    })
}
