//! Rows of the audit log as verification reads them, and of the keys and checkpoints that seal it.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use jct_audit::{ChainHead, StoredEntry};
use jct_contract::{AuditId, Timestamp};
use uuid::Uuid;

use super::time;
use crate::StoreError;
use crate::model::{AuditHead, AuditKeyRecord, ChainPlace, ChainRow, CheckpointRecord};
use crate::schema::{audit_checkpoints, audit_keys, audit_log};
use crate::types::DbId;

/// An id that may be none: SQLite keeps ids as text, and whoever rewrites the file may write anything there.
#[derive(Clone, Debug, PartialEq, Eq, FromSqlRow)]
pub(crate) struct LooseId(Option<Uuid>);

impl FromSql<DbId, Pg> for LooseId {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(Uuid::from_slice(value.as_bytes()).ok()))
    }
}

impl FromSql<DbId, Sqlite> for LooseId {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<Text, Sqlite>>::from_sql(value)?;
        // One id has one text.
        Ok(Self(Uuid::try_parse(&text).ok().filter(|id| id.to_string() == text)))
    }
}

/// A row of the log, whatever it holds.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = audit_log)]
pub(crate) struct LooseAuditRow {
    pub(crate) position: i64,
    pub(crate) id: LooseId,
    pub(crate) ts: i64,
    pub(crate) actor_kind: String,
    pub(crate) actor_id: String,
    pub(crate) action: String,
    pub(crate) entity_kind: String,
    pub(crate) entity_id: String,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) trace_id: Option<String>,
    pub(crate) seq: i64,
    pub(crate) prev_hash: String,
    pub(crate) hash: String,
}

impl LooseAuditRow {
    pub(crate) fn place(&self) -> ChainPlace {
        ChainPlace {
            entity_kind: self.entity_kind.clone(),
            entity_id: self.entity_id.clone(),
            seq: self.seq,
            position: self.position,
        }
    }

    /// The row as an entry, or what is wrong with it. What can be read can also be exported and read back.
    fn read(&self) -> Result<(AuditId, u64), &'static str> {
        let id = self.id.0.and_then(|id| id.to_string().parse().ok()).ok_or("its id is none")?;
        let seq = u64::try_from(self.seq).ok().filter(|seq| *seq > 0).ok_or("its number is none")?;
        let has_text = |at: Timestamp| at.to_string().parse() == Ok(at);
        if has_text(time(self.ts)) { Ok((id, seq)) } else { Err("its time is none") }
    }
}

impl From<LooseAuditRow> for ChainRow {
    fn from(row: LooseAuditRow) -> Self {
        match row.read() {
            Ok((id, seq)) => Self::Entry(Box::new(StoredEntry {
                id,
                entity_kind: row.entity_kind,
                entity_id: row.entity_id,
                seq,
                at: time(row.ts),
                actor_kind: row.actor_kind,
                actor_id: row.actor_id,
                action: row.action,
                before: row.before,
                after: row.after,
                note: row.note,
                trace_id: row.trace_id,
                prev_hash: Some(row.prev_hash),
                hash: Some(row.hash),
            })),
            Err(why) => Self::Unreadable {
                entity_kind: row.entity_kind,
                entity_id: row.entity_id,
                seq: u64::try_from(row.seq).unwrap_or(0),
                why: why.to_owned(),
            },
        }
    }
}

/// What sealing reads of an entry.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = audit_log)]
pub(crate) struct HeadRow {
    position: i64,
    entity_kind: String,
    entity_id: String,
    seq: i64,
    hash: String,
}

impl From<HeadRow> for AuditHead {
    fn from(row: HeadRow) -> Self {
        let end = || Some((u64::try_from(row.seq).ok()?, row.hash.parse().ok()?));
        let head = end().map(|(seq, hash)| ChainHead {
            entity_kind: row.entity_kind.clone(),
            entity_id: row.entity_id.clone(),
            seq,
            hash,
        });
        Self { position: u64::try_from(row.position).unwrap_or(0), head }
    }
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = audit_keys)]
pub(crate) struct AuditKeyRow {
    pub(crate) number: i64,
    pub(crate) key_id: String,
    pub(crate) public_key: String,
    pub(crate) created_at: i64,
    pub(crate) rotation: Option<String>,
}

impl TryFrom<AuditKeyRow> for AuditKeyRecord {
    type Error = StoreError;

    fn try_from(row: AuditKeyRow) -> Result<Self, StoreError> {
        Ok(Self {
            number: number("audit key", row.number)?,
            public_key: row.public_key,
            created_at: time(row.created_at),
            rotation: row.rotation,
        })
    }
}

#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = audit_checkpoints)]
pub(crate) struct CheckpointRow {
    pub(crate) number: i64,
    pub(crate) sealed_at: i64,
    pub(crate) through: i64,
    pub(crate) entries: i64,
    pub(crate) leaves: String,
    pub(crate) statement: String,
    pub(crate) digest: String,
}

/// Number, statement and leaves of a checkpoint.
pub(crate) fn checkpoint_record(
    (at, statement, leaves): (i64, String, String),
) -> Result<CheckpointRecord, StoreError> {
    Ok(CheckpointRecord { number: number("checkpoint", at)?, statement, leaves })
}

fn number(what: &str, value: i64) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| StoreError::corrupt(format!("{what} {value}")))
}
