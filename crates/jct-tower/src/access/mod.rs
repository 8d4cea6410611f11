//! Who may do what: scopes, grants, and the way from a bearer token to a grant; for people and agents by their keys, and
//! for workers that come over HTTP by their tokens.

mod authenticator;
mod cache;
mod grant;
mod keys;
mod scope;
mod secret;
mod worker_authenticator;
mod worker_grant;
mod worker_tokens;

pub use authenticator::{AuthError, Authenticator};
pub use grant::{Grant, OPERATOR};
pub use keys::{CreateKeyError, KeyRequest, NewKey, RevokeKeyError};
pub use scope::{Scope, UnknownScope};
pub use secret::KeySecret;
pub use worker_authenticator::{WorkerAuthError, WorkerAuthenticator};
pub use worker_grant::{WorkerForbidden, WorkerGrant, WorkerWish};
pub use worker_tokens::{CreateTokenError, NewToken, RevokeTokenError, WorkerTokenRequest};
