//! The application behind its lock.

use std::sync::Arc;

use jct_store::StoreError;
use jct_tower::Tower;
use jct_tower::access::{AuthError, Grant, WorkerAuthError, WorkerGrant};

use crate::AppState;

/// The tower, locked: this module, [`super::access`] and [`super::worker`] alone can open it.
#[derive(Clone, Debug)]
pub(crate) struct Guarded {
    tower: Tower,
    version: &'static str,
}

impl Guarded {
    pub(crate) fn new(app: AppState) -> Self {
        let AppState { tower, version } = app;
        Self { tower, version }
    }

    pub(super) const fn unlocked(&self) -> &Tower {
        &self.tower
    }

    pub(super) async fn authenticate(&self, bearer: Option<&str>) -> Result<Arc<Grant>, AuthError> {
        self.tower.authenticator().authenticate(bearer).await
    }

    pub(super) async fn authenticate_worker(&self, token: Option<&str>) -> Result<Arc<WorkerGrant>, WorkerAuthError> {
        self.tower.worker_authenticator().authenticate(token).await
    }

    /// Whether requests are known to need a key. Open to everybody: the edge asks before it knows who is asking.
    pub(crate) fn is_known_keyed(&self) -> bool {
        self.tower.authenticator().is_known_keyed()
    }

    /// Whether the database answers. Open to everybody.
    pub(crate) async fn ping(&self) -> Result<(), StoreError> {
        self.tower.store().ping().await
    }

    /// The version of the binary.
    pub(crate) const fn version(&self) -> &'static str {
        self.version
    }
}
