//! Writes of the registry of manifests. An entry's row is locked before anything is decided about it, so that of several
//! writers at once each sees what the one before it left.

use std::collections::{BTreeMap, HashMap, HashSet};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::{Principal, Sha256Digest};
use jct_lifecycle::AttemptEnd;
use serde_json::json;

use super::conclude::Conclusion;
use super::{Conn, admin, manifest_reads};
use crate::StoreError;
use crate::context::Context;
use crate::journal::Actor;
use crate::model::{ManifestDelete, ManifestPut, NewManifestVersion};
use crate::rows::{ContentRow, ManifestRow, TaskRow, VersionRow, time};
use crate::schema::{task_outcomes, tasks};
use crate::schema_jobs::{manifest_contents, manifest_versions, manifests};
use crate::types::Id;

/// The kind of the entries about the registry.
const KIND: &str = "manifest";
/// Jobs that are named when an entry cannot be deleted because of them, at most.
const BUSY_JOBS_NAMED: i64 = 20;

pub(crate) async fn put(
    conn: &mut Conn,
    context: Context<'_>,
    new: &NewManifestVersion,
) -> Result<ManifestPut, StoreError> {
    let content = ContentRow::new(&new.hash, &new.content, context.now)?;
    let mut row = lock(conn, &new.name).await?;
    if row.is_none() && new.expect.admits(None) {
        keep_content(conn, content.clone()).await?;
        let first = fresh(context, new, 1);
        let created =
            diesel::insert_into(manifests::table).values(first.clone()).on_conflict_do_nothing().execute(conn).await?;
        if created > 0 {
            return Ok(ManifestPut::Created(versioned(conn, context, new, first, None).await?));
        }
        // Another writer was faster, and has committed by now: the insert waited for it.
        row = lock(conn, &new.name).await?;
    }
    let current = row.as_ref().filter(|row| row.deleted_at.is_none()).map(|row| row.hash.clone());
    if !new.expect.admits(current.as_deref()) {
        return Ok(ManifestPut::Stale { current });
    }
    let row = row.ok_or_else(|| StoreError::corrupt(format!("the manifest `{}` is nowhere", new.name)))?;
    if current.as_ref() == Some(&new.hash) {
        return Ok(ManifestPut::Unchanged(manifest_reads::record(conn, row).await?));
    }
    keep_content(conn, content).await?;
    let version = row.version + 1;
    let next = match current {
        None => fresh(context, new, version),
        Some(_) => ManifestRow {
            version,
            hash: new.hash.clone(),
            updated_by: new.by.name().to_owned(),
            updated_at: context.now.as_micros(),
            ..row.clone()
        },
    };
    diesel::update(manifests::table.find(&new.name)).set(next.clone()).execute(conn).await?;
    let before = current.is_some().then_some(row);
    let is_change = before.is_some();
    let record = versioned(conn, context, new, next, before).await?;
    Ok(if is_change { ManifestPut::Changed(record) } else { ManifestPut::Created(record) })
}

/// An entry that was not there, or not any more.
fn fresh(context: Context<'_>, new: &NewManifestVersion, version: i64) -> ManifestRow {
    let (by, now) = (new.by.name().to_owned(), context.now.as_micros());
    ManifestRow {
        name: new.name.clone(),
        version,
        hash: new.hash.clone(),
        created_by: by.clone(),
        created_at: now,
        updated_by: by,
        updated_at: now,
        deleted_at: None,
        last_task_id: None,
        state: None,
        state_updated_at: None,
    }
}

/// Notes the version that the entry has now, and the change in the audit log.
async fn versioned(
    conn: &mut Conn,
    context: Context<'_>,
    new: &NewManifestVersion,
    row: ManifestRow,
    before: Option<ManifestRow>,
) -> Result<crate::model::ManifestRecord, StoreError> {
    let version = VersionRow {
        name: row.name.clone(),
        version: row.version,
        hash: row.hash.clone(),
        created_by: row.updated_by.clone(),
        created_at: row.updated_at,
    };
    diesel::insert_into(manifest_versions::table).values(version).execute(conn).await?;
    let said = |row: &ManifestRow| {
        json!({
            "version": row.version,
            "hash": row.hash,
            "updated_by": row.updated_by,
            "updated_at": time(row.updated_at),
        })
    };
    let (action, after) = match &before {
        Some(_) => ("updated", said(&row)),
        None => {
            let mut after = said(&row);
            after["created_by"] = row.created_by.clone().into();
            after["created_at"] = json!(time(row.created_at));
            ("created", after)
        }
    };
    let before = before.as_ref().map(said);
    admin::audit(conn, context, Actor::from(&new.by), action, (KIND, &row.name), before, Some(after)).await?;
    manifest_reads::record(conn, row).await
}

async fn keep_content(conn: &mut Conn, content: ContentRow) -> Result<(), StoreError> {
    diesel::insert_into(manifest_contents::table).values(content).on_conflict_do_nothing().execute(conn).await?;
    Ok(())
}

/// The entry, deleted or not, and nobody else's until the commit: a change that changes nothing is a lock on both
/// engines.
async fn lock(conn: &mut Conn, name: &str) -> Result<Option<ManifestRow>, StoreError> {
    Ok(diesel::update(manifests::table.find(name))
        .set(manifests::version.eq(manifests::version))
        .returning(ManifestRow::as_returning())
        .get_result(conn)
        .await
        .optional()?)
}

