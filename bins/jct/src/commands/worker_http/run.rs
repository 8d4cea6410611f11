//! Takes jobs until it is told to end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jct_evidence::scan::Scanner;
use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::args::WorkerHttpArgs;
use super::attempt;
use super::calls::Calls;
use super::job::LeasedJob;
use super::settle::Settled;
use super::setup::Setup;
use crate::client::Client;
use crate::context::{Context, block_on};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::signals::Signals;

const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

pub(crate) fn run(args: WorkerHttpArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config(Vec::new())?;
    let token = config.client.worker_token.ok_or_else(|| {
        Failure::new(Exit::Usage, "there is no token to take jobs with")
            .hint("make one with `jct tokens create` and set JCT_WORKER_TOKEN to it")
    })?;
    let (slots, setup) = (args.slots, Setup::new(args)?);
    let scanner = Scanner::new().with_values([token.expose()]);
    let calls = Calls::new(Client::new(config.client.url.as_str(), Some(token))?, setup.lease, scanner);
    let worker = Arc::new(Worker {
        setup,
        calls,
        output: *context.output(),
        drain: CancellationToken::new(),
        hurry: CancellationToken::new(),
    });
    block_on(worker.run(slots)).map(|()| Exit::Success)
}

struct Worker {
    setup: Setup,
    calls: Calls,
    output: Output,
    /// Take nothing more.
    drain: CancellationToken,
    /// Give back what runs.
    hurry: CancellationToken,
}

impl Worker {
    /// Works in `slots` places at once; the first failure ends them all, after what they have begun.
    async fn run(self: Arc<Self>, slots: u32) -> Result<(), Failure> {
        let mut signals = Signals::listen()?;
        let mut places = JoinSet::new();
        for _ in 0..slots {
            let worker = Arc::clone(&self);
            places.spawn(async move { worker.place().await });
        }
        let mut result = Ok(());
        loop {
            tokio::select! {
                ended = places.join_next() => {
                    let Some(ended) = ended else { return result };
                    let ended = ended.unwrap_or_else(|error| {
                        Err(Failure::caused(Exit::Local, "a part of the worker was lost", &error))
                    });
                    if ended.is_err() {
                        self.drain.cancel();
                    }
                    result = result.and(ended);
                }
                () = signals.next() => self.press(),
            }
        }
    }

    fn press(&self) {
        if self.drain.is_cancelled() {
            self.output.note("giving back what runs");
            self.hurry.cancel();
        } else {
            self.output.note("finishing what runs; once more gives it back");
            self.drain.cancel();
        }
    }

    async fn place(&self) -> Result<(), Failure> {
        let mut wait = FIRST_WAIT;
        while !self.drain.is_cancelled() {
            let asked = Instant::now();
            match self.claim().await {
                Ok(Some(job)) => {
                    wait = FIRST_WAIT;
                    self.work(&job).await?;
                }
                Ok(None) if self.setup.until_idle => return Ok(()),
                Ok(None) => {
                    wait = FIRST_WAIT;
                    // A tower that is ending, or was not asked to wait, answers at once.
                    self.pause(FIRST_WAIT.saturating_sub(asked.elapsed())).await;
                }
                Err(failure) if failure.exit() == Exit::Unavailable && !self.setup.until_idle => {
                    self.output
                        .note(format!("no job: the tower does not answer; trying again in {} s", wait.as_secs()));
                    self.pause(wait).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }

    /// Waits, unless it is told to finish.
    async fn pause(&self, wait: Duration) {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.drain.cancelled() => {}
        }
    }

    /// Asks for a job. A question that is under way when the worker is told to finish is waited for: what it brings is
    /// this worker's already.
    async fn claim(&self) -> Result<Option<LeasedJob>, Failure> {
        tokio::select! {
            claimed = self.calls.claim(self.setup.claim()) => claimed,
            () = self.hurry.cancelled() => Ok(None),
        }
    }

    async fn work(&self, job: &LeasedJob) -> Result<(), Failure> {
        self.tell(job, "claimed")?;
        let settled = attempt::work(job, &self.calls, &self.setup, &self.hurry).await;
        match settled {
            Settled::Told(end) => self.tell(job, end),
            Settled::Lost => self.tell(job, "lost"),
            Settled::Unfit(why) => Err(Failure::new(Exit::Local, why)),
        }
    }

    fn tell(&self, job: &LeasedJob, what: &str) -> Result<(), Failure> {
        if self.output.is_json() {
            let told = json!({ "job_id": job.id, "type": job.job_type, "attempt": job.attempt, "state": what });
            self.output.record(&told)
        } else {
            self.output.line(format!("job {} {what}", job.id))
        }
    }
}
