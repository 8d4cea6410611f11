//! The extractor: authenticates, checks the scope, and only then hands out the tower.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use jct_contract::{Principal, TraceId};
use jct_tower::Tower;
use jct_tower::access::{Grant, Scope};

use super::bearer::{Bearer, bearer};
use super::{Guarded, NeedsScope};
use crate::problem::{ErrorCode, Problem};

/// The tower in the hands of a principal that has the scope `S`.
pub(crate) struct Access<S> {
    tower: Tower,
    grant: Arc<Grant>,
    trace_id: TraceId,
    scope: PhantomData<S>,
}

impl<S: NeedsScope> Access<S> {
    pub(crate) const fn tower(&self) -> &Tower {
        &self.tower
    }

    pub(crate) fn grant(&self) -> &Grant {
        &self.grant
    }

    /// The same, to be handed on.
    pub(crate) fn shared_grant(&self) -> Arc<Grant> {
        Arc::clone(&self.grant)
    }

    pub(crate) fn principal(&self) -> Principal {
        self.grant.principal().clone()
    }

    pub(crate) fn trace_id(&self) -> &TraceId {
        &self.trace_id
    }

    /// Whether a refusal may tell what the policy allows.
    pub(crate) fn may_read_policy(&self) -> bool {
        self.grant.allows(Scope::PolicyRead)
    }

    /// A finer check than the route's own.
    pub(crate) fn require(&self, scope: Scope) -> Result<(), Problem> {
        if self.grant.allows(scope) { Ok(()) } else { Err(lacks(&[scope])) }
    }
}

impl<S: NeedsScope> FromRequest for Access<S> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let app = request.app_data::<web::Data<Guarded>>().ok_or_else(|| Problem::internal("no application"))?;
            let token = match bearer(request.headers()) {
                Bearer::Absent => None,
                Bearer::Token(token) => Some(token),
                // A credential that cannot be read is no missing one, even where none is needed.
                Bearer::Unusable => return Err(jct_tower::access::AuthError::Invalid.into()),
            };
            let grant = app.authenticate(token).await?;
            if !S::ANY_OF.iter().any(|scope| grant.allows(*scope)) {
                return Err(lacks(S::ANY_OF));
            }
            let trace_id = request.extensions().get::<TraceId>().cloned();
            let trace_id = trace_id.ok_or_else(|| Problem::internal("the edge gave no trace id"))?;
            Ok(Self { tower: app.unlocked().clone(), grant, trace_id, scope: PhantomData })
        })
    }
}

fn lacks(any_of: &[Scope]) -> Problem {
    let names: Vec<_> = any_of.iter().map(|scope| scope.as_str()).collect();
    Problem::new(ErrorCode::Forbidden, format!("this needs scope {}", names.join(" or ")))
        .with("required_scope", names.join(" "))
}
