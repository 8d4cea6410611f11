//! What waits for a review, with what the asking principal may do about it.

use jct_cwom::ReviewDecisionStatus;
use jct_cwom::review::{Parties, allowed};
use jct_store::StoreError;
use jct_store::model::{Page, PageStart, PendingReview};

use crate::Tower;
use crate::access::{Grant, Scope};

/// A run that waits.
#[derive(Clone, Debug)]
pub struct Awaiting {
    /// The run and its evidence.
    pub pending: PendingReview,
    /// Why the asking principal cannot approve it; `None` if it can.
    pub why_not: Option<String>,
}

impl Tower {
    /// A page of what waits for a review, oldest first; `limit` is 1 to 500.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be read.
    pub async fn reviews_pending(
        &self,
        asker: &Grant,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<Awaiting>, StoreError> {
        let Page { items, next } = self.store().pending_reviews(start, limit).await?;
        let allow_self = self.review_options().allow_self_approval;
        let items = items.into_iter().map(|pending| {
            let why_not = why_not(asker, &pending, allow_self);
            Awaiting { pending, why_not }
        });
        Ok(Page { items: items.collect(), next })
    }
}

fn why_not(asker: &Grant, pending: &PendingReview, allow_self: bool) -> Option<String> {
    if !asker.allows(Scope::ReviewsDecide) {
        return Some(format!("the key lacks the scope `{}`", Scope::ReviewsDecide));
    }
    let PendingReview { enqueued_by, holders, executor, agent, assignee, .. } = pending;
    let (agent, assignee) = (agent.as_deref(), assignee.as_deref());
    let parties = Parties { enqueued_by, holders, executor, agent, assignee };
    allowed(asker.principal(), &parties, ReviewDecisionStatus::Approved, allow_self).err().map(|own| own.to_string())
}
