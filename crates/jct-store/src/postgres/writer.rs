//! A writer: drain, one transaction, answer. A few of them run side by side on connections of their own.

use std::sync::Arc;
use std::time::Duration;

use diesel::QueryDsl;
use diesel::result::Error as DieselError;
use diesel::sql_types::BigInt;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use jct_contract::{Clock, Timestamp};
use tokio::sync::{Mutex, mpsc};

use super::connection::establish;
use super::signal::Signal;
use super::{Conn, batch, tower_reads};
use crate::StoreError;
use crate::cached::Cached;
use crate::command::{Answer, Command};
use crate::context::{Context, Shared};
use crate::schema::database_meta;
use crate::wake::Waker;
use crate::writer::{Job, MAX_COMMANDS, answer, commands, is_news, refuse, split};

/// A deadlock or a serialisation failure says nothing about the command: it is tried this often.
const TRIES: u32 = 5;
/// A server that does not answer within this time is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Every writing transaction holds the lock of the audit log, shared with all others, until its end. Whoever gets it alone
/// knows that no entry is on its way: positions are taken before the commit, and commits come in any order.
const BEGIN: &str = "BEGIN; SELECT pg_advisory_xact_lock_shared(73140102026)";

#[derive(Clone)]
pub(super) struct Writer {
    pub(super) url: Arc<str>,
    pub(super) jobs: Arc<Mutex<mpsc::Receiver<Job>>>,
    pub(super) clock: Option<Arc<dyn Clock>>,
    pub(super) shared: Arc<Shared>,
    pub(super) waker: Waker,
    pub(super) signal: Signal,
}

impl Writer {
    /// Runs until every sender is gone and the last command is answered.
    pub(super) async fn run(self, conn: Option<Conn>) {
        let mut conn = conn;
        let mut drained = Vec::with_capacity(MAX_COMMANDS);
        while self.jobs.lock().await.recv_many(&mut drained, MAX_COMMANDS).await > 0 {
            for jobs in split(&mut drained) {
                self.commit(&mut conn, jobs).await;
            }
        }
    }

    async fn commit(&self, conn: &mut Option<Conn>, jobs: Vec<Job>) {
        match self.transaction(conn, &commands(&jobs)).await {
            Ok(answers) => self.answer(jobs, answers),
            Err(error) => self.commit_one_by_one(conn, jobs, error).await,
        }
    }

    async fn commit_one_by_one(&self, conn: &mut Option<Conn>, jobs: Vec<Job>, why: StoreError) {
        log::debug!("a batch of {} writes failed and is tried one by one: {why:?}", jobs.len());
        let mut is_down = false;
        for job in jobs {
            if is_down {
                // Not one connection attempt for each: the server was away a moment ago.
                refuse(job, StoreError::unavailable("the server went away"));
                continue;
            }
            match self.patient_transaction(conn, &job.command, &why).await {
                Ok(answers) => self.answer(vec![job], answers),
                Err(error) => {
                    is_down = matches!(error, StoreError::Unavailable(_));
                    refuse(job, error);
                }
            }
        }
    }

    fn answer(&self, jobs: Vec<Job>, answers: Vec<Answer>) {
        let news = is_news(&jobs, &answers);
        answer(jobs, answers);
        if news {
            self.waker.wake();
            self.signal.raise();
        }
    }

    /// One command alone, again after a deadlock. An unknown outcome is never tried again here: only the caller knows
    /// whether twice is harmless.
    async fn patient_transaction(
        &self,
        conn: &mut Option<Conn>,
        command: &Command,
        batch_error: &StoreError,
    ) -> Result<Vec<Answer>, StoreError> {
        if let StoreError::OutcomeUnknown(_) = batch_error {
            return Err(StoreError::OutcomeUnknown(batch_error.to_string().into()));
        }
        let mut failed = 0;
        loop {
            match self.transaction(conn, &[command]).await {
                Err(error) if failed < TRIES && is_conflict(&error) => failed += 1,
                done => return done,
            }
        }
    }

    async fn transaction(&self, conn: &mut Option<Conn>, commands: &[&Command]) -> Result<Vec<Answer>, StoreError> {
        let mut own = match conn.take() {
            Some(own) => own,
            None => tokio::time::timeout(CONNECT_TIMEOUT, establish(&self.url))
                .await
                .map_err(StoreError::unavailable)?
                .map_err(StoreError::unavailable)?,
        };
        let done = self.open_transaction(&mut own, commands).await;
        // A connection whose transaction did not end cleanly is not used again.
        if done.is_ok() || own.batch_execute("ROLLBACK").await.is_ok() {
            *conn = Some(own);
        }
        done
    }

    async fn open_transaction(&self, conn: &mut Conn, commands: &[&Command]) -> Result<Vec<Answer>, StoreError> {
        let (now, epoch) = begin(conn).await?;
        let now = self.clock.as_ref().map_or(now, |clock| clock.now());
        let context = Context { now, epoch, shared: &self.shared };
        let answers = batch::run(conn, context, commands).await?;
        conn.batch_execute("COMMIT").await.map_err(|error| match error {
            DieselError::DatabaseError(diesel::result::DatabaseErrorKind::SerializationFailure, _) => error.into(),
            // The server may have committed before the connection broke.
            other => StoreError::OutcomeUnknown(other.into()),
        })?;
        Ok(answers)
    }
}

/// Opens the transaction and reads what every one needs, in one round trip.
async fn begin(conn: &Conn) -> Result<(Timestamp, i64), StoreError> {
    let (mut opening, mut reading) = (conn, conn);
    let epoch = database_meta::table.find("epoch").select(database_meta::value).first(&mut reading);
    let (opened, now, epoch) = tokio::join!(biased; opening.batch_execute(BEGIN), server_time(conn), epoch);
    opened.map_err(StoreError::unavailable)?;
    let epoch: String = epoch?;
    Ok((now?, tower_reads::parse_epoch(&epoch)?))
}

pub(super) async fn server_time(mut conn: &Conn) -> Result<Timestamp, StoreError> {
    #[derive(diesel::QueryableByName)]
    struct Now {
        #[diesel(sql_type = BigInt)]
        micros: i64,
    }
    let now: Now =
        Cached(diesel::sql_query("SELECT (extract(epoch from clock_timestamp()) * 1000000)::bigint AS micros"))
            .get_result(&mut conn)
            .await?;
    Ok(Timestamp::from_micros(now.micros))
}

/// Whether another try may succeed: a serialisation failure, a deadlock (which the driver does not tell apart, and
/// whose text depends on the server's language), or a number in the journal that another writer took first.
fn is_conflict(error: &StoreError) -> bool {
    use diesel::result::DatabaseErrorKind as Kind;
    matches!(
        error,
        StoreError::Refused(DieselError::DatabaseError(
            Kind::SerializationFailure | Kind::UniqueViolation | Kind::Unknown,
            _
        ))
    )
}
