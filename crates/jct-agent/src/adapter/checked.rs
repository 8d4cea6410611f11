//! One adapter, checked as a whole when it is read.

use std::collections::BTreeMap;
use std::time::Duration;

use regex::Regex;
use sha2::{Digest, Sha256};

use super::definition::{Definition, Mode, PromptBy};
use super::error::Violation;
use super::invocation::Invocation;
use super::network::{Network, network};
use super::output::OutputRules;
use super::template::{NAMES, placeholders};

/// The usual ways to ask. Matched against the last line of output.
const QUESTIONS: [&str; 6] = [
    r"(?i)[\[(]\s*y(es)?\s*/\s*n(o)?\s*[\])]",
    r"(?i)\(y\)es/\(n\)o",
    r"(?i)\b(continue|proceed|overwrite|allow|approve|confirm|are you sure)\b[^.]*\?\s*$",
    r"(?i)press (enter|return|any key)\b",
    r"(?i)\b(password|passphrase|username|api key)\b[^.]*:\s*$",
    r"(?i)\b(log|sign) ?in to continue\b",
];
/// The element of `arguments` in whose place `model_arguments` are put.
const MODEL_ARGUMENTS: &str = "{model_arguments}";
const MOST_TURNS: u32 = 10_000;
const MOST_AT_ONCE: u32 = 10_000;
const MOST_SECONDS: u64 = 7 * 24 * 3600;
const NAME_CHARACTERS: usize = 64;

/// How one agent is run.
#[derive(Debug, Clone)]
pub struct Adapter {
    name: String,
    definition: Definition,
    output: OutputRules,
    network: Network,
    digest: String,
}

impl Adapter {
    pub(super) fn parse(name: &str, definition: Definition) -> Result<Self, Violation> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
        if name.is_empty() || name.len() > NAME_CHARACTERS || !name.bytes().all(plain) {
            return Err(Violation::new("name", format!("must be 1 to {NAME_CHARACTERS} of `a-z 0-9 _ -`")));
        }
        check_command(&definition)?;
        check_limits(&definition)?;
        if definition.max_concurrent_tasks.is_some_and(|most| !(1..=MOST_AT_ONCE).contains(&most)) {
            return Err(Violation::new("max_concurrent_tasks", format!("must be 1..={MOST_AT_ONCE}")));
        }
        for question in &definition.questions {
            Regex::new(question)
                .map_err(|error| Violation::new("questions", crate::text::one_line(&error.to_string(), 300)))?;
        }
        let output = OutputRules::parse(&definition.output)?;
        let network = network(name, &definition)?;
        let text = serde_json::to_vec(&definition).map_err(|error| Violation::new("name", error.to_string()))?;
        let digest = hex::encode(Sha256::digest(&text));
        Ok(Self { name: name.to_owned(), definition, output, network, digest })
    }

    /// What tasks call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What people call it.
    pub fn title(&self) -> &str {
        &self.definition.title
    }

    /// The most runs at once, over all workers.
    pub fn max_concurrent_tasks(&self) -> Option<u32> {
        self.definition.max_concurrent_tasks
    }

    /// Whether it may change anything.
    pub fn mode(&self) -> Mode {
        self.definition.mode
    }

    /// What it may reach.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// How it is given its prompt.
    pub fn prompt_by(&self) -> PromptBy {
        self.definition.prompt
    }

    /// SHA-256 of the definition, in hexadecimal: which adapter it was, whatever its name.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The most turns that a run may take.
    pub fn max_turns(&self) -> u32 {
        self.definition.limits.max_turns
    }

    /// Whether a model can be chosen.
    pub fn takes_model(&self) -> bool {
        !self.definition.model_arguments.is_empty()
    }

    pub(crate) fn output(&self) -> &OutputRules {
        &self.output
    }

    pub(crate) fn output_bytes(&self) -> u64 {
        self.definition.limits.output_bytes
    }

    pub(crate) fn answers(&self) -> bool {
        self.definition.answers
    }

    pub(crate) fn idle(&self) -> Duration {
        Duration::from_secs(self.definition.limits.idle_seconds)
    }

    pub(crate) fn stall(&self) -> Duration {
        Duration::from_secs(self.definition.limits.stall_seconds)
    }

    /// Patterns of lines that ask for an answer.
    pub(crate) fn questions(&self) -> Vec<String> {
        QUESTIONS.iter().map(|question| (*question).to_owned()).chain(self.definition.questions.clone()).collect()
    }

    /// What to run for a prompt, with the model if the task names one.
    pub(crate) fn invocation(&self, prompt: &str, model: Option<&str>, max_turns: u32) -> Invocation {
        let definition = &self.definition;
        let models: &[String] = if model.is_some() { &definition.model_arguments } else { &[] };
        let arguments = definition.arguments.iter().flat_map(|text| match text.as_str() {
            MODEL_ARGUMENTS => models,
            _ => std::slice::from_ref(text),
        });
        let mut values = BTreeMap::from([("max_turns".to_owned(), max_turns.to_string())]);
        values.extend(model.map(|model| ("model".to_owned(), model.to_owned())));
        let (mut input, mut file) = (String::new(), None);
        match definition.prompt {
            PromptBy::Stdin => prompt.clone_into(&mut input),
            PromptBy::File => file = Some(prompt.to_owned()),
            PromptBy::Argument => drop(values.insert("prompt".to_owned(), prompt.to_owned())),
        }
        Invocation {
            program: definition.program.clone(),
            arguments: arguments.cloned().collect(),
            environment: definition.environment.clone(),
            values,
            file,
            input,
        }
    }
}

