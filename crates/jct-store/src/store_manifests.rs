//! The store's methods for the registry of manifests. An entry that was deleted is not there, whatever is asked for.

use jct_contract::Principal;

use crate::command::{Answer, Command};
use crate::model::{
    ManifestDelete, ManifestEntry, ManifestPut, ManifestRecord, ManifestVersionRecord, NamedPage, NewManifestVersion,
    Page, PageStart, TaskRecord,
};
use crate::{Store, StoreError};

impl Store {
    /// Puts a text under a name: a new entry, a new version of one, or nothing new. Of several at once each sees what the
    /// one before it left.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written, or when the text does not have the digest it comes with.
    pub async fn manifest_put(&self, new: NewManifestVersion) -> Result<ManifestPut, StoreError> {
        match self.engine.write(Command::PutManifest(Box::new(new))).await? {
            Answer::ManifestPut(answer) => Ok(*answer),
            other => Err(StoreError::corrupt(format!("the writer answered {other:?}"))),
        }
    }

    /// Takes an entry out of the registry, unless runs of it are not over yet. Its versions and runs are kept.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn manifest_delete(
        &self,
        name: &str,
        if_match: Option<String>,
        by: Principal,
    ) -> Result<ManifestDelete, StoreError> {
        match self.engine.write(Command::DeleteManifest { name: name.to_owned(), if_match, by }).await? {
            Answer::ManifestDeleted(answer) => Ok(answer),
            other => Err(StoreError::corrupt(format!("the writer answered {other:?}"))),
        }
    }

    /// One entry, whole.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn manifest_get(&self, name: &str) -> Result<Option<ManifestRecord>, StoreError> {
        self.engine.manifest_get(name.to_owned()).await
    }

    /// A page of entries whose name begins with `prefix`, in the order of the names' bytes, after the name `after`.
    /// `limit` is at most 500.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn manifest_list(
        &self,
        prefix: Option<String>,
        after: Option<String>,
        limit: u32,
    ) -> Result<NamedPage<ManifestEntry>, StoreError> {
        self.engine.manifest_list(prefix, after, limit).await
    }

    /// A page of the versions of an entry, newest first; `None` if there is no such entry. `limit` is at most 500.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn manifest_versions(
        &self,
        name: &str,
        start: PageStart,
        limit: u32,
    ) -> Result<Option<Page<ManifestVersionRecord>>, StoreError> {
        self.engine.manifest_versions(name.to_owned(), start, limit).await
    }

    /// The latest version of an entry whose text has this digest, and the text.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn manifest_version(
        &self,
        name: &str,
        hash: &str,
    ) -> Result<Option<(ManifestVersionRecord, String)>, StoreError> {
        self.engine.manifest_version(name.to_owned(), hash.to_owned()).await
    }

    /// A page of the jobs that were handed in as runs of an entry, newest first; `None` if there is no such entry.
    /// `limit` is at most 500.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn manifest_runs(
        &self,
        name: &str,
        start: PageStart,
        limit: u32,
    ) -> Result<Option<Page<TaskRecord>>, StoreError> {
        self.engine.manifest_runs(name.to_owned(), start, limit).await
    }
}
