//! Controls and agents.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use jct_contract::Timestamp;

use super::queue::holder;
use super::{join, split, time, to_principal, to_reason, to_u32};
use crate::StoreError;
use crate::command::{StatusAction, StatusChange};
use crate::model::{AgentRecord, ControlRecord, ControlScope, FinishedAttempt, Lifted, NewAgent, NewControl};
use crate::schema_controls::{agents, controls};
use crate::types::{DbId, Id};

#[derive(Clone, Debug, Insertable, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = controls)]
pub(crate) struct ControlRow {
    pub(crate) id: Id,
    pub(crate) scope: String,
    pub(crate) value: Option<String>,
    pub(crate) mode: String,
    pub(crate) reason: String,
    pub(crate) created_by_kind: String,
    pub(crate) created_by: String,
    pub(crate) created_at: i64,
    pub(crate) lifted_by: Option<String>,
    pub(crate) lifted_at: Option<i64>,
}

#[derive(AsChangeset, Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = agents, treat_none_as_null = true)]
pub(crate) struct AgentRow {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) own_name: String,
    pub(crate) description: String,
    pub(crate) capabilities: String,
    pub(crate) config: String,
    pub(crate) max_concurrent_tasks: Option<i64>,
    pub(crate) created_at: i64,
}

/// A running task that a control is about.
#[derive(Clone, Debug, QueryableByName)]
pub(crate) struct CallOff {
    #[diesel(sql_type = DbId)]
    pub(crate) task_id: Id,
    #[diesel(sql_type = DbId)]
    pub(crate) control: Id,
    #[diesel(sql_type = Text)]
    pub(crate) by_kind: String,
    #[diesel(sql_type = Text)]
    pub(crate) by_name: String,
    #[diesel(sql_type = Text)]
    pub(crate) reason: String,
}

/// Which agents a lease keeps busy.
#[derive(Clone, Debug, QueryableByName)]
pub(crate) struct Running {
    #[diesel(sql_type = Text)]
    pub(crate) holder_kind: String,
    #[diesel(sql_type = Text)]
    pub(crate) holder: String,
    #[diesel(sql_type = Text)]
    pub(crate) executor: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) adapter: Option<String>,
}

/// The end of a task in somebody's hands.
#[derive(Clone, Debug, QueryableByName)]
pub(crate) struct FinishedRow {
    #[diesel(sql_type = Text)]
    holder_kind: String,
    #[diesel(sql_type = Nullable<DbId>)]
    worker_id: Option<Id>,
    #[diesel(sql_type = Text)]
    holder: String,
    #[diesel(sql_type = Text)]
    executor: String,
    #[diesel(sql_type = Nullable<Text>)]
    adapter: Option<String>,
    #[diesel(sql_type = BigInt)]
    started_at: i64,
    #[diesel(sql_type = BigInt)]
    finished_at: i64,
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = Nullable<Text>)]
    error: Option<String>,
}

impl TryFrom<FinishedRow> for FinishedAttempt {
    type Error = StoreError;

    fn try_from(row: FinishedRow) -> Result<Self, StoreError> {
        Ok(Self {
            reason: to_reason(&row.reason)?,
            started_at: time(row.started_at),
            finished_at: time(row.finished_at),
            holder: holder(&row.holder_kind, row.worker_id, row.holder)?,
            executor: row.executor,
            adapter: row.adapter,
            error: row.error,
        })
    }
}

impl ControlRow {
    pub(crate) fn new(id: Id, new: &NewControl, now: Timestamp) -> Self {
        Self {
            id,
            scope: new.scope.kind().to_owned(),
            value: new.scope.value(),
            mode: new.mode.as_str().to_owned(),
            reason: new.reason.clone(),
            created_by_kind: new.by.kind().as_str().to_owned(),
            created_by: new.by.name().to_owned(),
            created_at: now.as_micros(),
            lifted_by: None,
            lifted_at: None,
        }
    }
}

impl CallOff {
    /// The end that whoever set the control asks for; the note tells whoever reads it why.
    pub(crate) fn change(&self) -> Result<StatusChange, StoreError> {
        let note = format!("control {}: {}", self.control.0, self.reason);
        Ok(StatusChange {
            task_id: self.task_id.into(),
            by: to_principal(&self.by_kind, &self.by_name)?,
            fence: None,
            action: StatusAction::Cancel { note: Some(note) },
        })
    }
}

impl TryFrom<ControlRow> for ControlRecord {
    type Error = StoreError;

    fn try_from(row: ControlRow) -> Result<Self, StoreError> {
        let corrupt = |what: &str| StoreError::corrupt(format!("{what} of control {}", row.id.0));
        let scope = match (row.scope.as_str(), &row.value) {
            // A worker may have a name that nobody would type.
            ("agent", Some(name)) => ControlScope::Agent(name.clone()),
            (kind, value) => ControlScope::new(kind, value.as_deref()).map_err(|_| corrupt("the scope"))?,
        };
        Ok(Self {
            id: row.id.into(),
            scope,
            mode: row.mode.parse().map_err(|_| corrupt("the mode"))?,
            by: to_principal(&row.created_by_kind, &row.created_by)?,
            created_at: time(row.created_at),
            lifted: row.lifted_by.zip(row.lifted_at).map(|(by, at)| Lifted { by, at: time(at) }),
            reason: row.reason,
        })
    }
}

impl AgentRow {
    pub(crate) fn new(name: String, new: &NewAgent, now: Timestamp) -> Self {
        Self {
            name,
            kind: new.kind.as_str().to_owned(),
            own_name: new.name.clone(),
            description: new.description.clone(),
            capabilities: join(&new.capabilities),
            config: new.config.clone(),
            max_concurrent_tasks: new.max_concurrent_tasks.map(i64::from),
            created_at: now.as_micros(),
        }
    }

    pub(crate) fn is_kept_busy_by(&self, lease: &Running) -> bool {
        match (self.kind.as_str(), lease.holder_kind.as_str()) {
            ("worker", "worker") | ("external", "external") => lease.holder == self.own_name,
            ("executor", "worker") => lease.executor == self.own_name,
            ("adapter", "worker") => lease.adapter.as_ref() == Some(&self.own_name),
            _ => false,
        }
    }

    pub(crate) fn into_record(self, running: usize) -> Result<AgentRecord, StoreError> {
        let limit = self.max_concurrent_tasks.map(|limit| to_u32("the limit of an agent", limit)).transpose()?;
        Ok(AgentRecord {
            kind: self.kind.parse().map_err(|_| StoreError::corrupt(format!("kind of agent `{}`", self.name)))?,
            name: self.name,
            own_name: self.own_name,
            description: self.description,
            capabilities: split(&self.capabilities),
            config: self.config,
            max_concurrent_tasks: limit,
            created_at: time(self.created_at),
            running: u32::try_from(running).unwrap_or(u32::MAX),
        })
    }
}
