//! What differs between the engines about events, for SQLite: one writer at a time, so that what is read in a transaction
//! is locked.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Conn;
use crate::rows::{BusDocumentRow, BusRow};
use crate::schema_events::{event_documents, events};
use crate::types::Id;

/// Inserts events whose key is free; returns the ids of those.
pub(super) async fn insert_bus(conn: &mut Conn, rows: &[BusRow]) -> QueryResult<HashSet<Id>> {
    let mut inserted = HashSet::with_capacity(rows.len());
    for row in rows {
        let done =
            diesel::insert_into(events::table).values(row.clone()).on_conflict_do_nothing().execute(conn).await?;
        if done > 0 {
            inserted.insert(row.id);
        }
    }
    Ok(inserted)
}

pub(super) async fn insert_bus_documents(conn: &mut Conn, rows: &[BusDocumentRow]) -> QueryResult<()> {
    for row in rows {
        diesel::insert_into(event_documents::table).values(row.clone()).execute(conn).await?;
    }
    Ok(())
}

/// The rows of a query, and nobody else's until the commit: there is no other writer.
macro_rules! locked {
    ($query:expr) => {
        $query
    };
}

pub(super) use locked;
