//! The tower itself: what every use case needs, behind one handle that is cheap to clone.

use std::sync::Arc;
use std::time::Duration;

use jct_contract::{Clock, SystemClock};
use jct_policy::PolicyConfig;
use jct_store::Store;
use jct_trace::TraceRoot;

use crate::access::Authenticator;

/// Added to the time budget of a task that an executor outside the tower took, so that its report has time to arrive.
const EXTERNAL_GRACE: Duration = Duration::from_secs(60);

/// What a tower is made of besides its store.
#[derive(Clone, Debug)]
pub struct TowerOptions {
    /// The policy that the gate applies to everything handed in.
    pub policy: PolicyConfig,
    /// Attempts a new task gets in all, at least 1.
    pub max_attempts: u32,
    /// Where sealed trace folders lie; `None` if this process cannot see them.
    pub traces: Option<TraceRoot>,
    /// The key of the built-in principal `operator`, if one is configured.
    pub operator_key: Option<String>,
    /// The time shown to people and compared with expiries of keys. Leases are judged by the store's own clock.
    pub clock: Arc<dyn Clock>,
}

impl Default for TowerOptions {
    /// No repository allowed, three attempts, no traces, no key, the system's clock.
    fn default() -> Self {
        Self {
            policy: PolicyConfig::default(),
            max_attempts: 3,
            traces: None,
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
    traces: Option<TraceRoot>,
    authenticator: Authenticator,
    clock: Arc<dyn Clock>,
}

impl Tower {
    /// A tower over an open store.
    #[must_use]
    pub fn new(store: Store, options: TowerOptions) -> Self {
        let TowerOptions { policy, max_attempts, traces, operator_key, clock } = options;
        let authenticator = Authenticator::new(store.clone(), operator_key.as_deref(), Arc::clone(&clock));
        let policy_canonical = Arc::from(policy.canonical_json());
        let max_attempts = max_attempts.max(1);
        Self { inner: Arc::new(Inner { store, policy, policy_canonical, max_attempts, traces, authenticator, clock }) }
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

    /// The time shown to people.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.inner.clock
    }

    pub(crate) fn policy_canonical(&self) -> Arc<str> {
        Arc::clone(&self.inner.policy_canonical)
    }

    pub(crate) fn max_attempts(&self) -> u32 {
        self.inner.max_attempts
    }

    pub(crate) fn traces(&self) -> Option<&TraceRoot> {
        self.inner.traces.as_ref()
    }

    #[expect(clippy::unused_self, reason = "a setting of the tower, though it has one value today")]
    pub(crate) const fn external_grace(&self) -> Duration {
        EXTERNAL_GRACE
    }
}
