//! The tower itself: what every use case needs, behind one handle that is cheap to clone.

use std::sync::Arc;
use std::time::Duration;

use jct_contract::{Clock, SystemClock};
use jct_evidence::scan::Scanner;
use jct_policy::PolicyConfig;
use jct_store::Store;
use jct_trace::TraceRoot;

use crate::access::{Authenticator, WorkerAuthenticator};
use crate::events::EventOptions;
use crate::intake::KnownRepos;
use crate::jobs::{JobOptions, Lines, WorkerPresence};
use crate::manifests::{ManifestGate, ManifestOptions};
use crate::reviews::ReviewOptions;
use crate::runs::Publish;
use crate::status::Services;
use crate::workflows::Catalog;

/// Added to the time budget of a task that an executor outside the tower took, so that its report has time to arrive.
const EXTERNAL_GRACE: Duration = Duration::from_secs(60);

/// What a tower is made of besides its store.
#[derive(Clone, Debug)]
pub struct TowerOptions {
    /// The policy that the gate applies to everything handed in.
    pub policy: PolicyConfig,
    /// Attempts a new task gets in all, at least 1.
    pub max_attempts: u32,
    /// Whether a task brings work objects with it when its caller does not say.
    pub create_objects: bool,
    /// Where sealed trace folders lie; `None` if this process cannot see them.
    pub traces: Option<TraceRoot>,
    /// Rules of reviews that this tower lifts.
    pub review: ReviewOptions,
    /// Pushes what was approved; `None` if this process cannot.
    pub publisher: Option<Arc<dyn Publish>>,
    /// Where jobs leave their files, and when they are tried again.
    pub jobs: JobOptions,
    /// Where manifests may come from, and what every run of one needs.
    pub manifests: ManifestOptions,
    /// Where webhooks may lead.
    pub events: EventOptions,
    /// The key of the built-in principal `operator`, if one is configured.
    pub operator_key: Option<String>,
    /// The time shown to people and compared with expiries of keys. Leases are judged by the store's own clock.
    pub clock: Arc<dyn Clock>,
}

impl Default for TowerOptions {
    /// No repository allowed, three attempts, work objects, no traces, no rule of reviews lifted, no pushing, no
    /// files of jobs, webhooks to public addresses only, no key, the system's clock.
    fn default() -> Self {
        Self {
            policy: PolicyConfig::default(),
            max_attempts: 3,
            create_objects: true,
            traces: None,
            review: ReviewOptions::default(),
            publisher: None,
            jobs: JobOptions::default(),
            manifests: ManifestOptions::default(),
            events: EventOptions::default(),
            operator_key: None,
            clock: Arc::new(SystemClock),
        }
    }
}

/// A handle to the control tower.
#[derive(Clone, Debug)]
pub struct Tower {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    policy: PolicyConfig,
    policy_canonical: Arc<str>,
    max_attempts: u32,
    create_objects: bool,
    repos: KnownRepos,
    traces: Option<TraceRoot>,
    review: ReviewOptions,
    publisher: Option<Arc<dyn Publish>>,
    jobs: JobOptions,
    manifests: ManifestOptions,
    events: EventOptions,
    manifest_gate: ManifestGate,
    authenticator: Authenticator,
    worker_authenticator: WorkerAuthenticator,
    lines: Lines,
    presence: WorkerPresence,
    scanner: Scanner,
    workflow_catalog: Catalog,
    services: Services,
    clock: Arc<dyn Clock>,
}

impl Tower {
    /// A tower over an open store.
    #[must_use]
    pub fn new(store: Store, options: TowerOptions) -> Self {
        let TowerOptions {
            policy,
            max_attempts,
            create_objects,
            traces,
            review,
            publisher,
            jobs,
            manifests,
            events,
            operator_key,
            clock,
        } = options;
        let manifest_gate = ManifestGate::of(&policy);
        let scanner = Scanner::new().with_values(operator_key.as_deref());
        let authenticator = Authenticator::new(store.clone(), operator_key.as_deref(), Arc::clone(&clock));
        let worker_authenticator = WorkerAuthenticator::new(store.clone(), Arc::clone(&clock));
        let policy_canonical = Arc::from(policy.canonical_json());
        let max_attempts = max_attempts.max(1);
        let repos = KnownRepos::default();
        let workflow_catalog = Catalog::new(store.clone());
        let inner = Inner {
            store,
            policy,
            policy_canonical,
            max_attempts,
            create_objects,
            repos,
            traces,
            review,
            publisher,
            jobs,
            manifests,
            events,
            manifest_gate,
            authenticator,
            worker_authenticator,
            lines: Lines::default(),
            presence: WorkerPresence::default(),
            scanner,
            workflow_catalog,
            services: Services::default(),
            clock,
        };
        Self { inner: Arc::new(inner) }
    }

    /// The durable state.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// The policy in force.
    #[must_use]
    pub fn policy(&self) -> &PolicyConfig {
        &self.inner.policy
    }

    /// Who may do what.
    #[must_use]
    pub fn authenticator(&self) -> &Authenticator {
        &self.inner.authenticator
    }

    /// Which worker asks over HTTP.
    #[must_use]
    pub fn worker_authenticator(&self) -> &WorkerAuthenticator {
        &self.inner.worker_authenticator
    }

    /// The background services of this process.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.inner.services
    }

    /// The time shown to people.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.inner.clock
    }

    /// Finds what must not be kept.
    pub(crate) fn scanner(&self) -> &Scanner {
        &self.inner.scanner
    }

    pub(crate) fn policy_canonical(&self) -> Arc<str> {
        Arc::clone(&self.inner.policy_canonical)
    }

    pub(crate) fn max_attempts(&self) -> u32 {
        self.inner.max_attempts
    }

    pub(crate) fn create_objects(&self) -> bool {
        self.inner.create_objects
    }

    pub(crate) fn repos(&self) -> &KnownRepos {
        &self.inner.repos
    }

    pub(crate) fn traces(&self) -> Option<&TraceRoot> {
        self.inner.traces.as_ref()
    }

    pub(crate) fn review_options(&self) -> ReviewOptions {
        self.inner.review
    }

    pub(crate) fn publisher(&self) -> Option<&dyn Publish> {
        self.inner.publisher.as_deref()
    }

    pub(crate) fn job_options(&self) -> &JobOptions {
        &self.inner.jobs
    }

    pub(crate) fn lines(&self) -> &Lines {
        &self.inner.lines
    }

    pub(crate) fn presence(&self) -> &WorkerPresence {
        &self.inner.presence
    }

    pub(crate) fn manifest_options(&self) -> &ManifestOptions {
        &self.inner.manifests
    }

    pub(crate) fn manifest_gate(&self) -> &ManifestGate {
        &self.inner.manifest_gate
    }

    pub(crate) fn workflow_catalog(&self) -> &Catalog {
        &self.inner.workflow_catalog
    }

    pub(crate) fn event_options(&self) -> &EventOptions {
        &self.inner.events
    }

    #[expect(clippy::unused_self, reason = "a setting of the tower, though it has one value today")]
    pub(crate) const fn external_grace(&self) -> Duration {
        EXTERNAL_GRACE
    }
}
