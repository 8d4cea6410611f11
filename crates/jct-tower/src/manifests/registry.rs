//! The registry: put, read, delete. Every change is audited by the store with the caller as its author.

use std::sync::Arc;

use jct_contract::Principal;
use jct_manifest::{Judged, ManifestHash, ManifestName, RawManifest, ValidatedManifest};
use jct_store::StoreError;
use jct_store::model::{
    ManifestDelete, ManifestEntry, ManifestExpectation, ManifestPut, ManifestRecord, ManifestVersionRecord, NamedPage,
    NewManifestVersion, Page, PageStart, TaskRecord,
};

use super::error::{DeleteManifestError, PutManifestError, ReadManifestError};
use super::expect::ExpectManifest;
use super::judge::judged;
use crate::Tower;

/// How often a change is tried again whose expectation still holds after somebody else was faster.
const MAX_TRIES: usize = 8;

/// A manifest to be put under a name.
#[derive(Clone, Debug)]
pub struct PutManifest {
    /// The name; that of the document has to be the same.
    pub name: ManifestName,
    /// The document.
    pub content: RawManifest,
    /// What the entry has to be.
    pub expect: ExpectManifest,
    /// Who was authenticated.
    pub principal: Principal,
}

/// A manifest that is in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestKept {
    /// The entry as it stands now.
    pub record: ManifestRecord,
    /// Whether the name was free before.
    pub created: bool,
}

/// Judges a document that is to have this name.
async fn manifest_for(name: &ManifestName, content: RawManifest) -> Result<ValidatedManifest, PutManifestError> {
    let Judged { name: found, manifest } = judged(content).await.map_err(PutManifestError::Judge)?;
    let other = found.filter(|found| found != name);
    match (manifest, other) {
        (Ok(manifest), None) => Ok(manifest),
        (Ok(_), Some(found)) => Err(PutManifestError::NameMismatch { name: name.clone(), found }),
        (Err(violations), other) => Err(PutManifestError::Invalid { violations, is_misnamed: other.is_some() }),
    }
}

impl Tower {
    /// Puts a manifest: a new entry, a new version of one, or nothing if it has these very bytes already.
    ///
    /// # Errors
    /// [`PutManifestError`]; nothing was written, unless the store does not know.
    pub async fn manifest_put(&self, put: PutManifest) -> Result<ManifestKept, PutManifestError> {
        let PutManifest { name, content, expect, principal } = put;
        let manifest = manifest_for(&name, content).await?;
        let new = NewManifestVersion {
            name: name.as_str().to_owned(),
            hash: manifest.hash().as_str().to_owned(),
            // A manifest that was judged is UTF-8, so that nothing is replaced.
            content: Arc::from(String::from_utf8_lossy(manifest.raw().bytes())),
            expect: ManifestExpectation::Anything,
            by: principal,
        };
        match self.put_expecting(new, &expect).await? {
            ManifestPut::Created(record) => Ok(ManifestKept { record, created: true }),
            ManifestPut::Changed(record) | ManifestPut::Unchanged(record) => {
                Ok(ManifestKept { record, created: false })
            }
            ManifestPut::Stale { current } => Err(PutManifestError::Stale { current }),
        }
    }

    /// Judges a manifest that is not put for another reason, so that everything is told at once.
    ///
    /// # Errors
    /// [`PutManifestError`], as [`Self::manifest_put`] has it for the document.
    pub async fn manifest_check(&self, name: &ManifestName, content: RawManifest) -> Result<(), PutManifestError> {
        manifest_for(name, content).await.map(drop)
    }