/// Takes an entry out of the registry. Its versions and its runs are kept, and its number goes on if it comes back.
pub(crate) async fn delete(
    conn: &mut Conn,
    context: Context<'_>,
    (name, if_match, by): (&str, Option<&str>, &Principal),
) -> Result<ManifestDelete, StoreError> {
    let Some(row) = lock(conn, name).await?.filter(|row| row.deleted_at.is_none()) else {
        return Ok(ManifestDelete::NotFound);
    };
    if if_match.is_some_and(|expected| expected != row.hash) {
        return Ok(ManifestDelete::Stale { current: row.hash });
    }
    // Whoever hands in a run holds the entry's row until its task is there to be seen.
    let jobs: Vec<Id> = tasks::table
        .filter(tasks::manifest_name.eq(name))
        .filter(tasks::manifest_registered)
        .filter(diesel::dsl::not(diesel::dsl::exists(
            task_outcomes::table.filter(task_outcomes::task_id.eq(tasks::id)),
        )))
        .order(tasks::id)
        .limit(BUSY_JOBS_NAMED)
        .select(tasks::id)
        .load(conn)
        .await?;
    if !jobs.is_empty() {
        return Ok(ManifestDelete::Busy { jobs: jobs.into_iter().map(Into::into).collect() });
    }
    let before = json!({ "version": row.version, "hash": row.hash });
    let gone = ManifestRow {
        deleted_at: Some(context.now.as_micros()),
        last_task_id: None,
        state: None,
        state_updated_at: None,
        ..row
    };
    diesel::update(manifests::table.find(name)).set(gone).execute(conn).await?;
    admin::audit(conn, context, Actor::from(by), "deleted", (KIND, name), Some(before), None).await?;
    Ok(ManifestDelete::Deleted)
}

/// Notes tasks that were just inserted as the last runs of their entries. Those whose entry is gone are taken back; their
/// ids are returned.
pub(super) async fn note_runs(
    conn: &mut Conn,
    rows: &[TaskRow],
    inserted: &HashSet<Id>,
) -> Result<HashSet<Id>, StoreError> {
    let mut runs: BTreeMap<&str, Vec<Id>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.manifest_registered && inserted.contains(&row.id)) {
        runs.entry(row.manifest_name.as_deref().unwrap_or_default()).or_default().push(row.id);
    }
    let mut gone = HashSet::new();
    // In one order everywhere, so that two writers do not wait for each other.
    for (name, ids) in runs {
        let noted = diesel::update(manifests::table.find(name))
            .filter(manifests::deleted_at.is_null())
            .set(manifests::last_task_id.eq(ids.last().copied()))
            .execute(conn)
            .await?;
        if noted == 0 {
            diesel::delete(tasks::table.filter(tasks::id.eq_any(ids.clone()))).execute(conn).await?;
            gone.extend(ids);
        }
    }
    Ok(gone)
}

/// Keeps what completed runs leave for the next ones.
pub(super) async fn keep_states(
    conn: &mut Conn,
    context: Context<'_>,
    conclusions: &[Conclusion<'_>],
) -> Result<(), StoreError> {
    let left: HashMap<Id, (&Conclusion<'_>, &str)> = conclusions
        .iter()
        .filter(|conclusion| matches!(conclusion.end, AttemptEnd::Completed { .. }))
        .filter_map(|conclusion| Some((conclusion.lease.task_id, (conclusion, conclusion.manifest_state?))))
        .collect();
    if left.is_empty() {
        return Ok(());
    }
    let ids: Vec<Id> = left.keys().copied().collect();
    let mut names: Vec<(Option<String>, Id)> = tasks::table
        .filter(tasks::id.eq_any(ids))
        .filter(tasks::manifest_registered)
        .select((tasks::manifest_name, tasks::id))
        .load(conn)
        .await?;
    names.sort_unstable();
    for (name, id) in names {
        if let (Some(name), Some((conclusion, state))) = (name, left.get(&id)) {
            keep_state(conn, context, &name, &conclusion.lease.holder, state).await?;
        }
    }
    Ok(())
}

async fn keep_state(
    conn: &mut Conn,
    context: Context<'_>,
    name: &str,
    by: &str,
    state: &str,
) -> Result<(), StoreError> {
    let Some(row) = lock(conn, name).await?.filter(|row| row.deleted_at.is_none()) else {
        return Ok(());
    };
    diesel::update(manifests::table.find(name))
        .set((manifests::state.eq(state), manifests::state_updated_at.eq(context.now.as_micros())))
        .execute(conn)
        .await?;
    let said = |state: Option<&str>, at: Option<jct_contract::Timestamp>| {
        let digest = state.map(|state| Sha256Digest::of(state.as_bytes()).to_string());
        json!({ "state_digest": digest, "state_updated_at": at })
    };
    let before = said(row.state.as_deref(), row.state_updated_at.map(time));
    let after = said(Some(state), Some(context.now));
    admin::audit(conn, context, Actor::system(by), "updated", (KIND, name), Some(before), Some(after)).await
}
