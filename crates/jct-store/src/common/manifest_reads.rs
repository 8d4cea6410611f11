//! Reads of the registry of manifests, and of the texts that jobs run.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{Conn, task_reads};
use crate::StoreError;
use crate::model::{
    ClaimedManifest, Cursor, ManifestEntry, ManifestRecord, ManifestRun, ManifestVersionRecord, NamedPage, Page,
    PageStart, TaskRecord, TaskState,
};
use crate::rows::{ManifestRow, TaskRow, VersionRow, VersionWithSize};
use crate::schema::tasks;
use crate::schema_jobs::{manifest_contents, manifest_versions, manifests};
use crate::types::Id;

/// The entry of this name, unless it was deleted.
async fn live(conn: &mut Conn, name: &str) -> Result<Option<ManifestRow>, StoreError> {
    Ok(manifests::table
        .find(name)
        .filter(manifests::deleted_at.is_null())
        .select(ManifestRow::as_select())
        .first(conn)
        .await
        .optional()?)
}

pub(crate) async fn get(conn: &mut Conn, name: String) -> Result<Option<ManifestRecord>, StoreError> {
    match live(conn, &name).await? {
        Some(row) => record(conn, row).await.map(Some),
        None => Ok(None),
    }
}

/// The entry of a row, whole.
pub(super) async fn record(conn: &mut Conn, row: ManifestRow) -> Result<ManifestRecord, StoreError> {
    let last_run = last_runs(conn, row.last_task_id.into_iter().collect()).await?.into_values().next();
    let content = content(conn, &row.hash).await?;
    let state = row.state.clone();
    Ok(ManifestRecord { entry: row.into_entry(last_run)?, content, state })
}

async fn content(conn: &mut Conn, hash: &str) -> Result<String, StoreError> {
    let found = manifest_contents::table.find(hash).select(manifest_contents::content).first(conn).await.optional()?;
    found.ok_or_else(|| StoreError::corrupt(format!("the text {hash} of a manifest is gone")))
}

/// Entries by name, in the order of its bytes: those with one prefix stand together.
pub(crate) async fn list(
    conn: &mut Conn,
    prefix: Option<String>,
    after: Option<String>,
    limit: u32,
) -> Result<NamedPage<ManifestEntry>, StoreError> {
    let mut query = manifests::table
        .filter(manifests::deleted_at.is_null())
        .order(manifests::name)
        .limit(i64::from(limit) + 1)
        .select(ManifestRow::as_select())
        .into_boxed();
    if let Some(prefix) = &prefix {
        query = query.filter(manifests::name.ge(prefix.clone()));
    }
    if let Some(after) = after {
        query = query.filter(manifests::name.gt(after));
    }
    let rows: Vec<ManifestRow> = query.load(conn).await?;
    let prefix = prefix.unwrap_or_default();
    let mut rows: Vec<ManifestRow> = rows.into_iter().take_while(|row| row.name.starts_with(&prefix)).collect();
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|last| last.name.clone());
    let runs = last_runs(conn, rows.iter().filter_map(|row| row.last_task_id).collect()).await?;
    let entry = |row: ManifestRow| {
        let last_run = row.last_task_id.and_then(|id| runs.get(&id).copied());
        row.into_entry(last_run)
    };
    Ok(NamedPage { items: rows.into_iter().map(entry).collect::<Result<_, _>>()?, next })
}

/// How the jobs with these ids stand.
async fn last_runs(conn: &mut Conn, ids: Vec<Id>) -> Result<HashMap<Id, ManifestRun>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut runs = HashMap::with_capacity(ids.len());
    for rows in task_reads::rows_of(conn, ids).await? {
        let (task, state) = rows.into_parts()?;
        runs.insert(task.id, run(task.id, &state));
    }
    Ok(runs)
}

fn run(id: Id, state: &TaskState) -> ManifestRun {
    let (started_at, finished_at) = match state {
        TaskState::Pending { .. } => (None, None),
        TaskState::Queued { started_at, .. } => (*started_at, None),
        TaskState::Running { started_at, .. } => (Some(*started_at), None),
        TaskState::Finished { started_at, finished_at, .. } => (*started_at, Some(*finished_at)),
    };
    ManifestRun { job_id: id.into(), status: state.job_status(), started_at, finished_at }
}

macro_rules! versions_with_size {
    () => {
        manifest_versions::table
            .inner_join(manifest_contents::table.on(manifest_contents::hash.eq(manifest_versions::hash)))
            .order(manifest_versions::version.desc())
            .select((VersionRow::as_select(), manifest_contents::size_bytes))
    };
}