    /// The store compares with one hash; what admits several is tried with the one that the entry has.
    async fn put_expecting(&self, new: NewManifestVersion, expect: &ExpectManifest) -> Result<ManifestPut, StoreError> {
        let mut current = match expect {
            ExpectManifest::Anything => return self.store().manifest_put(new).await,
            ExpectManifest::Absent => {
                let new = NewManifestVersion { expect: ManifestExpectation::Absent, ..new };
                return self.store().manifest_put(new).await;
            }
            ExpectManifest::Existing | ExpectManifest::OneOf(_) => {
                self.store().manifest_get(&new.name).await?.map(|record| record.entry.hash)
            }
        };
        for _ in 0..MAX_TRIES {
            let Some(hash) = current.clone().filter(|hash| expect.admits(hash)) else { break };
            let new = NewManifestVersion { expect: ManifestExpectation::Hash(hash), ..new.clone() };
            match self.store().manifest_put(new).await? {
                ManifestPut::Stale { current: newer } => current = newer,
                answer => return Ok(answer),
            }
        }
        Ok(ManifestPut::Stale { current })
    }

    /// One entry, whole.
    ///
    /// # Errors
    /// [`ReadManifestError`].
    pub async fn manifest(&self, name: &ManifestName) -> Result<ManifestRecord, ReadManifestError> {
        self.store().manifest_get(name.as_str()).await?.ok_or(ReadManifestError::NotFound)
    }

    /// The entries whose names begin with `prefix`, by name, from the one behind `after` on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn manifests(
        &self,
        prefix: Option<String>,
        after: Option<String>,
        limit: u32,
    ) -> Result<NamedPage<ManifestEntry>, StoreError> {
        self.store().manifest_list(prefix, after, limit).await
    }

    /// The versions of an entry, newest first.
    ///
    /// # Errors
    /// [`ReadManifestError`].
    pub async fn manifest_versions(
        &self,
        name: &ManifestName,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<ManifestVersionRecord>, ReadManifestError> {
        self.store().manifest_versions(name.as_str(), start, limit).await?.ok_or(ReadManifestError::NotFound)
    }

    /// One version of an entry with its bytes, found by their hash.
    ///
    /// # Errors
    /// [`ReadManifestError`].
    pub async fn manifest_version(
        &self,
        name: &ManifestName,
        hash: &ManifestHash,
    ) -> Result<(ManifestVersionRecord, String), ReadManifestError> {
        self.store().manifest_version(name.as_str(), hash.as_str()).await?.ok_or(ReadManifestError::NotFound)
    }

    /// The jobs that ran an entry, newest first.
    ///
    /// # Errors
    /// [`ReadManifestError`].
    pub async fn manifest_runs(
        &self,
        name: &ManifestName,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<TaskRecord>, ReadManifestError> {
        self.store().manifest_runs(name.as_str(), start, limit).await?.ok_or(ReadManifestError::NotFound)
    }

    /// Takes an entry out of the registry. Its versions are kept, so that jobs that ran it can still be explained.
    ///
    /// # Errors
    /// [`DeleteManifestError`]; nothing was written, unless the store does not know.
    pub async fn manifest_delete(
        &self,
        name: &ManifestName,
        expect: &ExpectManifest,
        principal: &Principal,
    ) -> Result<(), DeleteManifestError> {
        let name = name.as_str();
        let mut if_match = match expect {
            ExpectManifest::Anything | ExpectManifest::Existing => None,
            ExpectManifest::OneOf(_) | ExpectManifest::Absent => {
                let current = self.store().manifest_get(name).await?.ok_or(DeleteManifestError::NotFound)?.entry.hash;
                Some(current)
            }
        };
        for _ in 0..MAX_TRIES {
            if let Some(current) = if_match.as_ref().filter(|hash| !expect.admits(hash)) {
                return Err(DeleteManifestError::Stale { current: Some(current.clone()) });
            }
            match self.store().manifest_delete(name, if_match.clone(), principal.clone()).await? {
                ManifestDelete::Deleted => return Ok(()),
                ManifestDelete::NotFound => return Err(DeleteManifestError::NotFound),
                ManifestDelete::Busy { jobs } => return Err(DeleteManifestError::Busy { jobs }),
                ManifestDelete::Stale { current } => if_match = Some(current),
            }
        }
        Err(DeleteManifestError::Stale { current: if_match })
    }
}
