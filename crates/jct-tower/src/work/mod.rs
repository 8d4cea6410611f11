//! What a process that works, or watches over work, needs of the tower: finding due tasks, ending leases that ran out,
//! and showing that it lives. Running a task is not here.

mod background;
mod causes;
mod feed;
mod outage;
mod poll;
mod presence;
mod reaper;
mod rest;
mod work_store;

pub use background::Background;
pub use causes::Causes;
pub use feed::WorkFeed;
pub use outage::Outage;
pub use poll::PollInterval;
pub use presence::{PRESENCE_INTERVAL, Presence};
pub use reaper::{REAP_BATCH, REAP_INTERVAL, Reaper};
pub(crate) use rest::Rest;
pub use work_store::WorkStore;

#[cfg(test)]
mod tests;