/// The versions of an entry, newest first.
pub(crate) async fn versions(
    conn: &mut Conn,
    name: String,
    start: PageStart,
    limit: u32,
) -> Result<Option<Page<ManifestVersionRecord>>, StoreError> {
    if live(conn, &name).await?.is_none() {
        return Ok(None);
    }
    let mut query =
        versions_with_size!().filter(manifest_versions::name.eq(name)).limit(i64::from(limit) + 1).into_boxed();
    match start {
        PageStart::Offset(offset) => query = query.offset(i64::from(offset)),
        PageStart::After(cursor) => query = query.filter(manifest_versions::version.lt(cursor.position())),
    }
    let mut rows: Vec<(VersionRow, i64)> = query.load(conn).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|(last, _)| Cursor::after_position(last.version));
    let items = rows.into_iter().map(|(row, size)| VersionWithSize(row, size).try_into());
    Ok(Some(Page { items: items.collect::<Result<_, _>>()?, next }))
}

/// The latest version of an entry that has this text, and the text.
pub(crate) async fn version(
    conn: &mut Conn,
    name: String,
    hash: String,
) -> Result<Option<(ManifestVersionRecord, String)>, StoreError> {
    if live(conn, &name).await?.is_none() {
        return Ok(None);
    }
    let found: Option<(VersionRow, i64)> = versions_with_size!()
        .filter(manifest_versions::name.eq(name))
        .filter(manifest_versions::hash.eq(hash.clone()))
        .first(conn)
        .await
        .optional()?;
    let Some((row, size)) = found else { return Ok(None) };
    Ok(Some((VersionWithSize(row, size).try_into()?, content(conn, &hash).await?)))
}

/// The jobs that were handed in as runs of an entry, newest first.
pub(crate) async fn runs(
    conn: &mut Conn,
    name: String,
    start: PageStart,
    limit: u32,
) -> Result<Option<Page<TaskRecord>>, StoreError> {
    if live(conn, &name).await?.is_none() {
        return Ok(None);
    }
    let mut query = tasks::table
        .filter(tasks::manifest_name.eq(name))
        .filter(tasks::manifest_registered)
        .order(tasks::id.desc())
        .limit(i64::from(limit) + 1)
        .select(tasks::id)
        .into_boxed();
    match start {
        PageStart::Offset(offset) => query = query.offset(i64::from(offset)),
        PageStart::After(cursor) => query = query.filter(tasks::id.lt(cursor.id())),
    }
    let ids: Vec<Id> = query.load(conn).await?;
    task_reads::page_of(conn, ids, limit).await.map(Some)
}

/// What those of the tasks run that run a manifest.
pub(super) async fn contents_of(
    conn: &mut Conn,
    tasks: impl Iterator<Item = &TaskRow>,
) -> Result<HashMap<Id, ClaimedManifest>, StoreError> {
    let of = |task: &TaskRow| Some((task.id, task.manifest()?));
    let wanted: Vec<_> = tasks.filter_map(of).collect();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let hashes: Vec<&str> = wanted.iter().map(|(_, manifest)| manifest.hash.as_str()).collect();
    let texts: Vec<(String, String)> = manifest_contents::table
        .filter(manifest_contents::hash.eq_any(hashes))
        .select((manifest_contents::hash, manifest_contents::content))
        .load(conn)
        .await?;
    let texts: HashMap<String, String> = texts.into_iter().collect();
    let names: Vec<&str> = wanted
        .iter()
        .filter(|(_, manifest)| manifest.from_registry)
        .map(|(_, manifest)| manifest.name.as_str())
        .collect();
    let states: Vec<(String, Option<String>)> = manifests::table
        .filter(manifests::name.eq_any(names))
        .select((manifests::name, manifests::state))
        .load(conn)
        .await?;
    let states: HashMap<String, Option<String>> = states.into_iter().collect();
    let whole = |(id, manifest): (Id, crate::model::JobManifest)| {
        let content = texts.get(&manifest.hash).cloned();
        let content = content.ok_or_else(|| StoreError::corrupt(format!("the manifest of task {} is gone", id.0)))?;
        let state = states.get(&manifest.name).filter(|_| manifest.from_registry).cloned().flatten();
        Ok((id, ClaimedManifest { name: manifest.name, hash: manifest.hash, content, state }))
    };
    wanted.into_iter().map(whole).collect()
}
