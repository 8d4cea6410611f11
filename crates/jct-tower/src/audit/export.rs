//! Export: the log, or whole chains of it, as a bundle that an outsider verifies without the tower.

use std::collections::BTreeSet;
use std::io;

use jct_audit::{BundleFilter, BundleHeader, BundleWriter, Leaves, PublicKey};
use jct_contract::Timestamp;
use jct_store::model::{ChainFilter, ChainRow};
use jct_store::{Store, StoreError};

use super::verify::{CHECKPOINTS_PAGE, ENTRIES_PAGE};

/// What was exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Entries.
    pub entries: u64,
    /// Checkpoints.
    pub checkpoints: u64,
    /// Rows that cannot be read as entries, which a bundle cannot hold. Verification of the bundle will miss them.
    pub unreadable: u64,
}

/// Why a log could not be exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The bundle could not be written.
    #[error("failed to write the bundle")]
    Write(#[source] io::Error),
    /// The database failed.
    #[error("failed to read the audit log")]
    Store(#[from] StoreError),
}

/// Which entities a part of the log holds.
type Entities = BTreeSet<(String, String)>;

/// Hands a bundle to `write`, line by line, each with its end. A part of the log carries the whole chains of the
/// entities it touches, and proofs in place of the other leaves. `progress` is told how many entries were written.
///
/// # Errors
///
/// [`ExportError`]; the bundle then lacks its end, and verification says so.
pub async fn export(
    store: &Store,
    filter: BundleFilter,
    exported_at: Timestamp,
    mut write: impl FnMut(&str) -> io::Result<()>,
    mut progress: impl FnMut(u64),
) -> Result<Exported, ExportError> {
    let chains = chain_filter(&filter);
    let part = match &chains {
        ChainFilter::Whole => None,
        part => Some(entities(store, part).await?),
    };
    let mut done = Exported::default();
    let mut put = |line: String| write(&line).map_err(ExportError::Write);
    let header = BundleHeader { origin: store.audit_origin().await?, exported_at, filter };
    let (mut bundle, first) = BundleWriter::start(header);
    put(first)?;
    for (place, key) in store.audit_keys().await?.iter().enumerate() {
        match (place, key.public_key.parse::<PublicKey>()) {
            (0, Ok(first)) => put(bundle.key(first))?,
            (0, Err(_)) => {}
            (_, _) => put(bundle.rotation(key.rotation.as_deref().unwrap_or_default()))?,
        }
    }
    let mut last = 0;
    loop {
        let page = store.audit_checkpoints(last, CHECKPOINTS_PAGE).await?;
        let Some(end) = page.last().map(|checkpoint| checkpoint.number) else { break };
        for checkpoint in &page {
            put(match &part {
                None => bundle.checkpoint(&checkpoint.statement, &checkpoint.leaves),
                Some(entities) => {
                    let leaves: Leaves = checkpoint.leaves.parse().unwrap_or_default();
                    let wanted =
                        leaves.prove_all(|head| entities.contains(&(head.entity_kind.clone(), head.entity_id.clone())));
                    bundle.checkpoint_with_proofs(&checkpoint.statement, wanted)
                }
            })?;
            done.checkpoints += 1;
        }
        last = end;
    }
    let mut entries = bundle.entries();
    let mut after = None;
    loop {
        let page = store.audit_chains(chains.clone(), after, ENTRIES_PAGE).await?;
        for row in page.rows {
            match row {
                ChainRow::Entry(entry) => {
                    put(entries.entry(*entry))?;
                    done.entries += 1;
                }
                ChainRow::Unreadable { .. } => done.unreadable += 1,
            }
        }
        progress(done.entries);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    put(entries.end())?;
    Ok(done)
}

fn chain_filter(filter: &BundleFilter) -> ChainFilter {
    match filter {
        BundleFilter::Whole => ChainFilter::Whole,
        BundleFilter::Entity { entity_kind, entity_id } => {
            ChainFilter::Entity { entity_kind: entity_kind.clone(), entity_id: entity_id.clone() }
        }
        BundleFilter::Trace { trace_id } => ChainFilter::Trace { trace_id: trace_id.clone() },
    }
}

/// The entities whose chains the filter picks.
async fn entities(store: &Store, chains: &ChainFilter) -> Result<Entities, StoreError> {
    let (mut found, mut after) = (Entities::new(), None);
    loop {
        let page = store.audit_chains(chains.clone(), after, ENTRIES_PAGE).await?;
        found.extend(page.rows.into_iter().map(|row| match row {
            ChainRow::Entry(entry) => (entry.entity_kind, entry.entity_id),
            ChainRow::Unreadable { entity_kind, entity_id, .. } => (entity_kind, entity_id),
        }));
        after = page.next;
        if after.is_none() {
            return Ok(found);
        }
    }
}
