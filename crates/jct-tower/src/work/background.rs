//! What a run was opened with, for executors that read it: what is known, which limits hold, which rules apply.

use jct_contract::RunId;
use jct_cwom::DoctrinePriority;
use jct_store::model::WorkObject;
use jct_store::{Store, StoreError};
use serde_json::Value;

/// The background of a run, as the work objects are read over HTTP.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Background {
    /// The latest context packet of those that the run is pinned to.
    pub context: Option<Value>,
    /// The limits that it is pinned to.
    pub constraints: Option<Value>,
    /// The doctrines of the run, of its issue and of its context packets, the binding ones first.
    pub doctrine: Vec<Value>,
}

/// Reads the background of a run; nothing if there is no such run.
pub(super) async fn background_of(store: &Store, run: RunId) -> Result<Background, StoreError> {
    let context = store.run_context(run).await?.unwrap_or_default();
    let mut doctrine = context.doctrine_refs;
    doctrine.sort_by_key(|rule| match rule.content.priority {
        DoctrinePriority::Must => 0,
        DoctrinePriority::Should => 1,
        DoctrinePriority::May => 2,
    });
    Ok(Background {
        context: context.context_packets.into_iter().last().map(|packet| json(&packet.into())).transpose()?,
        constraints: context.constraint_snapshot.map(|snapshot| json(&snapshot.into())).transpose()?,
        doctrine: doctrine.into_iter().map(|rule| json(&rule.into())).collect::<Result<_, _>>()?,
    })
}

fn json(object: &WorkObject) -> Result<Value, StoreError> {
    serde_json::to_value(object)
        .map_err(|error| StoreError::Corrupt { what: format!("a work object that is no JSON: {error}") })
}
