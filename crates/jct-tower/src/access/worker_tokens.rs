//! Tokens of workers: made, listed and revoked by whoever may manage workers.

use jct_contract::{CapabilitySet, JobType, Timestamp, WorkerId};
use jct_policy::RepoPrefix;
use jct_store::StoreError;
use jct_store::model::{AgentKind, NewWorkerToken, Page, PageStart, WorkerTokenRecord};

use super::{Grant, KeySecret};
use crate::Tower;

/// A token to be made. What a limit leaves out is not limited.
#[derive(Clone, Debug)]
pub struct WorkerTokenRequest {
    /// The name of the worker, 1 to 128 characters; several tokens may have the same, so that one can replace another.
    pub worker_name: String,
    /// For people.
    pub description: Option<String>,
    /// The types of job it may take.
    pub types: Option<Vec<JobType>>,
    /// The repositories it may work on; not asked of types that have none.
    pub repositories: Option<Vec<RepoPrefix>>,
    /// All that it may say it can do; whatever it says of itself if absent.
    pub capabilities: Option<CapabilitySet>,
    /// From when on it is refused; never if absent.
    pub expires_at: Option<Timestamp>,
}

/// A made token with its secret, which cannot be seen again.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What is kept.
    pub record: WorkerTokenRecord,
    /// What is not.
    pub secret: KeySecret,
}

/// Why a token was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateTokenError {
    /// The name of the worker begins with a kind of agent and a colon, which stands before the names of others.
    #[error("a name does not begin with `worker:`, `executor:`, `adapter:` or `external:`")]
    NameQualified,
    /// The expiry is in the past.
    #[error("the expiry is in the past")]
    AlreadyExpired,
    /// The system has no randomness.
    #[error("failed to make a random token")]
    Random(#[source] getrandom::Error),
    /// The token could not be kept.
    #[error("failed to keep the token")]
    Store(#[from] StoreError),
}

/// Why a token was not revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeTokenError {
    /// There is no such token.
    #[error("no such worker token")]
    NotFound,
    /// The revocation could not be kept.
    #[error("failed to revoke the token")]
    Store(#[from] StoreError),
}

impl Tower {
    /// Makes a token on behalf of `by`.
    ///
    /// # Errors
    /// [`CreateTokenError`]; nothing was kept, unless the store does not know.
    pub async fn worker_token_create(
        &self,
        request: WorkerTokenRequest,
        by: &Grant,
    ) -> Result<NewToken, CreateTokenError> {
        let WorkerTokenRequest { worker_name, description, types, repositories, capabilities, expires_at } = request;
        if AgentKind::is_qualified(&worker_name) {
            return Err(CreateTokenError::NameQualified);
        }
        let now = self.clock().now();
        if expires_at.is_some_and(|end| end <= now) {
            return Err(CreateTokenError::AlreadyExpired);
        }
        let secret = KeySecret::for_worker().map_err(CreateTokenError::Random)?;
        let token = NewWorkerToken {
            id: WorkerId::at(now),
            worker_name,
            description,
            token_digest: secret.digest(),
            types: types.map(sorted),
            repositories: repositories.map(|prefixes| sorted(prefixes.iter().map(path).collect())),
            capabilities,
            created_by: by.principal().clone(),
            expires_at,
        };
        let record = self.store().worker_token_create(token).await?;
        log::info!(worker = record.worker_name.as_str(), worker_id:% = record.id, by = by.principal().name(); "worker token made");
        Ok(NewToken { record, secret })
    }

    /// Revokes a token. Other processes go on believing it for at most 5 seconds. Revoking twice is no error. Leases that
    /// the worker holds are not taken away: without its token it cannot renew them, and they run out.
    ///
    /// # Errors
    /// [`RevokeTokenError`].
    pub async fn worker_token_revoke(&self, id: WorkerId, by: &Grant) -> Result<WorkerTokenRecord, RevokeTokenError> {
        let answer = self.store().worker_token_revoke(id, by.principal().clone()).await?;
        self.worker_authenticator().forget();
        let record = answer.ok_or(RevokeTokenError::NotFound)?;
        log::info!(worker = record.worker_name.as_str(), worker_id:% = id, by = by.principal().name(); "worker token revoked");
        Ok(record)
    }

    /// A page of tokens, newest first, revoked and expired ones included.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be read.
    pub async fn worker_token_list(&self, start: PageStart, limit: u32) -> Result<Page<WorkerTokenRecord>, StoreError> {
        self.store().worker_token_list(start, limit).await
    }
}

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort_unstable();
    items.dedup();
    items
}

/// Without the slash that prefixes are shown with.
fn path(prefix: &RepoPrefix) -> String {
    prefix.to_string().trim_end_matches('/').to_owned()
}
