//! What differs between the engines about events, for PostgreSQL: inserts as columns, and locks that step over what
//! another writer has.

use std::collections::HashSet;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Array;
use diesel_async::RunQueryDsl;

use super::Conn;
use super::insert::{Column, statement};
use crate::rows::{BusDocumentRow, BusRow};
use crate::types::{DbId, Id};

statement! {
    InsertBus(BusRow) into "events", ") ON CONFLICT DO NOTHING RETURNING id";
    id: Id, event_type: String, source: String, event_key: Option<String>, digest: String, priority: String, rank: i64,
    status: String, created_by_kind: String, created_by: String, created_at: i64, depth: i64, cause: Option<String>,
    attempts: i64, next_attempt_at: Option<i64>, epoch: i64, generation: i64, expires_at: Option<i64>,
    processed_at: Option<i64>, processed_by: Option<String>, result: Option<String>, error: Option<String>,
}

statement! {
    InsertBusDocuments(BusDocumentRow) into "event_documents", ")";
    event_id: Id, document: String,
}

impl Query for InsertBus<'_> {
    type SqlType = DbId;
}

/// Inserts events whose key is free; returns the ids of those.
pub(super) async fn insert_bus(conn: &mut Conn, rows: &[BusRow]) -> QueryResult<HashSet<Id>> {
    let ids: Vec<Id> = InsertBus::from(rows).get_results(conn).await?;
    Ok(ids.into_iter().collect())
}

pub(super) async fn insert_bus_documents(conn: &mut Conn, rows: &[BusDocumentRow]) -> QueryResult<()> {
    if !rows.is_empty() {
        InsertBusDocuments::from(rows).execute(conn).await?;
    }
    Ok(())
}

/// The rows of a query, and nobody else's until the commit; those that another writer has are stepped over.
macro_rules! locked {
    ($query:expr) => {
        $query.for_update().skip_locked()
    };
}

pub(super) use locked;
