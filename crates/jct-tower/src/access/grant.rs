//! A grant: an authenticated principal and what it may do.

use jct_contract::{Principal, RequesterKind};
use jct_store::model::ApiKeyRecord;

use super::Scope;

/// The name of the built-in principal: the bearer of the configured key, and everybody while no key exists.
pub const OPERATOR: &str = "operator";

/// A principal with its scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    principal: Principal,
    scopes: Vec<Scope>,
}

impl Grant {
    /// The operator, who may do everything.
    #[must_use]
    pub fn operator() -> Self {
        Self { principal: operator(), scopes: Scope::ALL.to_vec() }
    }

    /// What a kept key grants. Scopes that this binary does not know grant nothing.
    #[must_use]
    pub fn of_key(key: &ApiKeyRecord) -> Self {
        let scopes = key.scopes.iter().filter_map(|scope| scope.parse().ok()).collect();
        Self { principal: key.principal.clone(), scopes }
    }

    /// Who.
    #[must_use]
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Whether the principal may do this.
    #[must_use]
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}

/// The built-in principal.
fn operator() -> Principal {
    Principal::new(RequesterKind::Human, OPERATOR).unwrap_or_else(|_| unreachable!("`{OPERATOR}` is a valid name"))
}
