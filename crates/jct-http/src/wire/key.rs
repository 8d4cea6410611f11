//! Keys: everything but the secret, and once, when it is made, the secret.

use jct_contract::{ApiKeyId, Timestamp};
use jct_store::model::ApiKeyRecord;
use jct_tower::access::NewKey;
use serde::Serialize;
use utoipa::ToSchema;

/// A key as it is kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(crate) struct KeyBody<'a> {
    #[schema(value_type = String, format = "uuid")]
    id: ApiKeyId,
    name: &'a str,
    #[schema(example = "agent")]
    kind: &'static str,
    scopes: &'a [String],
    created_by: &'a str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
}

/// A key that was just made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewApiKey)]
pub(crate) struct NewKeyBody<'a> {
    /// The secret. It is shown this once and kept nowhere.
    key: &'a str,
    #[serde(flatten)]
    record: KeyBody<'a>,
}

impl<'a> KeyBody<'a> {
    pub(crate) fn of(record: &'a ApiKeyRecord) -> Self {
        let ApiKeyRecord { id, principal, scopes, key_digest: _, created_by, created_at, expires_at, revoked_at } =
            record;
        Self {
            id: *id,
            name: principal.name(),
            kind: principal.kind().as_str(),
            scopes,
            created_by,
            created_at: *created_at,
            expires_at: *expires_at,
            revoked_at: *revoked_at,
        }
    }
}

impl<'a> NewKeyBody<'a> {
    pub(crate) fn of(key: &'a NewKey) -> Self {
        Self { key: key.secret.reveal(), record: KeyBody::of(&key.record) }
    }
}
