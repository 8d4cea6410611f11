//! Workers, pauses and keys.

use diesel::prelude::*;
use jct_contract::Timestamp;

use super::{join, split, time, to_capabilities, to_principal, to_u32};
use crate::StoreError;
use crate::model::{ApiKeyRecord, NewApiKey, NewWorker, Pause, WorkerRecord};
use crate::schema::{api_keys, queue_pauses, workers};
use crate::types::Id;

#[derive(AsChangeset, Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = workers, treat_none_as_null = true)]
pub(crate) struct WorkerRow {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) executors: String,
    pub(crate) takes_any: bool,
    pub(crate) slots: i64,
    pub(crate) started_at: i64,
    pub(crate) last_seen_at: i64,
    pub(crate) stopped_at: Option<i64>,
    pub(crate) isolation: Option<String>,
    pub(crate) capabilities: String,
    pub(crate) adapters: String,
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = queue_pauses)]
pub(crate) struct PauseRow {
    pub(crate) queue: String,
    pub(crate) paused_by: String,
    pub(crate) reason: String,
    pub(crate) paused_at: i64,
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = api_keys)]
pub(crate) struct ApiKeyRow {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) scopes: String,
    pub(crate) key_sha256: String,
    pub(crate) created_by: String,
    pub(crate) created_at: i64,
    pub(crate) expires_at: Option<i64>,
    pub(crate) revoked_at: Option<i64>,
}

impl WorkerRow {
    pub(crate) fn started(worker: &NewWorker, now: Timestamp) -> Self {
        Self {
            id: worker.id.into(),
            name: worker.name.clone(),
            version: worker.version.clone(),
            executors: join(&worker.executors),
            takes_any: worker.filter.any_task,
            slots: i64::from(worker.slots),
            started_at: now.as_micros(),
            last_seen_at: now.as_micros(),
            stopped_at: None,
            isolation: worker.isolation.map(|level| level.as_str().to_owned()),
            capabilities: join(worker.filter.capabilities.as_slice()),
            adapters: join(&worker.adapters().collect::<Vec<_>>()),
        }
    }

    pub(crate) fn into_record(self, running: i64) -> Result<WorkerRecord, StoreError> {
        let isolation = self.isolation.as_deref().map(str::parse).transpose();
        Ok(WorkerRecord {
            id: self.id.into(),
            name: self.name,
            version: self.version,
            executors: split(&self.executors),
            takes_any: self.takes_any,
            capabilities: to_capabilities(&self.capabilities)?,
            adapters: split(&self.adapters),
            slots: to_u32("slots", self.slots)?,
            running: to_u32("running", running)?,
            started_at: time(self.started_at),
            last_seen_at: time(self.last_seen_at),
            stopped_at: self.stopped_at.map(time),
            isolation: isolation.map_err(|_| StoreError::corrupt("the isolation level of a worker"))?,
        })
    }
}

impl From<PauseRow> for Pause {
    fn from(row: PauseRow) -> Self {
        Self { by: row.paused_by, reason: row.reason, at: time(row.paused_at) }
    }
}

impl ApiKeyRow {
    pub(crate) fn new(id: Id, key: &NewApiKey, now: Timestamp) -> Self {
        Self {
            id,
            name: key.principal.name().to_owned(),
            kind: key.principal.kind().as_str().to_owned(),
            scopes: join(&key.scopes),
            key_sha256: key.key_digest.to_string(),
            created_by: key.created_by.name().to_owned(),
            created_at: now.as_micros(),
            expires_at: key.expires_at.map(Timestamp::as_micros),
            revoked_at: None,
        }
    }
}

impl TryFrom<ApiKeyRow> for ApiKeyRecord {
    type Error = StoreError;

    fn try_from(row: ApiKeyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            principal: to_principal(&row.kind, &row.name)?,
            scopes: split(&row.scopes),
            key_digest: row.key_sha256.parse().map_err(|_| StoreError::corrupt("digest of an api key"))?,
            created_by: row.created_by,
            created_at: time(row.created_at),
            expires_at: row.expires_at.map(time),
            revoked_at: row.revoked_at.map(time),
        })
    }
}