fn check_command(definition: &Definition) -> Result<(), Violation> {
    if definition.program.is_empty() || definition.title.trim().is_empty() {
        return Err(Violation::new("program", "program and title must not be empty"));
    }
    let arguments = || definition.arguments.iter().filter(|text| *text != MODEL_ARGUMENTS);
    let places = definition.arguments.len() - arguments().count();
    if places != usize::from(!definition.model_arguments.is_empty()) {
        let message =
            "`{model_arguments}` must stand in `arguments` once if there are any, and not at all if there are none";
        return Err(Violation::new("model_arguments", message));
    }
    let everything = arguments()
        .map(|text| ("arguments", text))
        .chain(definition.model_arguments.iter().map(|text| ("model_arguments", text)))
        .chain(definition.environment.values().map(|text| ("environment", text)));
    for (key, text) in everything {
        if text.contains('\0') {
            return Err(Violation::new(key, "holds a NUL character"));
        }
        if let Some(name) = placeholders(text).into_iter().find(|name| !NAMES.contains(name)) {
            return Err(Violation::new(key, format!("there is no placeholder `{{{name}}}`")));
        }
        if key == "environment" && placeholders(text).iter().any(|name| *name == "prompt" || *name == "model") {
            return Err(Violation::new(key, "neither `{prompt}` nor `{model}` can stand in a variable"));
        }
    }
    if let Some(name) = definition.environment.keys().find(|name| name.is_empty() || name.contains(['=', '\0'])) {
        return Err(Violation::new("environment", format!("`{name}` is no name of a variable")));
    }
    let says = |name: &str| arguments().any(|text| placeholders(text).contains(&name));
    let needs = |name: &str| Violation::new("arguments", format!("must hold `{{{name}}}`, as `prompt` says"));
    match definition.prompt {
        PromptBy::Argument if !says("prompt") => Err(needs("prompt")),
        PromptBy::File if !says("prompt_file") => Err(needs("prompt_file")),
        PromptBy::Stdin if definition.answers => {
            Err(Violation::new("answers", "standard input cannot carry both the prompt and answers"))
        }
        _ if says("model") => Err(Violation::new("arguments", "`{model}` belongs in `model_arguments`")),
        _ => Ok(()),
    }
}

fn check_limits(definition: &Definition) -> Result<(), Violation> {
    let limits = &definition.limits;
    let refuse = |key: &str, message: String| Err(Violation::new(format!("limits.{key}"), message));
    if !(1..=MOST_TURNS).contains(&limits.max_turns) {
        return refuse("max_turns", format!("must be 1..={MOST_TURNS}"));
    }
    if !(1..=MOST_SECONDS).contains(&limits.idle_seconds) {
        return refuse("idle_seconds", format!("must be 1..={MOST_SECONDS}"));
    }
    if !(limits.idle_seconds..=MOST_SECONDS).contains(&limits.stall_seconds) {
        return refuse("stall_seconds", format!("must be at least `idle_seconds`, at most {MOST_SECONDS}"));
    }
    if limits.output_bytes == 0 {
        return refuse("output_bytes", "must be at least 1".to_owned());
    }
    Ok(())
}
