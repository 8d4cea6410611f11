//! Intake: a task comes in, passes the gate and is durable before anybody hears "yes"; once per idempotency key.
//!
//! The rule is: normalise, look up the idempotency key, ask the gate, keep. The key is looked up *by keeping*: the
//! store answers who owns a key in the same transaction, which is safe under any concurrency and costs no read. Only
//! when the gate refuses must the key be looked up apart, because a repetition is answered even if the policy has
//! become stricter since. A key that is the tower's own is refused before all that, unless the tower hands the task in.

mod batch;
mod enqueue;
mod job_part;
mod keys;
mod known_repos;
mod prepared;
mod urgent;

pub use enqueue::{Enqueue, EnqueueError, EnqueueRequest};
pub(crate) use job_part::{Gate, JobPart};
pub use keys::RESERVED_KEYS;
pub(crate) use known_repos::KnownRepos;
