//! Export: the statement about a run, signed with the key of the audit log.

use jct_audit::{KeyId, SigningKey};
use jct_contract::RunId;
use jct_evidence::attestation::Envelope;
use jct_store::{Store, StoreError};
use jct_trace::TraceRoot;

use super::StatementError;
use crate::{Tower, TowerOptions};

/// Why there is no signed statement.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The key seals another log, or did so before it was changed: nobody who trusts this log could verify with it.
    #[error("the key {key} is not the one in force in this audit log")]
    KeyNotInForce {
        /// The key that was to sign.
        key: KeyId,
    },
    /// The statement could not be put together.
    #[error("failed to put the statement together")]
    Statement(#[from] StatementError),
    /// The database failed.
    #[error("failed to read the keys of the audit log")]
    Store(#[from] StoreError),
}

/// What the tower says about a run, signed. Reads only.
///
/// # Errors
/// [`ExportError`].
pub async fn export(
    store: &Store,
    traces: Option<TraceRoot>,
    key: &SigningKey,
    run: RunId,
) -> Result<Envelope, ExportError> {
    let public = key.public();
    let in_force = store.audit_keys().await?.last().map(|last| last.public_key.clone());
    if in_force != Some(public.to_string()) {
        return Err(ExportError::KeyNotInForce { key: public.id() });
    }
    let tower = Tower::new(store.clone(), TowerOptions { traces, ..TowerOptions::default() });
    Ok(Envelope::sign(tower.evidence_statement(run).await?, key))
}
