//! The shape of an adapter in TOML. Plain data; [`Adapter`](super::Adapter) is what is made of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A file of adapters: a table `agent` with one table for each.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AdapterFile {
    #[serde(default)]
    pub(super) agent: BTreeMap<String, Definition>,
}

/// One adapter.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Definition {
    /// What people call it.
    pub(super) title: String,
    /// The most runs at once, over all workers; without one there is no limit but what an operator sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) max_concurrent_tasks: Option<u32>,
    pub(super) program: String,
    #[serde(default)]
    pub(super) arguments: Vec<String>,
    /// Put in place of `{model_arguments}` when the task names a model.
    #[serde(default)]
    pub(super) model_arguments: Vec<String>,
    pub(super) prompt: PromptBy,
    pub(super) mode: Mode,
    /// Keeps standard input open and answers known questions with no.
    #[serde(default)]
    pub(super) answers: bool,
    /// Patterns of lines that ask for an answer, beside the usual ones.
    #[serde(default)]
    pub(super) questions: Vec<String>,
    #[serde(default)]
    pub(super) environment: BTreeMap<String, String>,
    pub(super) output: Output,
    #[serde(default)]
    pub(super) limits: AgentLimits,
    pub(super) network: NetworkDefinition,
}

/// How an agent is given its prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptBy {
    /// On standard input.
    Stdin,
    /// In a file that `{prompt_file}` names.
    File,
    /// As the argument `{prompt}`.
    Argument,
}

/// Whether an agent may change anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Its changes are handed over.
    Writing,
    /// A change ends the attempt as failed.
    ReadOnly,
}

/// What an agent may take.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AgentLimits {
    pub(super) max_turns: u32,
    pub(super) idle_seconds: u64,
    pub(super) stall_seconds: u64,
    pub(super) output_bytes: u64,
}

impl Default for AgentLimits {
    fn default() -> Self {
        Self { max_turns: 50, idle_seconds: 60, stall_seconds: 900, output_bytes: 64 * 1024 * 1024 }
    }
}

/// How output is read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Output {
    pub(super) format: OutputFormat,
    /// Whether figures of several lines are added up, or the last one counts.
    #[serde(default)]
    pub(super) figures: Figures,
    #[serde(default)]
    pub(super) message: Vec<Field>,
    #[serde(default)]
    pub(super) final_message: Vec<Field>,
    #[serde(default)]
    pub(super) error: Vec<Field>,
    #[serde(default)]
    pub(super) tokens_in: Vec<Field>,
    #[serde(default)]
    pub(super) tokens_out: Vec<Field>,
    #[serde(default)]
    pub(super) turns: Vec<Field>,
    #[serde(default)]
    pub(super) cost_usd: Vec<Field>,
    #[serde(default)]
    pub(super) model: Vec<Field>,
    /// For text: patterns whose groups are named like the fields above.
    #[serde(default)]
    pub(super) patterns: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OutputFormat {
    Text,
    JsonLines,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Figures {
    #[default]
    Last,
    Sum,
}

/// Where something stands in a line of JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Field {
    /// A JSON pointer; `*` stands for every member.
    pub(super) at: String,
    /// Pointers and the values that must stand there.
    #[serde(default)]
    pub(super) when: BTreeMap<String, serde_json::Value>,
}

/// What an agent may reach.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum NetworkDefinition {
    /// Nothing.
    None {},
    /// Its model, through the broker.
    Broker {
        upstream: String,
        /// Methods that are let through.
        #[serde(default = "post")]
        methods: Vec<String>,
        /// What the path of a request must begin with.
        paths: Vec<String>,
        #[serde(default)]
        credential: Option<CredentialDefinition>,
        /// Lets `upstream` be plain HTTP, or an address that is not public.
        #[serde(default)]
        allow_private: bool,
        #[serde(default = "request_limit")]
        request_bytes: u64,
        #[serde(default = "response_limit")]
        response_bytes: u64,
    },
    /// More than a broker can give: the adapter is never run.
    Refused { reason: String },
}

fn post() -> Vec<String> {
    vec!["POST".to_owned()]
}

const fn request_limit() -> u64 {
    32 * 1024 * 1024
}

const fn response_limit() -> u64 {
    256 * 1024 * 1024
}

/// Where the credential comes from and how it is shown upstream. Never a credential itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CredentialDefinition {
    #[serde(default)]
    pub(super) variable: Option<String>,
    #[serde(default)]
    pub(super) file: Option<PathBuf>,
    pub(super) header: String,
    #[serde(default)]
    pub(super) prefix: String,
}
