//! Keeps the lease for as long as a job is worked on, and hears when it is not wanted any more.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use super::calls::{Beat, Calls};
use super::job::LeasedJob;
use crate::exit::Exit;

/// Heartbeats in the time of one lease.
const BEATS: u32 = 3;

/// Why a job is to be stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Halt {
    /// Somebody called it off, for this reason.
    Cancelled(Option<String>),
    /// It is not this worker's any more.
    Lost,
}

/// Beats until there is a reason to stop.
pub(super) async fn beat(calls: &Calls, job: &LeasedJob, lease: Duration) -> Halt {
    let mut renewed = Instant::now();
    loop {
        tokio::time::sleep(lease / BEATS).await;
        let asked = Instant::now();
        match calls.heartbeat(job).await {
            Ok(Beat::GoOn) => renewed = asked,
            Ok(Beat::Stop(reason)) => return Halt::Cancelled(reason),
            Err(failure) => {
                log::warn!(job_id = job.id.as_str(), failure:? = failure; "a heartbeat was not taken");
                if failure.exit() != Exit::Unavailable || renewed.elapsed() >= lease {
                    return Halt::Lost;
                }
            }
        }
    }
}

/// Beats for as long as it is polled, whatever is answered: for the time in which a job is being ended.
pub(super) async fn keep(calls: &Calls, job: &LeasedJob, lease: Duration) -> Infallible {
    loop {
        tokio::time::sleep(lease / BEATS).await;
        if let Err(failure) = calls.heartbeat(job).await {
            log::warn!(job_id = job.id.as_str(), failure:? = failure; "a heartbeat was not taken");
        }
    }
}
