//! Who: principals, requesters, holders.

use jct_contract::{Principal, RequesterKind, WorkerId};
use jct_store::model::Holder;
use serde::Serialize;
use utoipa::ToSchema;

/// An authenticated principal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Principal)]
pub(crate) struct PrincipalBody<'a> {
    #[schema(value_type = String, example = "human")]
    pub(super) kind: RequesterKind,
    #[schema(example = "operator")]
    pub(super) name: &'a str,
}

impl<'a> PrincipalBody<'a> {
    pub(super) fn of(principal: &'a Principal) -> Self {
        Self { kind: principal.kind(), name: principal.name() }
    }
}

/// Who holds a lease.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Holder)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum HolderBody<'a> {
    /// A worker process of the tower.
    Worker {
        #[schema(value_type = String, format = "uuid")]
        id: String,
        name: &'a str,
    },
    /// A principal outside the tower.
    External { name: &'a str },
}

impl<'a> HolderBody<'a> {
    pub(super) fn of(holder: &'a Holder) -> Self {
        match holder {
            Holder::Worker { id, name } => Self::Worker { id: id_text(*id), name },
            Holder::External { principal } => Self::External { name: principal },
        }
    }
}

fn id_text(id: WorkerId) -> String {
    id.to_string()
}
