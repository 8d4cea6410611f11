//! A run as it will be done: the manifest and the job in one value, everything decided, nothing left to refuse.

mod fact;
mod filter;
mod model;
mod payload;
mod read;
mod sources;

pub(crate) use fact::Fact;
pub(crate) use filter::{Candidate, PathFilter};
pub(crate) use model::{Action, Origin, Plan, SourcePlan, Splitting, SplittingKind, Store, StoreKind};
pub(crate) use read::read;
