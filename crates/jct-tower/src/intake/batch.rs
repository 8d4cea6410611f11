//! Many tasks in: independent of each other, kept together.

use std::collections::HashMap;

use jct_contract::TaskId;
use jct_store::StoreError;
use jct_store::model::Enqueued;

use super::keys::Keys;
use super::prepared::{Draft, Prepared};
use super::{Enqueue, EnqueueError, EnqueueRequest};
use crate::Tower;

/// What is known about one item before the store was asked.
enum Slot {
    /// Was sent to the store, in this order.
    Sent(Box<Draft>),
    /// Was answered without it.
    Answered(Box<Result<Enqueue, EnqueueError>>),
    /// Was refused, but an earlier item of this batch, the one at this place among those sent, owns its key.
    KeyTakenBy { sent: usize, refusal: Box<EnqueueError> },
}

impl Tower {
    /// Takes tasks in; one answer each, in order, exactly as if they had been handed in one after the other. A refused
    /// task undoes no other. Durable when this returns.
    ///
    /// # Errors
    /// [`StoreError`] when the database failed; then no task was kept, unless the store does not know.
    pub async fn enqueue_batch(
        &self,
        requests: Vec<EnqueueRequest>,
    ) -> Result<Vec<Result<Enqueue, EnqueueError>>, StoreError> {
        self.enqueue_all(requests, Keys::OfCallers).await
    }

    /// The same for tasks whose idempotency keys the tower chose itself.
    pub(crate) async fn enqueue_own(
        &self,
        requests: Vec<EnqueueRequest>,
    ) -> Result<Vec<Result<Enqueue, EnqueueError>>, StoreError> {
        self.enqueue_all(requests, Keys::OfTower).await
    }

    async fn enqueue_all(
        &self,
        requests: Vec<EnqueueRequest>,
        keys: Keys,
    ) -> Result<Vec<Result<Enqueue, EnqueueError>>, StoreError> {
        let mut slots = Vec::with_capacity(requests.len());
        let mut sent = Vec::with_capacity(requests.len());
        let mut owners: HashMap<String, usize> = HashMap::new();
        for request in requests {
            match self.prepare(request, keys).await? {
                Prepared::Admitted(fresh) => {
                    if let Some(key) = fresh.task.idempotency_key() {
                        owners.entry(key.to_owned()).or_insert(sent.len());
                    }
                    let (new, draft) = fresh.split();
                    sent.push(new);
                    slots.push(Slot::Sent(Box::new(draft)));
                }
                Prepared::Refused { key, error } => {
                    let owner = key.as_ref().and_then(|(key, _)| owners.get(key).copied());
                    let refusal = item_answer(self.replay_or_refuse(key, error).await)?;
                    slots.push(match (refusal, owner) {
                        (Err(refusal @ EnqueueError::Policy(_)), Some(sent)) => {
                            Slot::KeyTakenBy { sent, refusal: Box::new(refusal) }
                        }
                        (answer, _) => Slot::Answered(Box::new(answer)),
                    });
                }
                Prepared::Reserved(error) => slots.push(Slot::Answered(Box::new(Err(error)))),
            }
        }
        let answers = if sent.is_empty() { Vec::new() } else { self.store().enqueue(sent).await? };
        self.collect(slots, answers).await
    }

    async fn collect(
        &self,
        slots: Vec<Slot>,
        answers: Vec<Enqueued>,
    ) -> Result<Vec<Result<Enqueue, EnqueueError>>, StoreError> {
        let mut results = Vec::with_capacity(slots.len());
        let mut next = answers.iter();
        for slot in slots {
            let result = match slot {
                Slot::Sent(draft) => self.answer(next.next().cloned(), *draft).await,
                Slot::Answered(answer) => *answer,
                Slot::KeyTakenBy { sent, refusal } => Err(match answers.get(sent) {
                    // The earlier item differs from this one, since the same task would not have been refused.
                    Some(answer) => task_of(answer).map_or(*refusal, |task_id| EnqueueError::KeyReused { task_id }),
                    None => *refusal,
                }),
            };
            results.push(item_answer(result)?);
        }
        Ok(results)
    }
}

/// A failure of the database is the failure of the batch; everything else is the answer to one item.
fn item_answer(result: Result<Enqueue, EnqueueError>) -> Result<Result<Enqueue, EnqueueError>, StoreError> {
    match result {
        Err(EnqueueError::Store(error)) => Err(error),
        other => Ok(other),
    }
}

const fn task_of(answer: &Enqueued) -> Option<TaskId> {
    match answer {
        Enqueued::Created { task_id, .. } | Enqueued::Replayed { task_id } | Enqueued::KeyReused { task_id } => {
            Some(*task_id)
        }
        Enqueued::ManifestGone => None,
    }
}
