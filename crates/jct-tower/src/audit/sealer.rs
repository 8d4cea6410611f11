//! The sealer: makes checkpoints while the log grows, and keeps the copy outside the database up to date.
//!
//! It looks once a second, with one read of one number. An idle tower is not sealed again: there is nothing to seal.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jct_audit::{Origin, PublicKey, SigningKey};
use jct_contract::{Clock, Principal};
use jct_store::model::{CheckpointRecord, NewAuditKey};
use jct_store::{Store, StoreError};
use tokio::sync::Mutex;

use super::seal::{last_checkpoint, seal_all};
use super::{CheckpointFile, KeyFile, KeyFileError, SealError, Sealed};
use crate::status::Service;
use crate::work::Causes;

/// Between two looks, before jitter.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A process that ends does not wait longer than this for its last checkpoint.
const LAST_SEAL_LIMIT: Duration = Duration::from_secs(10);
/// Checkpoints copied into the file at once.
const COPIED_AT_ONCE: u32 = 16;

/// How a log is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealerOptions {
    /// The file with the secret key.
    pub key_file: PathBuf,
    /// The file outside the database that checkpoints are appended to.
    pub checkpoint_file: PathBuf,
    /// Seal when about so many entries are new.
    pub entries: u64,
    /// Seal when the oldest new entry has waited so long.
    pub interval: Duration,
}

/// Seals one tower's log with one key.
#[derive(Debug)]
pub struct Sealer {
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) origin: Origin,
    options: SealerOptions,
    service: Option<Service>,
    pub(super) state: Mutex<State>,
}

/// What one sealing at a time uses.
#[derive(Debug)]
pub(super) struct State {
    pub(super) key_file: KeyFile,
    /// `None` if the log is sealed by a key that this process does not have.
    pub(super) key: Option<SigningKey>,
    file: CheckpointFile,
}

