//! From layers to one typed configuration: pure, and complete in what it complains about.

use crate::error::{ConfigError, ConfigErrors};
use crate::events::Events;
use crate::layers::Layers;
use crate::manifests::Manifests;
use crate::repo_source::{REPO_SOURCES, RepoSources};
use crate::sections::{Agents, Api, Artifacts, Audit, Client, Database, Log, Policy, Review, Sandbox, Trace, Worker};
use crate::setting::Setting;
use crate::{EffectiveEntry, RepoSource, Sources};

/// The whole configuration: plain data, one struct per concern.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Where state is kept.
    pub database: Database,
    /// The HTTP server.
    pub api: Api,
    /// What the policy gate admits.
    pub policy: Policy,
    /// How tasks are run.
    pub worker: Worker,
    /// How what a task runs is kept apart from the machine.
    pub sandbox: Sandbox,
    /// How coding agents are run.
    pub agents: Agents,
    /// How work is proved and approved.
    pub review: Review,
    /// Where the proof of each attempt is kept.
    pub trace: Trace,
    /// Where files of jobs are kept.
    pub artifacts: Artifacts,
    /// How the audit log is sealed.
    pub audit: Audit,
    /// Manifests: where they may come from, and what runs of them may reach.
    pub manifests: Manifests,
    /// Events: how they are processed, and where webhooks may lead.
    pub events: Events,
    /// How the command line finds a tower.
    pub client: Client,
    /// What is logged.
    pub log: Log,
    /// Where repositories are fetched from.
    pub repo_sources: Vec<RepoSource>,
    pub(crate) effective: Vec<EffectiveEntry>,
}

impl Config {
    /// Resolves the layers: defaults, then file, then environment, then flags.
    ///
    /// # Errors
    /// Everything that is wrong, at once: unknown keys and variables, values their key does not take, and values that
    /// contradict each other.
    pub fn resolve(sources: &Sources) -> Result<Self, ConfigErrors> {
        let mut layers = Layers::new(sources);
        let config = Self::read(&mut layers);
        let Layers { errors, effective, .. } = layers;
        match config {
            Some(config) if errors.is_empty() => Ok(Self { effective, ..config }),
            // Whatever could not be read has said why.
            _ => Err(ConfigErrors::new(errors)),
        }
    }

    fn read(layers: &mut Layers<'_>) -> Option<Self> {
        let database = Database::read(layers);
        let api = Api::read(layers);
        let policy = Policy::read(layers);
        let worker = Worker::read(layers);
        let sandbox = Sandbox::read(layers);
        let agents = Agents::read(layers);
        let review = Review::read(layers);
        let trace = Trace::read(layers);
        let artifacts = Artifacts::read(layers);
        let audit = Audit::read(layers);
        let manifests = Manifests::read(layers);
        let events = Events::read(layers);
        let client = Client::read(layers);
        let log = Log::read(layers);
        let repo_sources = layers.read(&REPO_SOURCES);
        layers.errors.extend(api.iter().filter_map(Api::conflict));
        layers.errors.extend(policy.iter().filter_map(Policy::conflict));
        layers.errors.extend(worker.iter().flat_map(Worker::conflicts));
        layers.errors.extend(sandbox.iter().filter_map(Sandbox::conflict));
        layers.errors.extend(manifests.iter().filter_map(Manifests::conflict));
        let RepoSources(repo_sources) = repo_sources?;
        Some(Self {
            database: database?,
            api: api?,
            policy: policy?,
            worker: worker?,
            sandbox: sandbox?,
            agents: agents?,
            review: review?,
            trace: trace?,
            artifacts: artifacts?,
            audit: audit?,
            manifests: manifests?,
            events: events?,
            client: client?,
            log: log?,
            repo_sources,
            effective: Vec::new(),
        })
    }
}

impl Api {
    fn conflict(&self) -> Option<ConfigError> {
        let reason = "must not be more than";
        (self.body_limit_bytes > self.batch_body_limit_bytes).then_some(ConfigError::Conflict {
            left: "api.body_limit_bytes",
            reason,
            right: "api.batch_body_limit_bytes",
        })
    }
}

impl Policy {
    fn conflict(&self) -> Option<ConfigError> {
        let reason = "must not be more than";
        (self.min_time_budget_seconds > self.max_time_budget_seconds).then_some(ConfigError::Conflict {
            left: "policy.min_time_budget_seconds",
            reason,
            right: "policy.max_time_budget_seconds",
        })
    }
}

impl Worker {
    fn conflicts(&self) -> impl Iterator<Item = ConfigError> {
        // One heartbeat may then be lost, and the lease still does not expire.
        let heartbeat = (self.heartbeat_seconds * 2 >= self.lease_seconds).then_some(ConfigError::Conflict {
            left: "worker.heartbeat_seconds",
            reason: "must be less than half of",
            right: "worker.lease_seconds",
        });
        let backoff = (self.backoff_base_seconds > self.backoff_max_seconds).then_some(ConfigError::Conflict {
            left: "worker.backoff_base_seconds",
            reason: "must not be more than",
            right: "worker.backoff_max_seconds",
        });
        heartbeat.into_iter().chain(backoff)
    }
}

impl Sandbox {
    fn conflict(&self) -> Option<ConfigError> {
        let rank = |name: &str| name.strip_prefix('L').and_then(|rank| rank.parse::<u8>().ok());
        let (level, minimum) = (rank(&self.level.show()), rank(&self.minimum_level.show()));
        // `auto` has no rank: the machine decides whether it is enough.
        (level.is_some() && level < minimum).then_some(ConfigError::Conflict {
            left: "sandbox.minimum_level",
            reason: "must not be more than",
            right: "sandbox.level",
        })
    }
}
