//! Reads of the audit log: lists, chains in order, and what sealing needs.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel_async::RunQueryDsl;
use jct_audit::StoredEntry;

use super::{Conn, primitives};
use crate::StoreError;
use crate::model::{
    AuditFilter, AuditHead, AuditKeyRecord, ChainFilter, ChainPlace, ChainRow, ChainRows, CheckpointRecord, Cursor,
    Page, PageStart,
};
use crate::rows::{AuditKeyRow, HeadRow, LooseAuditRow, checkpoint_record};
use crate::schema::{audit_checkpoints, audit_keys, audit_log, database_meta};

pub(crate) async fn list(
    conn: &mut Conn,
    filter: AuditFilter,
    start: PageStart,
    limit: u32,
) -> Result<Page<StoredEntry>, StoreError> {
    let mut query = audit_log::table
        .select(LooseAuditRow::as_select())
        .order(audit_log::position.desc())
        .limit(i64::from(limit) + 1)
        .into_boxed();
    macro_rules! only {
        ($($column:ident: $wanted:expr;)+) => {$(
            if let Some(wanted) = $wanted {
                query = query.filter(audit_log::$column.eq(wanted));
            }
        )+};
    }
    only! {
        entity_kind: filter.entity_kind;
        entity_id: filter.entity_id;
        trace_id: filter.trace_id;
        actor_id: filter.actor;
        action: filter.action;
    }
    if let Some(after) = filter.after {
        query = query.filter(audit_log::ts.gt(after.as_micros()));
    }
    if let Some(before) = filter.before {
        query = query.filter(audit_log::ts.lt(before.as_micros()));
    }
    match start {
        PageStart::Offset(offset) => query = query.offset(i64::from(offset)),
        PageStart::After(cursor) => query = query.filter(audit_log::position.lt(cursor.position())),
    }
    let mut rows: Vec<LooseAuditRow> = query.load(conn).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|last| Cursor::after_position(last.position));
    Ok(Page { items: readable(rows), next })
}

/// The entries of one entity after number `after`, oldest first.
pub(crate) async fn chain(
    conn: &mut Conn,
    (entity_kind, entity_id): (String, String),
    after: u64,
    limit: u32,
) -> Result<Vec<StoredEntry>, StoreError> {
    let rows: Vec<LooseAuditRow> = audit_log::table
        .filter(audit_log::entity_kind.eq(entity_kind))
        .filter(audit_log::entity_id.eq(entity_id))
        .filter(audit_log::seq.gt(i64::try_from(after).unwrap_or(i64::MAX)))
        .order(audit_log::seq)
        .limit(i64::from(limit))
        .select(LooseAuditRow::as_select())
        .load(conn)
        .await?;
    Ok(readable(rows))
}

/// Rows that are entries. Whoever only reads is shown those; verification names the others.
fn readable(rows: Vec<LooseAuditRow>) -> Vec<StoredEntry> {
    rows.into_iter()
        .filter_map(|row| match row.into() {
            ChainRow::Entry(entry) => Some(*entry),
            ChainRow::Unreadable { .. } => None,
        })
        .collect()
}

/// Rows by entity and number, from `after` on.
pub(crate) async fn chains(
    conn: &mut Conn,
    filter: ChainFilter,
    after: Option<ChainPlace>,
    limit: u32,
) -> Result<ChainRows, StoreError> {
    let mut query = audit_log::table
        .select(LooseAuditRow::as_select())
        .order((audit_log::entity_kind, audit_log::entity_id, audit_log::seq, audit_log::position))
        .limit(i64::from(limit))
        .into_boxed();
    if let Some(ChainPlace { entity_kind, entity_id, seq, position }) = after {
        // The position as well: a number that somebody used twice must not hide behind the end of a page.
        query = query.filter(
            sql::<Bool>("(audit_log.entity_kind, audit_log.entity_id, audit_log.seq, audit_log.position) > (")
                .bind::<Text, _>(entity_kind)
                .sql(", ")
                .bind::<Text, _>(entity_id)
                .sql(", ")
                .bind::<BigInt, _>(seq)
                .sql(", ")
                .bind::<BigInt, _>(position)
                .sql(")"),
        );
    }
    match filter {
        ChainFilter::Whole => {}
        ChainFilter::Entity { entity_kind, entity_id } => {
            query = query.filter(audit_log::entity_kind.eq(entity_kind)).filter(audit_log::entity_id.eq(entity_id));
        }
        ChainFilter::Trace { trace_id } => {
            query = query.filter(
                sql::<Bool>(
                    "(audit_log.entity_kind, audit_log.entity_id) IN \
                     (SELECT t.entity_kind, t.entity_id FROM audit_log AS t WHERE t.trace_id = ",
                )
                .bind::<Text, _>(trace_id)
                .sql(")"),
            );
        }
    }
    let rows: Vec<LooseAuditRow> = query.load(conn).await?;
    let full = rows.len() >= limit as usize;
    let next = rows.last().filter(|_| full).map(LooseAuditRow::place);
    Ok(ChainRows { rows: rows.into_iter().map(ChainRow::from).collect(), next })
}