/// Why sealing could not be prepared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenSealerError {
    /// The key file failed.
    #[error("failed to prepare the key of the audit log")]
    Key(#[from] KeyFileError),
    /// The database failed.
    #[error("failed to read or register the keys of the audit log")]
    Store(#[from] StoreError),
}

impl Sealer {
    /// Prepares sealing. In a log without keys, the key of the key file, made if it is not there, becomes the first, on
    /// behalf of `by`. In a log with keys none is made: this process then only follows.
    ///
    /// # Errors
    ///
    /// [`OpenSealerError`] if the key cannot be read, made or registered.
    pub async fn open(
        store: Store,
        options: SealerOptions,
        clock: Arc<dyn Clock>,
        by: Principal,
    ) -> Result<Self, OpenSealerError> {
        let origin = store.audit_origin().await?;
        let key_file = KeyFile::new(options.key_file.clone());
        let key = if store.audit_keys().await?.is_empty() {
            let key = key_file.load_or_make()?;
            // Whoever was first: whether it is this key shows when it is used.
            store.audit_key_keep(NewAuditKey::First { key: key.public(), by }).await?;
            Some(key)
        } else {
            key_file.load()?
        };
        let file = CheckpointFile::new(options.checkpoint_file.clone());
        let state = Mutex::new(State { key_file, key, file });
        Ok(Self { store, clock, origin, options, service: None, state })
    }

    /// Tells of its turns.
    #[must_use]
    pub fn reporting(self, service: Service) -> Self {
        Self { service: Some(service), ..self }
    }

    /// The tower's name in signed texts.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The public half of this process's key, whether it is in force or not.
    pub async fn public_key(&self) -> Option<PublicKey> {
        self.state.lock().await.key.as_ref().map(SigningKey::public)
    }

    /// Seals what is there, then brings the file up to date.
    ///
    /// # Errors
    ///
    /// [`SealError`]. Before anything is sealed, the file must fit the database: a forked log is not sealed.
    pub async fn seal(&self) -> Result<Sealed, SealError> {
        let mut state = self.state.lock().await;
        self.seal_with(&mut state).await
    }

    /// The same under a lock that is held already.
    pub(super) async fn seal_with(&self, state: &mut State) -> Result<Sealed, SealError> {
        self.compare(state).await?;
        let sealed = self.seal_in_database(state).await;
        // Whoever may not seal can still keep a copy.
        self.follow(state).await?;
        sealed
    }

    async fn seal_in_database(&self, state: &mut State) -> Result<Sealed, SealError> {
        if let Some(sealed) = self.try_key(state.key.as_ref()).await? {
            return Ok(sealed);
        }
        // Another process may have changed the key and its file.
        state.key = self.current_key(&state.key_file).await?;
        match self.try_key(state.key.as_ref()).await? {
            Some(sealed) => Ok(sealed),
            None => Err(SealError::KeyNotInForce { in_force: self.in_force().await? }),
        }
    }

    async fn try_key(&self, key: Option<&SigningKey>) -> Result<Option<Sealed>, SealError> {
        // Looked up first: a process without the key in force writes nothing at all.
        match key {
            Some(key) if key.public().id().to_string() == self.in_force().await? => {
                seal_all(&self.store, &self.origin, key, &*self.clock).await
            }
            Some(_) | None => Ok(None),
        }
    }

    /// The key of the file; if a rotation was interrupted after the log had taken the successor, that one.
    async fn current_key(&self, file: &KeyFile) -> Result<Option<SigningKey>, SealError> {
        let in_force = self.in_force().await?;
        if let Some(successor) = file.staged_successor()?
            && successor.public().id().to_string() == in_force
        {
            file.promote_successor()?;
        }
        Ok(file.load()?)
    }

    /// The short name of the key in force, as far as it can be read.
    async fn in_force(&self) -> Result<String, SealError> {
        let keys = self.store.audit_keys().await?;
        let last = keys.last().and_then(|key| key.public_key.parse::<PublicKey>().ok());
        Ok(last.map_or_else(|| "unknown".to_owned(), |key| key.id().to_string()))
    }

    /// Whether file and database tell of one log.
    async fn compare(&self, state: &mut State) -> Result<(), SealError> {
        state.file.look()?;
        let last = state.file.last_number();
        if last == 0 {
            return Ok(());
        }
        let stored = self.store.audit_checkpoints_before(Some(last.saturating_add(1)), 1).await?;
        state.file.compare(stored.first().filter(|stored| stored.number == last))?;
        Ok(())
    }

    /// Copies into the file what it lacks.
    async fn follow(&self, state: &mut State) -> Result<(), SealError> {
        let keys = self.store.audit_keys().await?;
        loop {
            let missing: Vec<CheckpointRecord> =
                self.store.audit_checkpoints(state.file.last_number(), COPIED_AT_ONCE).await?;
            state.file.append(&self.origin, &keys, &missing)?;
            if missing.len() < COPIED_AT_ONCE as usize {
                return Ok(());
            }
        }
    }

    /// Seals for as long as the future is polled: when enough entries are new, or when the first of them has waited long
    /// enough. May be dropped at any time.
    pub async fn run(&self) -> Infallible {
        let mut trouble = Trouble::default();
        let tell = |trouble: &mut Trouble, outcome: Result<(), SealError>| {
            match (&self.service, &outcome) {
                (Some(service), Ok(())) => service.turned(),
                (Some(service), Err(_)) => service.failed("the audit log cannot be sealed"),
                (None, _) => {}
            }
            trouble.tell(outcome);
        };
        let (mut through, mut waiting_since) = (self.sealed_through().await.unwrap_or(0), None);
        // What a crash kept from the file.
        tell(&mut trouble, self.seal().await.map(|sealed| through = sealed.through));
        loop {
            tokio::time::sleep(LOOK_EVERY.mul_f64(0.75 + 0.5 * rand::random::<f64>())).await;
            let Ok(position) = self.store.audit_position().await else { continue };
            if position <= through {
                waiting_since = None;
                continue;
            }
            let since = *waiting_since.get_or_insert_with(Instant::now);
            if position - through < self.options.entries && since.elapsed() < self.options.interval {
                continue;
            }
            waiting_since = None;
            tell(&mut trouble, self.seal().await.map(|sealed| through = sealed.through.max(position)));
        }
    }

    /// Seals once more, at the end of the process. What it cannot seal the next start does; the log says so.
    pub async fn seal_at_end(&self) {
        match tokio::time::timeout(LAST_SEAL_LIMIT, self.seal()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => log::warn!(cause:% = Causes(&error); "the audit log was not sealed at the end"),
            Err(_) => log::warn!("the audit log was not sealed at the end: the database took too long"),
        }
    }

    async fn sealed_through(&self) -> Result<u64, SealError> {
        Ok(last_checkpoint(&self.store).await?.map_or(0, |last| last.statement().through))
    }
}

/// An obstacle is one line when it begins and one when it ends, not one a minute.
#[derive(Debug, Default)]
struct Trouble(Option<String>);

impl Trouble {
    fn tell(&mut self, outcome: Result<(), SealError>) {
        let now = outcome.err().map(|error| Causes(&error).to_string());
        match (&self.0, &now) {
            (was, Some(cause)) if was.as_ref() != Some(cause) => {
                log::warn!(cause = cause.as_str(); "the audit log is not sealed");
            }
            (Some(_), None) => log::info!("the audit log is sealed again"),
            _ => {}
        }
        self.0 = now;
    }
}
