//! The books: what the database says after everything that happened to its processes.

use std::collections::HashMap;
use std::time::Duration;

use jct_contract::{TaskId, Timestamp};
use jct_lifecycle::{ReasonCode, TaskStatus};
use jct_store::model::{AuditQuery, EventKind};
use jct_store::{DatabaseUrl, Store, StoreOptions};

/// What was counted.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) acknowledged: usize,
    pub(crate) lost: usize,
    pub(crate) accepted_twice: usize,
    pub(crate) unexpected_ends: Vec<String>,
    pub(crate) gaps: usize,
    pub(crate) attempts: usize,
    pub(crate) leases_lost: u64,
    pub(crate) stale_writes_refused: u64,
    /// From the end of a lost lease to the moment when the task was back in the queue. What it waits there behind other
    /// tasks is no matter of recovery.
    pub(crate) recoveries: Vec<Duration>,
}

impl Books {
    /// Balances the books over the tasks that were acknowledged, each under its idempotency key.
    pub(crate) async fn balance(url: &DatabaseUrl, acknowledged: &HashMap<String, String>) -> Self {
        let store = Store::open(url, StoreOptions::default()).await.unwrap();
        let mut books = Self { acknowledged: acknowledged.len(), ..Self::default() };
        for (key, id) in acknowledged {
            books.add(&store, key, id.parse().unwrap()).await;
        }
        let incidents = store.incident_counts().await.unwrap();
        (books.leases_lost, books.stale_writes_refused) = (incidents.leases_lost, incidents.stale_writes_refused);
        store.close().await;
        books.recoveries.sort_unstable();
        books
    }

    async fn add(&mut self, store: &Store, key: &str, id: TaskId) {
        let owner = store.task_by_idempotency_key(key).await.unwrap();
        let Some(record) = store.task_get(id).await.unwrap().filter(|_| owner.is_some_and(|owner| owner.0 == id))
        else {
            self.lost += 1;
            return;
        };
        self.lost += usize::from(!record.state.status().is_final());
        if record.state.status() != TaskStatus::Completed {
            self.unexpected_ends.push(format!("{id}: {:?}", record.state));
        }
        let attempts = store.task_attempts(id).await.unwrap();
        self.attempts += attempts.len();
        let ordinals: Vec<u32> = attempts.iter().map(|attempt| attempt.ordinal).collect();
        self.gaps += usize::from(ordinals != (1..).take(ordinals.len()).collect::<Vec<u32>>());
        let accepted = attempts
            .iter()
            .filter(|attempt| attempt.end.as_ref().is_some_and(|end| end.next_status == TaskStatus::Completed));
        self.accepted_twice += accepted.count().saturating_sub(1);
        for pair in attempts.windows(2) {
            let end = pair[0].end.as_ref().unwrap();
            if end.reason == ReasonCode::LeaseLost {
                self.recoveries.push(lateness(end.message.as_deref(), end.ended_at));
            }
            // Two attempts of one task never overlap.
            self.accepted_twice += usize::from(pair[1].started_at < end.ended_at);
        }
        self.check_numbers(store, id).await;
    }

    /// Events and audit entries are numbered without gaps, and tell the same number of changes.
    async fn check_numbers(&mut self, store: &Store, id: TaskId) {
        let events = store.task_events(id, 0, 100_000).await.unwrap().unwrap();
        let in_order = events.iter().zip(1..).all(|(event, number)| event.seq == number);
        let ends = events.iter().filter(|event| event.kind == EventKind::Status);
        let ends = ends.filter(|event| event.body.contains("\"completed\"")).count();
        let query = AuditQuery { entity_kind: "task".to_owned(), entity_id: id.to_string(), limit: 100_000 };
        let entries = store.audit_entries(query).await.unwrap();
        let audited = entries.iter().zip(1..).all(|(entry, number)| entry.seq == number);
        self.gaps += usize::from(!in_order) + usize::from(!audited);
        self.accepted_twice += ends.saturating_sub(1);
    }

    /// What must be true after any number of deaths.
    #[track_caller]
    pub(crate) fn assert_balanced(&self, lease: Duration) {
        println!("{self}");
        assert_eq!(self.lost, 0, "an acknowledged task was lost; not completed are {:#?}", self.unexpected_ends);
        assert_eq!(self.accepted_twice, 0, "a task was accepted twice");
        assert_eq!(self.gaps, 0, "a number is missing");
        assert!(
            self.unexpected_ends.is_empty(),
            "ended otherwise than they should:\n{}",
            self.unexpected_ends.join("\n")
        );
        // A lease is renewed at most until its holder dies, so a death is made good after a lease and this at the latest.
        let late = self.recovery(99);
        assert!(late <= LATEST, "recovery took {:?}, more than {:?}", lease + late, lease + LATEST);
    }

    /// A percentile of the recoveries.
    fn recovery(&self, percent: usize) -> Duration {
        let last = self.recoveries.len().saturating_sub(1);
        self.recoveries.get(last * percent / 100).copied().unwrap_or_default()
    }
}

/// The design gives recovery two seconds beyond the lease; a shared machine, and a moment in which nobody lives who could
/// reap, may add to that.
const LATEST: Duration = Duration::from_secs(10);

/// How long after its end a lost lease was noticed: the message of such an end names the moment.
fn lateness(message: Option<&str>, noticed: Timestamp) -> Duration {
    let moments = message.into_iter().flat_map(str::split_whitespace).filter_map(|word| word.parse::<Timestamp>().ok());
    moments.reduce(|_, later| later).map(|ran_out| noticed.since(ran_out)).unwrap_or_default()
}

impl std::fmt::Display for Books {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} acknowledged, {} lost, {} accepted twice, {} attempts, {} leases lost, {} stale writes refused, \
             back in the queue after the end of the lease p50 {:?} p99 {:?} max {:?}",
            self.acknowledged,
            self.lost,
            self.accepted_twice,
            self.attempts,
            self.leases_lost,
            self.stale_writes_refused,
            self.recovery(50),
            self.recovery(99),
            self.recovery(100),
        )
    }
}
