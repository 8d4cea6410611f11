//! What the bodies of workers' calls have in common: who is calling, and with which lease.

use std::fmt::Display;
use std::str::FromStr;

use jct_lifecycle::{Fence, LeaseId};
use jct_tower::access::WorkerGrant;
use jct_tower::jobs::LeaseProof;

use crate::input::{ObjectReader, QueryReader};
use crate::problem::Problem;

/// Longest name of a worker, in characters.
pub(super) const WORKER_ID_MAX_CHARS: usize = 128;

/// A worker's lease, as its call presents it.
pub(super) struct Call {
    worker_id: Option<String>,
    lease_id: Option<LeaseId>,
    fence: Option<Fence>,
}

impl Call {
    /// Takes the fields out of a body; what is wrong with them stays with the reader.
    pub(super) fn take(body: &mut ObjectReader<'_>) -> Self {
        body.require(&["leaseId", "fence"]);
        Self { worker_id: body.text("workerId"), lease_id: body.value("leaseId"), fence: body.value("fence") }
    }

    /// The same for a query or a form.
    pub(super) fn take_query(query: &mut QueryReader<'_>) -> Self {
        let call =
            Self { worker_id: query.text("workerId"), lease_id: query.value("leaseId"), fence: query.value("fence") };
        query.require(&[("leaseId", call.lease_id.is_some()), ("fence", call.fence.is_some())]);
        call
    }

    /// The proof, once the reader has found nothing wrong; the worker that is named must be the one that calls.
    pub(super) fn proof(self, worker: &WorkerGrant) -> Result<LeaseProof, Problem> {
        worker.require_name(self.worker_id.as_deref())?;
        match (self.lease_id, self.fence) {
            (Some(lease_id), Some(fence)) => Ok(LeaseProof { lease_id, fence }),
            // Whatever is missing was refused.
            _ => Err(Problem::internal("a lease that nobody missed is missing")),
        }
    }
}

/// A value with white space around it, which is cut off before it is read.
pub(super) struct Trimmed<T>(pub(super) T);

impl<T: FromStr<Err: Display>> FromStr for Trimmed<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        text.trim().parse().map(Self)
    }
}

/// A list that must not be empty: leaving it out says something else.
pub(super) fn some<T: FromStr<Err: Display>>(body: &mut ObjectReader<'_>, name: &'static str) -> Option<Vec<T>> {
    let values = body.values::<Trimmed<T>>(name)?;
    if body.field(name).and_then(|field| field.as_array()).is_some_and(<[_]>::is_empty) {
        body.refuse(name, "EMPTY", format!("`{name}` names at least one, or is left out"));
    }
    Some(values.into_iter().map(|Trimmed(value)| value).collect())
}
