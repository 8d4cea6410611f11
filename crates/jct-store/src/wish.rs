//! What a claim asks for, on its way to the engine: the worker's filter, and what has to be left.

use jct_contract::IsolationLevel;

use crate::model::{Claim, ClaimFilter};
use crate::types::Id;

/// What a claim, or a look before it, wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish<'a> {
    pub(crate) filter: &'a ClaimFilter,
    pub(crate) isolation: Option<IsolationLevel>,
    pub(crate) worker_id: Id,
    pub(crate) worker_name: &'a str,
    pub(crate) limits: Limits<'a>,
}

/// How limits of agents are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limits<'a> {
    /// Nothing is taken if there is one to keep: nobody has counted.
    Unread,
    /// Nothing is taken that needs one of these agents, which run as much as they may.
    Full(&'a [String]),
}

impl<'a> Wish<'a> {
    /// What the claim wants while no limit is known.
    pub(crate) fn of(claim: &'a Claim) -> Self {
        Self {
            filter: &claim.filter,
            isolation: claim.isolation,
            worker_id: claim.worker_id.into(),
            worker_name: &claim.worker_name,
            limits: Limits::Unread,
        }
    }

    /// The agents that are full, if limits were read.
    pub(crate) fn full(&self) -> Option<&'a [String]> {
        match self.limits {
            Limits::Unread => None,
            Limits::Full(names) => Some(names),
        }
    }
}
