//! What belongs to jobs beside their tasks: tokens of workers, files, affinities.

use diesel::prelude::*;
use jct_contract::{JobType, Timestamp};

use super::{join, split, time, to_capabilities, to_u32, to_u64};
use crate::StoreError;
use crate::model::{JobArtifactRecord, NewWorkerToken, WorkerTokenRecord};
use crate::schema_jobs::{job_artifacts, queue_affinities, worker_tokens};
use crate::types::Id;

#[derive(AsChangeset, Clone, Debug, Insertable)]
#[diesel(table_name = queue_affinities)]
pub(crate) struct AffinityRow {
    pub(crate) affinity_key: String,
    pub(crate) worker_id: Id,
    pub(crate) held_until: i64,
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = worker_tokens)]
pub(crate) struct WorkerTokenRow {
    pub(crate) id: Id,
    pub(crate) worker_name: String,
    pub(crate) description: Option<String>,
    pub(crate) token_sha256: String,
    pub(crate) job_types: Option<String>,
    pub(crate) repositories: Option<String>,
    pub(crate) capabilities: Option<String>,
    pub(crate) created_by: String,
    pub(crate) created_at: i64,
    pub(crate) expires_at: Option<i64>,
    pub(crate) revoked_at: Option<i64>,
    pub(crate) last_used_at: Option<i64>,
}

impl WorkerTokenRow {
    pub(crate) fn new(new: &NewWorkerToken, now: Timestamp) -> Self {
        let types = |types: &Vec<JobType>| join(&types.iter().map(|one| one.as_str()).collect::<Vec<_>>());
        Self {
            id: new.id.into(),
            worker_name: new.worker_name.clone(),
            description: new.description.clone(),
            token_sha256: new.token_digest.to_string(),
            job_types: new.types.as_ref().map(types),
            repositories: new.repositories.as_deref().map(join),
            capabilities: new.capabilities.as_ref().map(|capabilities| join(capabilities.as_slice())),
            created_by: new.created_by.name().to_owned(),
            created_at: now.as_micros(),
            expires_at: new.expires_at.map(Timestamp::as_micros),
            revoked_at: None,
            last_used_at: None,
        }
    }
}

impl TryFrom<WorkerTokenRow> for WorkerTokenRecord {
    type Error = StoreError;

    fn try_from(row: WorkerTokenRow) -> Result<Self, StoreError> {
        let to_type = |word: &str| word.parse().map_err(|_| StoreError::corrupt(format!("job type `{word}`")));
        let to_types = |words: String| words.split_whitespace().map(to_type).collect::<Result<Vec<JobType>, _>>();
        Ok(Self {
            id: row.id.into(),
            worker_name: row.worker_name,
            description: row.description,
            types: row.job_types.map(to_types).transpose()?,
            repositories: row.repositories.as_deref().map(split),
            capabilities: row.capabilities.as_deref().map(to_capabilities).transpose()?,
            created_by: row.created_by,
            created_at: time(row.created_at),
            expires_at: row.expires_at.map(time),
            revoked_at: row.revoked_at.map(time),
            last_used_at: row.last_used_at.map(time),
        })
    }
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = job_artifacts)]
pub(crate) struct JobArtifactRow {
    pub(crate) id: Id,
    pub(crate) task_id: Id,
    pub(crate) attempt: i64,
    pub(crate) worker_id: Option<Id>,
    pub(crate) name: String,
    pub(crate) content_type: String,
    pub(crate) size_bytes: i64,
    pub(crate) digest: String,
    pub(crate) created_at: i64,
    pub(crate) principal: Option<String>,
}

impl TryFrom<JobArtifactRow> for JobArtifactRecord {
    type Error = StoreError;

    fn try_from(row: JobArtifactRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            task_id: row.task_id.into(),
            attempt: to_u32("attempt", row.attempt)?,
            worker_id: row.worker_id.map(Into::into),
            principal: row.principal,
            name: row.name,
            content_type: row.content_type,
            size_bytes: to_u64("size_bytes", row.size_bytes)?,
            digest: row.digest.parse().map_err(|_| StoreError::corrupt("the digest of an artifact of a job"))?,
            created_at: time(row.created_at),
        })
    }
}
