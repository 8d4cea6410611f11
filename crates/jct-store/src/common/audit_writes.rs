//! Writes of the audit log beside its entries: the keys that sign it and the checkpoints that seal it.
//!
//! Both are decided under one lock, since each says something about the other: a rotation names the last checkpoint of
//! the old key, and a checkpoint counts only under the key in force.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_audit::{PublicKey, SignedRotation};
use jct_contract::{Principal, Timestamp};
use jct_event::{CheckpointSealed, TowerEvent};
use serde_json::json;

use super::{Conn, admin, events, primitives};
use crate::StoreError;
use crate::context::Context;
use crate::journal::Actor;
use crate::model::{EmittedEvent, NewAuditKey, NewCheckpoint, SealAnswer};
use crate::rows::{AuditKeyRow, CheckpointRow};
use crate::schema::{audit_checkpoints, audit_keys};

/// The kind of the entries about the log's own keys.
const KIND: &str = "audit_key";

/// Keeps a checkpoint if it follows the last one and the key in force has signed it. It has no entry of its own, or
/// there would always be something left to seal.
pub(crate) async fn seal(conn: &mut Conn, context: Context<'_>, new: &NewCheckpoint) -> Result<SealAnswer, StoreError> {
    primitives::lock_seals(conn).await?;
    let (checkpoint, said) = (&new.checkpoint, new.checkpoint.statement());
    if last_key(conn).await?.is_none_or(|(_, key_id)| key_id != checkpoint.key_id().to_string()) {
        return Ok(SealAnswer::KeyNotInForce);
    }
    let (last, digest) = last_checkpoint(conn).await?.unzip();
    if number(said.number) != last.unwrap_or(0) + 1 || said.previous.map(|previous| previous.to_string()) != digest {
        return Ok(SealAnswer::Outrun);
    }
    let row = CheckpointRow {
        number: number(said.number),
        sealed_at: said.sealed_at.as_micros(),
        through: number(said.through),
        entries: number(said.entries),
        leaves: new.leaves.to_string(),
        statement: checkpoint.text().to_owned(),
        digest: checkpoint.digest().to_string(),
    };
    let kept = diesel::insert_into(audit_checkpoints::table).values(row).on_conflict_do_nothing().execute(conn).await?;
    if kept == 0 {
        return Ok(SealAnswer::Outrun);
    }
    let sealed = EmittedEvent {
        id: format!("checkpoint.sealed/{}", said.number),
        at: said.sealed_at,
        event: TowerEvent::CheckpointSealed(CheckpointSealed { tree_size: said.through, root: said.root }),
        cause: None,
    };
    events::emit(conn, context, &[sealed]).await?;
    Ok(SealAnswer::Kept)
}

/// Keeps a key if the log has none, or if the key in force introduces it.
pub(crate) async fn keep_key(
    conn: &mut Conn,
    context: Context<'_>,
    new: &NewAuditKey,
) -> Result<SealAnswer, StoreError> {
    primitives::lock_seals(conn).await?;
    let last = last_key(conn).await?;
    let (number, by) = match new {
        NewAuditKey::First { by, .. } => (1, by),
        NewAuditKey::Next { by, .. } => (last.as_ref().map_or(1, |(number, _)| number + 1), by),
    };
    match (new, last) {
        (NewAuditKey::First { key, .. }, None) => keep(conn, context, number, *key, None, by).await,
        (NewAuditKey::First { .. }, Some(_)) => Ok(SealAnswer::Outrun),
        (NewAuditKey::Next { rotation, .. }, last) => {
            let said = rotation.statement();
            if last.is_none_or(|(_, key_id)| key_id != said.old_key.to_string()) {
                return Ok(SealAnswer::KeyNotInForce);
            }
            let sealed = last_checkpoint(conn).await?.map_or(0, |(number, _)| number);
            if self::number(said.after_checkpoint) != sealed {
                return Ok(SealAnswer::Outrun);
            }
            keep(conn, context, number, said.new_key, Some(rotation), by).await
        }
    }
}

async fn keep(
    conn: &mut Conn,
    context: Context<'_>,
    number: i64,
    key: PublicKey,
    rotation: Option<&SignedRotation>,
    by: &Principal,
) -> Result<SealAnswer, StoreError> {
    let at: Timestamp = rotation.map_or(context.now, |rotation| rotation.statement().at);
    let key_id = key.id().to_string();
    let row = AuditKeyRow {
        number,
        key_id: key_id.clone(),
        public_key: key.to_string(),
        created_at: at.as_micros(),
        rotation: rotation.map(|rotation| rotation.text().to_owned()),
    };
    let kept = diesel::insert_into(audit_keys::table).values(row).on_conflict_do_nothing().execute(conn).await?;
    if kept == 0 {
        return Ok(SealAnswer::Outrun);
    }
    let old_key = rotation.map(|rotation| rotation.statement().old_key.to_string());
    let after = json!({ "number": number, "public_key": key.to_string(), "introduced_by": old_key });
    admin::audit(conn, context, Actor::from(by), "created", (KIND, &key_id), None, Some(after)).await?;
    Ok(SealAnswer::Kept)
}

async fn last_key(conn: &mut Conn) -> Result<Option<(i64, String)>, StoreError> {
    let last = audit_keys::table.order(audit_keys::number.desc()).select((audit_keys::number, audit_keys::key_id));
    Ok(last.first(conn).await.optional()?)
}

async fn last_checkpoint(conn: &mut Conn) -> Result<Option<(i64, String)>, StoreError> {
    let last = audit_checkpoints::table
        .order(audit_checkpoints::number.desc())
        .select((audit_checkpoints::number, audit_checkpoints::digest));
    Ok(last.first(conn).await.optional()?)
}

/// Numbers in signed texts are unsigned, columns are not; nothing gets that far.
fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
