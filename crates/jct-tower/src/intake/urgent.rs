//! A task that is more or less urgent than others.

use jct_contract::Priority;
use jct_store::model::JobFacts;

use super::job_part::JobPart;
use super::{Enqueue, EnqueueError, EnqueueRequest};
use crate::Tower;

impl Tower {
    /// Takes a task in with a priority: higher goes first. Durable when this returns. A repetition is answered with the
    /// first task, whatever its priority.
    ///
    /// # Errors
    /// [`EnqueueError`]; nothing was kept, unless the store does not know.
    pub async fn enqueue_with_priority(
        &self,
        request: EnqueueRequest,
        priority: Priority,
    ) -> Result<Enqueue, EnqueueError> {
        match request.spec.normalize() {
            Ok(task) => {
                let part = JobPart::of(JobFacts { priority, ..JobFacts::of_task(&task) });
                self.submit(request, part).await
            }
            // The gate says what is wrong with it.
            Err(_) => self.enqueue(request).await,
        }
    }
}
