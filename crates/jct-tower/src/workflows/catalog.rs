//! Definitions that were read before. A version never changes, so that each is read and parsed once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jct_contract::WorkflowId;
use jct_store::{Store, StoreError};
use jct_workflow::{Plan, WorkflowDefinition};

/// Definitions that are kept in memory; beyond that all are read anew.
const MOST: usize = 256;

/// A version of a workflow, ready to run.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) definition: WorkflowDefinition,
    pub(crate) plan: Plan,
}

type Versions = HashMap<(WorkflowId, u32), Arc<Known>>;

/// The versions of workflows. Cheap to clone; clones share what they have read.
#[derive(Clone, Debug)]
pub(crate) struct Catalog {
    store: Store,
    known: Arc<Mutex<Versions>>,
}

impl Catalog {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, known: Arc::default() }
    }

    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    /// A version of a workflow that is known to be there.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if it is not, or is no definition.
    pub(crate) async fn version(&self, id: WorkflowId, version: u32) -> Result<Arc<Known>, StoreError> {
        if let Some(known) = self.lock().get(&(id, version)) {
            return Ok(Arc::clone(known));
        }
        let record = self.store.workflow_version(id, version).await?;
        let text = record.ok_or_else(|| broken(id, version, "is gone"))?.definition;
        let read = WorkflowDefinition::from_json(text.as_bytes());
        let definition = read.map_err(|error| broken(id, version, &error.to_string()))?;
        let known = Arc::new(Known { plan: Plan::of(&definition), definition });
        let mut all = self.lock();
        if all.len() >= MOST {
            all.clear();
        }
        all.insert((id, version), Arc::clone(&known));
        Ok(known)
    }

    fn lock(&self) -> MutexGuard<'_, Versions> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn broken(id: WorkflowId, version: u32, why: &str) -> StoreError {
    StoreError::Corrupt { what: format!("version {version} of workflow {id}: {why}") }
}
