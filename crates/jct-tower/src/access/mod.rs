//! Who may do what: scopes, grants, and the way from a bearer token to a grant.

mod authenticator;
mod cache;
mod grant;
mod keys;
mod scope;
mod secret;

pub use authenticator::{AuthError, Authenticator};
pub use grant::{Grant, OPERATOR};
pub use keys::{CreateKeyError, KeyRequest, NewKey, RevokeKeyError};
pub use scope::{Scope, UnknownScope};
pub use secret::KeySecret;
