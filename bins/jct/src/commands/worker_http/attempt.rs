//! One job: its command runs while its lease is kept and what it prints is told; then it is settled.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use jct_exec::LineSink;
use jct_exec::process::{Bounds, Capture, DEFAULT_OUTPUT_LIMIT, ProcessEnd, run};
use tokio_util::sync::CancellationToken;

use super::calls::Calls;
use super::folder::JobFolder;
use super::heartbeat::{self, Halt};
use super::job::LeasedJob;
use super::output::Printed;
use super::settle::{self, Ran, Settled};
use super::setup::Setup;

/// Works on a job until the tower knows how it ended, or until that is none of this worker's business any more.
/// `hurry` gives the job back at once.
pub(super) async fn work(job: &LeasedJob, calls: &Calls, setup: &Setup, hurry: &CancellationToken) -> Settled {
    let folder = match make_folder(job, &setup.parent).await {
        Ok(folder) => folder,
        Err(error) => return settle::unable(job, calls, &error).await,
    };
    let printed = Arc::new(Printed::default());
    let (end, halt) = supervise(job, calls, setup, hurry, &folder, &printed).await;
    if halt == Some(Halt::Lost) {
        return Settled::Lost;
    }
    let settling = async {
        printed.flush(calls, job).await;
        let ran = Ran { end, cancelled: halt, printed: &printed, folder: &folder, hurried: hurry.is_cancelled() };
        settle::settle(job, calls, ran).await
    };
    // Uploads can take longer than a lease.
    tokio::select! {
        settled = settling => settled,
        never = heartbeat::keep(calls, job, setup.lease) => match never {},
    }
}

async fn make_folder(job: &LeasedJob, parent: &Path) -> std::io::Result<JobFolder> {
    let (job, parent) = (job.clone(), parent.to_owned());
    tokio::task::spawn_blocking(move || JobFolder::make(&job, &parent)).await.map_err(std::io::Error::other)?
}

/// Runs the command to its end, which the tower may bring about.
async fn supervise(
    job: &LeasedJob,
    calls: &Calls,
    setup: &Setup,
    hurry: &CancellationToken,
    folder: &JobFolder,
    printed: &Arc<Printed>,
) -> (ProcessEnd, Option<Halt>) {
    let cancel = hurry.child_token();
    let command = folder.command(job, setup);
    let bounds = Bounds::new(setup.time_limit, cancel.clone()).with_grace(setup.grace);
    let capture = Capture::new(Arc::clone(printed) as Arc<dyn LineSink>, DEFAULT_OUTPUT_LIMIT);
    let halted = OnceLock::new();
    let mut running = std::pin::pin!(run(&command, &bounds, &capture));
    let mut beating = std::pin::pin!(async {
        let why = heartbeat::beat(calls, job, setup.lease).await;
        let still_held = why != Halt::Lost;
        halted.get_or_init(|| why);
        cancel.cancel();
        if still_held {
            // The command is given time to end, and that can be longer than a lease.
            match heartbeat::keep(calls, job, setup.lease).await {}
        }
    });
    let mut telling = std::pin::pin!(printed.tell(calls, job));
    let mut beats = true;
    let end = loop {
        tokio::select! {
            outcome = &mut running => break outcome.end,
            () = &mut beating, if beats => beats = false,
            never = &mut telling => match never {},
        }
    };
    (end, halted.get().cloned())
}
