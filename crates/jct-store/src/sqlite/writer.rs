//! The writer thread: drain, one transaction, answer.

use std::fs::File;
use std::sync::Arc;

use diesel_async::SimpleAsyncConnection;
use jct_contract::{Clock, Timestamp};
use tokio::sync::mpsc;

use super::connection::complete;
use super::{Conn, batch, tower_reads};
use crate::StoreError;
use crate::command::{Answer, Command};
use crate::context::{Context, Shared};
use crate::wake::Waker;
use crate::writer::{Job, MAX_COMMANDS, answer, commands, is_news, refuse, split};

pub(super) struct Writer {
    pub(super) conn: Conn,
    pub(super) lock: File,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) shared: Shared,
    pub(super) waker: Waker,
    /// The latest moment seen: a wall clock that is set back must not revive leases.
    pub(super) latest: Timestamp,
}

impl Writer {
    /// Runs until every sender is gone and the last command is answered.
    pub(super) fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut drained = Vec::with_capacity(MAX_COMMANDS);
        while jobs.blocking_recv_many(&mut drained, MAX_COMMANDS) > 0 {
            for jobs in split(&mut drained) {
                self.commit(jobs);
            }
        }
    }

    fn commit(&mut self, jobs: Vec<Job>) {
        match self.transaction(&commands(&jobs)) {
            Ok(answers) => self.answer(jobs, answers),
            Err(error) => match <[Job; 1]>::try_from(jobs) {
                Ok([job]) => refuse(job, error),
                Err(jobs) => self.commit_one_by_one(jobs, &error),
            },
        }
    }

    fn commit_one_by_one(&mut self, jobs: Vec<Job>, why: &StoreError) {
        log::debug!("a batch of {} writes failed and is tried one by one: {why:?}", jobs.len());
        for job in jobs {
            match self.transaction(&[&job.command]) {
                Ok(answers) => self.answer(vec![job], answers),
                Err(error) => refuse(job, error),
            }
        }
    }

    fn answer(&self, jobs: Vec<Job>, answers: Vec<Answer>) {
        let news = is_news(&jobs, &answers);
        answer(jobs, answers);
        if news {
            self.waker.wake();
        }
    }

    fn transaction(&mut self, commands: &[&Command]) -> Result<Vec<Answer>, StoreError> {
        self.lock.lock().map_err(StoreError::unavailable)?;
        let done = self.locked_transaction(commands);
        if let Err(error) = self.lock.unlock() {
            log::error!("failed to release the writer's lock: {error}");
        }
        done
    }

    fn locked_transaction(&mut self, commands: &[&Command]) -> Result<Vec<Answer>, StoreError> {
        self.latest = self.latest.max(self.clock.now());
        let (now, shared) = (self.latest, &self.shared);
        let conn = &mut self.conn;
        let done = complete(async {
            conn.batch_execute("BEGIN IMMEDIATE").await?;
            let context = Context { now, epoch: tower_reads::epoch(conn).await?, shared };
            let answers = batch::run(conn, context, commands).await?;
            conn.batch_execute("COMMIT").await?;
            Ok(answers)
        });
        if done.is_err() {
            // The transaction may already be gone; then there is nothing to roll back.
            drop(complete(async { Ok(conn.batch_execute("ROLLBACK").await?) }));
        }
        done
    }
}
