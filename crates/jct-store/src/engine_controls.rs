//! The reads about controls and agents, for the engine at hand.

use jct_contract::{ControlId, Timestamp};

use crate::engine::{Engine, Kind, read};
use crate::model::{AgentRecord, ControlRecord, FinishedAttempt, Page, PageStart};
use crate::{StoreError, postgres, sqlite};

impl Engine {
    pub(crate) async fn control_get(&self, id: ControlId) -> Result<Option<ControlRecord>, StoreError> {
        read!(self, controls::get(id))
    }

    pub(crate) async fn controls_active(&self) -> Result<Vec<ControlRecord>, StoreError> {
        read!(self, controls::active())
    }

    pub(crate) async fn control_list(
        &self,
        active: Option<bool>,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<ControlRecord>, StoreError> {
        read!(self, controls::list(active, start, limit))
    }

    pub(crate) async fn agents(&self) -> Result<Vec<AgentRecord>, StoreError> {
        read!(self, agents::list(now))
    }

    pub(crate) async fn agent_exists(&self, name: String) -> Result<bool, StoreError> {
        read!(self, agents::exists(name))
    }

    pub(crate) async fn attempts_finished(
        &self,
        after: Timestamp,
        limit: u32,
    ) -> Result<Vec<FinishedAttempt>, StoreError> {
        read!(self, agents::finished(after, limit))
    }
}
