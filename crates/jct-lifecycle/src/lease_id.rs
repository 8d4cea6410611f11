//! The name of a lease towards workers that speak HTTP.

use std::fmt;
use std::str::FromStr;

use jct_contract::{Sha256Digest, WorkerId};

use crate::LeaseRef;

/// Names one lease of one worker. It is made from the lease itself, so that nothing keeps it and nobody can present the
/// lease of another worker by its fence alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LeaseId(uuid::Uuid);

/// The text is no lease id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a lease id: a UUID in its usual form")]
pub struct InvalidLeaseId;

impl LeaseId {
    /// The id of the lease that `worker` has.
    #[must_use]
    pub fn of(lease: LeaseRef, worker: WorkerId) -> Self {
        let LeaseRef { task_id, fence } = lease;
        let digest = Sha256Digest::of(format!("jct-lease-v1\n{task_id}\n{fence}\n{worker}").as_bytes());
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(digest.as_bytes()).for_each(|(byte, from)| *byte = *from);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for LeaseId {
    type Err = InvalidLeaseId;

    fn from_str(text: &str) -> Result<Self, InvalidLeaseId> {
        let id = Self(text.parse().map_err(|_| InvalidLeaseId)?);
        // Only the canonical spelling, so that a lease is the same text everywhere.
        if id.to_string() == text { Ok(id) } else { Err(InvalidLeaseId) }
    }
}

#[cfg(test)]
mod tests {
    use jct_contract::{TaskId, Timestamp};

    use super::*;
    use crate::Fence;

    #[test]
    fn it_differs_by_task_fence_and_worker_and_is_read_as_it_is_written() {
        let (task_id, worker) = (TaskId::at(Timestamp::from_micros(1)), WorkerId::at(Timestamp::from_micros(1)));
        let lease = |task_id, generation| LeaseRef { task_id, fence: Fence { epoch: 1, generation } };
        let id = LeaseId::of(lease(task_id, 1), worker);
        assert_eq!(id, LeaseId::of(lease(task_id, 1), worker));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_ne!(id, LeaseId::of(lease(task_id, 2), worker));
        assert_ne!(id, LeaseId::of(lease(TaskId::at(Timestamp::from_micros(1)), 1), worker));
        assert_ne!(id, LeaseId::of(lease(task_id, 1), WorkerId::at(Timestamp::from_micros(1))));
        for bad in ["", "1", &id.to_string().to_uppercase(), &id.to_string().replace('-', "")] {
            assert_eq!(bad.parse::<LeaseId>(), Err(InvalidLeaseId), "{bad}");
        }
    }
}