/// The last position that was written; 0 in an empty log. Entries before it may still come on PostgreSQL.
pub(crate) async fn position(conn: &mut Conn) -> Result<u64, StoreError> {
    let last: Option<i64> = audit_log::table.select(diesel::dsl::max(audit_log::position)).first(conn).await?;
    Ok(unsigned(last))
}

/// The position up to which every entry that will ever be there is there.
pub(crate) async fn horizon(conn: &mut Conn) -> Result<u64, StoreError> {
    Ok(unsigned(primitives::audit_horizon(conn).await?))
}

fn unsigned(position: Option<i64>) -> u64 {
    position.and_then(|position| u64::try_from(position).ok()).unwrap_or(0)
}

/// Entries with `after < position <= through`, in the order of writing.
pub(crate) async fn heads(conn: &mut Conn, after: u64, through: u64, limit: u32) -> Result<Vec<AuditHead>, StoreError> {
    let signed = |position: u64| i64::try_from(position).unwrap_or(i64::MAX);
    let rows: Vec<HeadRow> = audit_log::table
        .filter(audit_log::position.gt(signed(after)))
        .filter(audit_log::position.le(signed(through)))
        .order(audit_log::position)
        .limit(i64::from(limit))
        .select(HeadRow::as_select())
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(AuditHead::from).collect())
}

pub(crate) async fn origin(conn: &mut Conn) -> Result<String, StoreError> {
    Ok(database_meta::table.find("audit_origin").select(database_meta::value).first(conn).await?)
}

pub(crate) async fn keys(conn: &mut Conn) -> Result<Vec<AuditKeyRecord>, StoreError> {
    let rows: Vec<AuditKeyRow> =
        audit_keys::table.order(audit_keys::number).select(AuditKeyRow::as_select()).load(conn).await?;
    rows.into_iter().map(AuditKeyRecord::try_from).collect()
}

/// Checkpoints after number `after`, oldest first.
pub(crate) async fn checkpoints(conn: &mut Conn, after: u64, limit: u32) -> Result<Vec<CheckpointRecord>, StoreError> {
    let rows: Vec<(i64, String, String)> = audit_checkpoints::table
        .filter(audit_checkpoints::number.gt(i64::try_from(after).unwrap_or(i64::MAX)))
        .order(audit_checkpoints::number)
        .limit(i64::from(limit))
        .select((audit_checkpoints::number, audit_checkpoints::statement, audit_checkpoints::leaves))
        .load(conn)
        .await?;
    rows.into_iter().map(checkpoint_record).collect()
}

/// Checkpoints before number `before`, newest first, without their leaves.
pub(crate) async fn checkpoints_before(
    conn: &mut Conn,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<CheckpointRecord>, StoreError> {
    let before = before.and_then(|before| i64::try_from(before).ok()).unwrap_or(i64::MAX);
    let rows: Vec<(i64, String)> = audit_checkpoints::table
        .filter(audit_checkpoints::number.lt(before))
        .order(audit_checkpoints::number.desc())
        .limit(i64::from(limit))
        .select((audit_checkpoints::number, audit_checkpoints::statement))
        .load(conn)
        .await?;
    rows.into_iter().map(|(number, statement)| checkpoint_record((number, statement, String::new()))).collect()
}
