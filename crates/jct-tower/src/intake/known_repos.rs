//! The repositories seen so far, by slug: they are never deleted, so what was found once need not be looked up again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jct_contract::RepoId;
use jct_store::{Store, StoreError};

/// Beyond this many the memory starts over; a tower with more repositories looks them up now and then.
const MAX_REPOS: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct KnownRepos(Mutex<HashMap<String, RepoId>>);

impl KnownRepos {
    /// The repository with this slug, if there is one.
    pub(super) async fn find(&self, store: &Store, slug: &str) -> Result<Option<RepoId>, StoreError> {
        if let Some(id) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(slug) {
            return Ok(Some(*id));
        }
        let found = store.repo_by_slug(slug).await?;
        if let Some(id) = found {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= MAX_REPOS {
                known.clear();
            }
            known.insert(slug.to_owned(), id);
        }
        Ok(found)
    }
}
