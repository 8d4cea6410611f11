//! The registry of manifests, and the texts that it and the jobs share.

use diesel::prelude::*;
use jct_contract::{Sha256Digest, Timestamp};

use super::{time, to_u32, to_u64};
use crate::StoreError;
use crate::model::{ManifestEntry, ManifestRun, ManifestVersionRecord};
use crate::schema_jobs::{manifest_contents, manifest_versions, manifests};
use crate::types::Id;

#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = manifest_contents)]
pub(crate) struct ContentRow {
    pub(crate) hash: String,
    pub(crate) content: String,
    pub(crate) size_bytes: i64,
    pub(crate) created_at: i64,
}

impl ContentRow {
    /// A text beside its digest. Whoever names another digest has a bug, and would have others run something else.
    pub(crate) fn new(hash: &str, content: &str, now: Timestamp) -> Result<Self, StoreError> {
        if Sha256Digest::of(content.as_bytes()).to_string() != hash {
            return Err(StoreError::corrupt(format!("the text of a manifest does not have the digest {hash}")));
        }
        Ok(Self {
            hash: hash.to_owned(),
            content: content.to_owned(),
            size_bytes: i64::try_from(content.len()).unwrap_or(i64::MAX),
            created_at: now.as_micros(),
        })
    }
}

#[derive(AsChangeset, Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = manifests, primary_key(name), treat_none_as_null = true)]
pub(crate) struct ManifestRow {
    pub(crate) name: String,
    pub(crate) version: i64,
    pub(crate) hash: String,
    pub(crate) created_by: String,
    pub(crate) created_at: i64,
    pub(crate) updated_by: String,
    pub(crate) updated_at: i64,
    pub(crate) deleted_at: Option<i64>,
    pub(crate) last_task_id: Option<Id>,
    pub(crate) state: Option<String>,
    pub(crate) state_updated_at: Option<i64>,
}

impl ManifestRow {
    pub(crate) fn into_entry(self, last_run: Option<ManifestRun>) -> Result<ManifestEntry, StoreError> {
        Ok(ManifestEntry {
            version: to_u32("version", self.version)?,
            name: self.name,
            hash: self.hash,
            created_by: self.created_by,
            created_at: time(self.created_at),
            updated_by: self.updated_by,
            updated_at: time(self.updated_at),
            last_run,
            state_updated_at: self.state_updated_at.map(time),
        })
    }
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = manifest_versions)]
pub(crate) struct VersionRow {
    pub(crate) name: String,
    pub(crate) version: i64,
    pub(crate) hash: String,
    pub(crate) created_by: String,
    pub(crate) created_at: i64,
}

/// A version and the size of its text.
pub(crate) struct VersionWithSize(pub(crate) VersionRow, pub(crate) i64);

impl TryFrom<VersionWithSize> for ManifestVersionRecord {
    type Error = StoreError;

    fn try_from(VersionWithSize(row, size_bytes): VersionWithSize) -> Result<Self, StoreError> {
        Ok(Self {
            version: to_u32("version", row.version)?,
            hash: row.hash,
            size_bytes: to_u64("size_bytes", size_bytes)?,
            created_by: row.created_by,
            created_at: time(row.created_at),
        })
    }
}
