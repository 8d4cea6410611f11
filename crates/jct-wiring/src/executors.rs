//! What a worker can run: executors, the sandbox they run in, and the prover behind them.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use jct_agent::adapter::{AdapterError, Adapters, Network};
use jct_agent::prompt::{PromptTemplate, TemplateError};
use jct_agent::{AgentExecutor, AgentOptions, InsideProgram, ScriptExecutor};
use jct_config::{ApprovedVerdict, Config};
use jct_cwom::Verdict;
use jct_evidence::scan::Scanner;
use jct_exec::executor::RegistryError;
use jct_exec::git::GitError;
use jct_exec::sandbox::{IsolationLevel, Launcher, Sandbox, SandboxUnavailable};
use jct_exec::{CommandExecutor, Executor, Executors, RepoSources, SurveyExecutor, Workshop};
use jct_ingest::ManifestExecutor;
use jct_prover::{Prover, ProverOptions};
use jct_runner::Proving;
use jct_store::model::{NewAgent, ReviewRule};

use crate::agents::{adapter_agent, registered};
use crate::manifests::ingest_options;
use crate::sandbox::sandbox_options;
use crate::sources::repo_cache;
use crate::worker::keep_rules;

/// Why the configured executors cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ExecutorsError {
    /// The configuration names one that there is not.
    #[error("there is no executor `{name}`; known are {known}")]
    Unknown {
        /// The name in the configuration.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The configuration enables an agent that there is not.
    #[error("there is no agent `{name}`; known are {known}")]
    UnknownAgent {
        /// The name in the configuration.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The folder of the repository cache cannot be used.
    #[error("failed to prepare the repository cache")]
    Cache(#[source] GitError),
    /// The machine cannot isolate what tasks run.
    #[error("failed to prepare the sandbox; `jct doctor` says what is missing")]
    Sandbox(#[source] SandboxUnavailable),
    /// The definitions of agents cannot be read.
    #[error("failed to read the agents")]
    Agents(#[source] AdapterError),
    /// The template of the prompt cannot be read.
    #[error("failed to read the template of the prompt")]
    Template(#[source] TemplateError),
    /// This program does not know where it lies.
    #[error("failed to find the program that runs inside the sandbox")]
    Inside(#[source] io::Error),
    /// Two executors have one name.
    #[error("failed to put the executors together")]
    Registry(#[source] RegistryError),
}

/// An executor that is not offered here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name.
    pub executor: &'static str,
    /// Why, for people.
    pub reason: String,
}

/// What the configured worker works with.
#[derive(Debug)]
pub struct Working {
    /// What it can run.
    pub executors: Executors,
    /// Executors that it would have, but for what they need and this machine does not give.
    pub left_out: Vec<LeftOut>,
    /// What registers with the worker: these executors, and the adapters of the one for coding agents.
    pub agents: Vec<NewAgent>,
    /// Who proves what was run.
    pub proving: Proving,
    /// What all of it shares.
    pub workshop: Arc<Workshop>,
}

/// Everything that the configured worker works with: the configured executors over `sources`, all of them if none is
/// named, and the prover. What tasks run begins as this very program again; its `main` has to begin with
/// [`main_if_asked`].
///
/// # Errors
///
/// [`ExecutorsError`] for an unknown name, a sandbox that the machine cannot give, or files that cannot be used.
pub fn working(config: &Config, sources: RepoSources) -> Result<Working, ExecutorsError> {
    let options = sandbox_options(config, Launcher::current_exe());
    let sandbox = Sandbox::new(options).map_err(ExecutorsError::Sandbox)?;
    working_in(sandbox, config, sources)
}

fn working_in(sandbox: Sandbox, config: &Config, sources: RepoSources) -> Result<Working, ExecutorsError> {
    let cache = repo_cache(config, sources).map_err(ExecutorsError::Cache)?;
    let variables = config.sandbox.variables.iter().map(|name| name.as_str().to_owned());
    let workshop = Workshop::new(cache, sandbox).passing_variables(variables).keeping(keep_rules(config));
    let workshop = Arc::new(workshop);
    let adapters = adapters(config)?;
    let proving = proving(config, &adapters, &workshop);
    let left_out: Vec<_> = agents_left_out(config, &adapters, workshop.sandbox().level()).into_iter().collect();
    let known: Vec<NewAgent> = adapters.iter().filter_map(|adapter| adapter_agent(config, adapter)).collect();
    let executors = executors(config, adapters, &workshop, &left_out)?;
    let agents = registered(&executors, known);
    Ok(Working { executors, agents, left_out, proving, workshop })
}

/// Becomes what runs inside the sandbox, if that is what this process was started for; comes back at once otherwise.
/// The first call of a `main`, while the process has one thread.
pub fn main_if_asked() {
    jct_exec::sandbox::main_if_asked();
    jct_agent::main_if_asked();
}

/// Agents behind the broker need a network namespace of their own. Where there is none, and the operator has enabled such
/// agents and no others, a task for an agent is better left to another worker than taken and failed.
fn agents_left_out(config: &Config, adapters: &Adapters, level: IsolationLevel) -> Option<LeftOut> {
    let enabled = &config.agents.enabled;
    let brokered: Vec<_> = adapters
        .iter()
        .filter(|adapter| matches!(adapter.network(), Network::Broker(_)))
        .map(|adapter| adapter.name())
        .filter(|name| enabled.iter().any(|enabled| enabled.as_str() == *name))
        .collect();
    let others = adapters.iter().any(|adapter| matches!(adapter.network(), Network::None));
    if level >= IsolationLevel::L3 || brokered.is_empty() || others {
        return None;
    }
    let reason = format!("{} need isolation L3 for the broker, and this worker gives {level}", brokered.join(", "));
    Some(LeftOut { executor: AgentExecutor::NAME, reason })
}

fn executors(
    config: &Config,
    adapters: Adapters,
    workshop: &Arc<Workshop>,
    left_out: &[LeftOut],
) -> Result<Executors, ExecutorsError> {
    let inside = InsideProgram::current_exe().map_err(ExecutorsError::Inside)?;
    let survey = SurveyExecutor::new(Arc::clone(workshop.cache())).confined(workshop.sandbox().clone());
    let manifest = ManifestExecutor::new(ingest_options(config), Arc::clone(workshop.cache()));
    let all: [Arc<dyn Executor>; 5] = [
        Arc::new(agent(config, adapters, workshop, inside.clone())?),
        Arc::new(CommandExecutor::new(Workshop::clone(workshop))),
        Arc::new(manifest),
        Arc::new(ScriptExecutor::new(Arc::clone(workshop), inside)),
        Arc::new(survey),
    ];
    let names = &config.worker.executors;
    if let Some(unknown) = names.iter().find(|name| all.iter().all(|executor| executor.name() != name.as_str())) {
        let known: Vec<_> = all.iter().map(|executor| executor.name()).collect();
        return Err(ExecutorsError::Unknown { name: unknown.as_str().to_owned(), known: known.join(", ") });
    }
    for LeftOut { executor, reason } in left_out {
        log::warn!(executor = executor, reason = reason.as_str(); "an executor is not offered here");
    }
    let offered = all
        .into_iter()
        .filter(|executor| names.is_empty() || names.iter().any(|name| name.as_str() == executor.name()))
        .filter(|executor| left_out.iter().all(|left_out| left_out.executor != executor.name()));
    Executors::new(offered).map_err(ExecutorsError::Registry)
}

fn adapters(config: &Config) -> Result<Adapters, ExecutorsError> {
    let shipped = Adapters::shipped().map_err(ExecutorsError::Agents)?;
    match &config.agents.file {
        Some(file) => shipped.with_file(file).map_err(ExecutorsError::Agents),
        None => Ok(shipped),
    }
}

fn agent(
    config: &Config,
    adapters: Adapters,
    workshop: &Arc<Workshop>,
    program: InsideProgram,
) -> Result<AgentExecutor, ExecutorsError> {
    let agents = &config.agents;
    if let Some(unknown) = agents.enabled.iter().find(|name| adapters.get(name.as_str()).is_none()) {
        let known: Vec<_> = adapters.iter().map(|adapter| adapter.name()).collect();
        return Err(ExecutorsError::UnknownAgent { name: unknown.as_str().to_owned(), known: known.join(", ") });
    }
    let template = match &agents.prompt_template {
        Some(file) => PromptTemplate::from_file(file),
        None => PromptTemplate::built_in(),
    };
    let enabled = agents.enabled.iter().map(|name| name.as_str().to_owned()).collect();
    let options = AgentOptions { program, enabled };
    Ok(AgentExecutor::new(Arc::clone(workshop), adapters, template.map_err(ExecutorsError::Template)?, options))
}

fn proving(config: &Config, adapters: &Adapters, workshop: &Arc<Workshop>) -> Proving {
    // What this process must not give away is looked for by its value too.
    let enabled = config.agents.enabled.iter().filter_map(|name| adapters.get(name.as_str()));
    let credentials: Vec<_> = enabled
        .filter_map(|adapter| match adapter.network() {
            Network::Broker(way) => way.credential.as_ref()?.secret(),
            _ => None,
        })
        .collect();
    let keys = config.api.key.iter().chain(&config.manifests.embeddings_key);
    let own = keys.map(|key| key.expose()).chain(credentials.iter().map(|secret| secret.as_str()));
    let options = ProverOptions {
        time_budget: Duration::from_secs(config.review.check_budget_seconds),
        scanner: Scanner::new().with_values(own),
        ..ProverOptions::default()
    };
    Proving { prover: Prover::new(Arc::clone(workshop), options), review: review_rule(config) }
}

fn review_rule(config: &Config) -> ReviewRule {
    let verdict = |verdict: &ApprovedVerdict| match verdict {
        ApprovedVerdict::Pass => Verdict::Pass,
        ApprovedVerdict::Partial => Verdict::Partial,
    };
    let review = &config.review;
    let approved = review.auto_approve.then(|| review.auto_approve_verdicts.iter().map(verdict).collect());
    ReviewRule { auto_approve: approved.unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use jct_config::Sources;

    use super::*;
    use crate::repo_sources;

    fn config(overrides: &[(&str, &str)]) -> (Config, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let at = ("worker.cache_root".to_owned(), folder.path().display().to_string());
        let given = overrides.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let sources = Sources { overrides: given.chain([at]).collect(), ..Sources::default() };
        (Config::resolve(&sources).unwrap(), folder)
    }

    /// A test's binary cannot become the inside of a sandbox.
    fn unconfined(config: &Config) -> Result<Working, ExecutorsError> {
        working_in(Sandbox::unconfined(), config, repo_sources(config).unwrap())
    }

    #[track_caller]
    fn check(overrides: &[(&str, &str)], expect: Result<&[&str], &str>) {
        let (config, _folder) = config(overrides);
        let working = unconfined(&config).map_err(|error| error.to_string());
        let names = working.map(|working| working.executors.names().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(names, expect.map(|names| names.iter().map(ToString::to_string).collect()).map_err(str::to_owned));
    }

    #[test]
    fn all_executors_are_offered_unless_some_are_named() {
        check(&[], Ok(&["agent", "command", "manifest", "script", "survey"]));
        check(&[("worker.executors", "survey")], Ok(&["survey"]));
        let known = "there is no executor `nobody`; known are agent, command, manifest, script, survey";
        check(&[("worker.executors", "survey,nobody")], Err(known));
    }

    /// What a worker at L0 offers with this configuration of agents, and whether it takes any task.
    #[track_caller]
    fn offers(overrides: &[(&str, &str)], expect: &str, any_task: bool) {
        let (config, _folder) = config(overrides);
        let working = unconfined(&config).unwrap();
        let names: Vec<_> = working.executors.names().collect();
        assert_eq!(names.join(", "), expect, "{overrides:?}");
        let filter = crate::worker::claim_filter(&config, &working);
        assert_eq!(filter.any_task, any_task, "{overrides:?}");
        assert_eq!(filter.capabilities.contains(&"agent".parse().unwrap()), names.contains(&"agent"), "{overrides:?}");
        let reasons: Vec<_> = working.left_out.iter().map(|left_out| left_out.reason.as_str()).collect();
        assert!(names.contains(&"agent") || reasons.concat().contains("need isolation L3"), "{reasons:?}");
        assert!(crate::worker_options(&config, &working).is_ok());
    }

    #[test]
    fn agents_behind_the_broker_are_offered_where_they_can_run() {
        let all = "agent, command, manifest, script, survey";
        offers(&[], all, true);
        // No broker can be had at L0.
        offers(&[("agents.enabled", "codex,gemini")], "command, manifest, script, survey", false);
        offers(&[("agents.enabled", "codex"), ("worker.executors", "agent,survey")], "survey", false);
        // What is never run anywhere is no reason to leave others out.
        offers(&[("agents.enabled", "jules")], all, true);
        let file = tempfile::NamedTempFile::new().unwrap();
        let own = "[agent.local]\ntitle = \"Local\"\nprogram = \"local\"\nprompt = \"stdin\"\nmode = \"writing\"\n\
                   output = { format = \"text\" }\nnetwork = { kind = \"none\" }\n";
        std::fs::write(file.path(), own).unwrap();
        let path = file.path().display().to_string();
        offers(&[("agents.enabled", "codex"), ("agents.file", path.as_str())], all, true);
    }

    #[test]
    fn an_agent_that_nobody_knows_cannot_be_enabled() {
        let (config, _folder) = config(&[("agents.enabled", "nobody")]);
        let refused = unconfined(&config).unwrap_err();
        assert!(matches!(&refused, ExecutorsError::UnknownAgent { name, .. } if name == "nobody"), "{refused}");
    }

    #[test]
    fn a_program_that_cannot_become_a_sandbox_is_told_so_and_does_not_start_itself_for_ever() {
        let (config, _folder) = config(&[]);
        let refused = working(&config, repo_sources(&config).unwrap()).unwrap_err();
        let ExecutorsError::Sandbox(refused) = refused else { panic!("{refused}") };
        assert!(refused.to_string().ends_with("its main does not begin with main_if_asked"), "{refused}");
    }

    #[test]
    fn nothing_approves_itself_unless_it_is_switched_on() {
        let rule = |overrides| review_rule(&config(overrides).0).auto_approve;
        assert_eq!(rule(&[("review.auto_approve_verdicts", "pass,partial")]), []);
        assert_eq!(rule(&[("review.auto_approve", "true")]), [Verdict::Pass]);
    }
}
