//! Named keys: made, listed and revoked by whoever may manage keys.

use jct_contract::{InvalidPrincipalName, Principal, RequesterKind, Timestamp};
use jct_store::model::{AgentKind, ApiKeyRecord, NewApiKey};
use jct_store::{KeyAnswer, StoreError};

use super::{Grant, KeySecret, OPERATOR, Scope};
use crate::Tower;

/// A key to be made.
#[derive(Clone, Debug)]
pub struct KeyRequest {
    /// The name of the principal; unique, and not `operator`.
    pub name: String,
    /// What stands behind it.
    pub kind: RequesterKind,
    /// What it may do; at least one.
    pub scopes: Vec<Scope>,
    /// From when on it is refused; never if absent.
    pub expires_at: Option<Timestamp>,
}

/// A made key with its secret, which cannot be seen again.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// What is kept.
    pub record: ApiKeyRecord,
    /// What is not.
    pub secret: KeySecret,
}

/// Why a key was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateKeyError {
    /// The name breaks the rules for principals.
    #[error("the name of the key is not valid")]
    Name(#[source] InvalidPrincipalName),
    /// The name belongs to the built-in principal.
    #[error("the name `{OPERATOR}` belongs to the built-in principal")]
    NameReserved,
    /// The name begins with a kind of agent and a colon, which stands before the names of others.
    #[error("a name does not begin with `worker:`, `executor:`, `adapter:` or `external:`")]
    NameQualified,
    /// Another key has the name; revoked keys keep theirs.
    #[error("a key named `{name}` exists already")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A key without scopes could do nothing.
    #[error("a key needs at least one scope")]
    NoScopes,
    /// Nobody can give what they do not have.
    #[error("scope `{scope}` cannot be granted by a principal that does not have it")]
    ScopeNotHeld {
        /// The first such scope.
        scope: Scope,
    },
    /// The expiry is in the past.
    #[error("the expiry is in the past")]
    AlreadyExpired,
    /// The system has no randomness.
    #[error("failed to make a random key")]
    Random(#[source] getrandom::Error),
    /// The key could not be kept.
    #[error("failed to keep the key")]
    Store(#[from] StoreError),
}

/// Why a key was not revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeKeyError {
    /// No key has the name.
    #[error("no key has this name")]
    NotFound,
    /// The revocation could not be kept.
    #[error("failed to revoke the key")]
    Store(#[from] StoreError),
}

impl Tower {
    /// Makes a key on behalf of `by`.
    ///
    /// # Errors
    /// [`CreateKeyError`]; nothing was kept, unless the store does not know.
    pub async fn key_create(&self, request: KeyRequest, by: &Grant) -> Result<NewKey, CreateKeyError> {
        let KeyRequest { name, kind, mut scopes, expires_at } = request;
        check(&name, &scopes, expires_at, by, self.clock().now())?;
        scopes.sort_unstable();
        scopes.dedup();
        let principal = Principal::new(kind, name).map_err(CreateKeyError::Name)?;
        let secret = KeySecret::generate().map_err(CreateKeyError::Random)?;
        let key = NewApiKey {
            principal: principal.clone(),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            key_digest: secret.digest(),
            expires_at,
            created_by: by.principal().clone(),
        };
        match self.store().key_create(key).await? {
            KeyAnswer::Kept(record) => {
                self.authenticator().lock();
                log::info!(key = principal.name(), by = by.principal().name(); "key made");
                Ok(NewKey { record, secret })
            }
            KeyAnswer::NameTaken | KeyAnswer::NotFound => {
                Err(CreateKeyError::NameTaken { name: principal.name().to_owned() })
            }
        }
    }

    /// Revokes a key by name. Other processes go on believing it for at most 5 seconds. Revoking twice is no error.
    ///
    /// # Errors
    /// [`RevokeKeyError`].
    pub async fn key_revoke(&self, name: String, by: &Grant) -> Result<ApiKeyRecord, RevokeKeyError> {
        let answer = self.store().key_revoke(name, by.principal().clone()).await?;
        self.authenticator().forget();
        match answer {
            KeyAnswer::Kept(record) => {
                log::info!(key = record.principal.name(), by = by.principal().name(); "key revoked");
                Ok(record)
            }
            KeyAnswer::NotFound | KeyAnswer::NameTaken => Err(RevokeKeyError::NotFound),
        }
    }

    /// Every key, by name, revoked ones included.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be read.
    pub async fn key_list(&self) -> Result<Vec<ApiKeyRecord>, StoreError> {
        self.store().key_list().await
    }
}

/// Everything that can be refused without asking the database.
fn check(
    name: &str,
    scopes: &[Scope],
    expires_at: Option<Timestamp>,
    by: &Grant,
    now: Timestamp,
) -> Result<(), CreateKeyError> {
    if name == OPERATOR {
        return Err(CreateKeyError::NameReserved);
    }
    if AgentKind::is_qualified(name) {
        return Err(CreateKeyError::NameQualified);
    }
    if name.trim() != name {
        return Err(CreateKeyError::Name(InvalidPrincipalName));
    }
    if scopes.is_empty() {
        return Err(CreateKeyError::NoScopes);
    }
    if let Some(scope) = scopes.iter().copied().find(|scope| !by.allows(*scope)) {
        return Err(CreateKeyError::ScopeNotHeld { scope });
    }
    if expires_at.is_some_and(|end| end <= now) {
        return Err(CreateKeyError::AlreadyExpired);
    }
    Ok(())
}
