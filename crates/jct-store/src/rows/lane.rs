//! Lanes: classes of waiting tasks that a claim takes or leaves as a whole.

use diesel::prelude::*;
use diesel::sql_types::Bool;
use jct_contract::{IsolationLevel, NormalizedTask, Sha256Digest};

use super::TaskRow;
use crate::model::DueWork;
use crate::schema_jobs::queue_lanes;

#[derive(Clone, Debug, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = queue_lanes)]
pub(crate) struct LaneRow {
    pub(crate) id: i64,
    pub(crate) key: String,
    pub(crate) job_type: String,
    pub(crate) isolation: String,
    pub(crate) capabilities: String,
    pub(crate) priority: i64,
    pub(crate) keyed: bool,
}

impl LaneRow {
    /// The lane in which a task waits.
    pub(crate) fn of(row: &TaskRow, task: &NormalizedTask) -> Self {
        let isolation = task.minimum_isolation().unwrap_or(IsolationLevel::L0).as_str();
        let mut capabilities: Vec<&str> =
            row.capabilities.as_deref().unwrap_or(&row.executor).split_whitespace().collect();
        capabilities.sort_unstable();
        let (capabilities, keyed) = (capabilities.join(" "), row.affinity_key.is_some());
        let kind = if keyed { "keyed" } else { "plain" };
        let key = format!("{} {isolation} {} {kind} {capabilities}", row.job_type, row.priority);
        Self {
            id: lane_id(&key),
            key,
            job_type: row.job_type.clone(),
            isolation: isolation.to_owned(),
            capabilities,
            priority: row.priority,
            keyed,
        }
    }
}

/// One thing that is due, as far as a look says.
#[derive(QueryableByName)]
pub(crate) struct Found {
    #[diesel(sql_type = Bool)]
    free: bool,
}

impl Found {
    pub(crate) fn sum(found: &[Self]) -> DueWork {
        match found {
            [] => DueWork::Nothing,
            found if found.iter().any(|one| one.free) => DueWork::Free,
            _ => DueWork::KeptForOthers,
        }
    }
}

/// The first 63 bits of the digest of the key: never negative. Of a million lanes two have the same id with a
/// probability of one in ten million.
fn lane_id(key: &str) -> i64 {
    let digest = Sha256Digest::of(key.as_bytes());
    let first = digest.as_bytes().first_chunk().copied().unwrap_or_default();
    i64::try_from(u64::from_be_bytes(first) >> 1).unwrap_or(i64::MAX)
}
