//! Who calls: put into every request by whoever transports it, after it has authenticated them.

use std::sync::Arc;

use http::request::Parts;
use jct_contract::{Principal, TraceId};
use jct_tower::access::{Grant, Scope};
use rmcp::ErrorData;
use rmcp::model::Extensions;

/// An authenticated principal and the trace of its request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The principal and what it may do.
    pub grant: Arc<Grant>,
    /// The trace of the request.
    pub trace_id: TraceId,
}

impl Caller {
    /// The caller of a request, as it was put into the extensions of its HTTP request.
    pub(crate) fn of(extensions: &Extensions) -> Result<Self, ErrorData> {
        let parts = extensions.get::<Parts>();
        let caller = parts.and_then(|parts| parts.extensions.get::<Self>());
        caller.cloned().ok_or_else(|| ErrorData::internal_error("the request has no caller", None))
    }

    pub(crate) fn principal(&self) -> Principal {
        self.grant.principal().clone()
    }

    pub(crate) fn allows(&self, scope: Scope) -> bool {
        self.grant.allows(scope)
    }
}
