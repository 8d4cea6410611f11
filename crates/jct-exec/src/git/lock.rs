//! One writer per cached repository: among tasks of this process by a mutex, among processes by a
//! lock file, which the kernel releases when its holder dies.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use tokio::time::{Instant, sleep};

const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// What is known of a cached repository while its lock is held.
#[derive(Debug, Default)]
pub(super) struct CacheState {
    /// When the last fetch that succeeded was begun.
    pub(super) fetched_from: Option<Instant>,
}

/// The locks of one cache folder.
#[derive(Debug, Default)]
pub(super) struct Locks {
    by_path: Mutex<HashMap<PathBuf, Arc<AsyncMutex<CacheState>>>>,
}

/// Holds a cached repository; gives it free when dropped.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) state: OwnedMutexGuard<CacheState>,
    _file: File,
}

impl Locks {
    /// Waits for the lock whose file is `path`. The caller sets the limit by dropping the future.
    pub(super) async fn hold(&self, path: &Path) -> io::Result<Held> {
        let state = self.mutex(path).lock_owned().await;
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Held { state, _file: file }),
                Err(TryLockError::WouldBlock) => sleep(LOOK_AGAIN).await,
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    /// The lock whose file is `path`, unless somebody has it.
    pub(super) fn try_hold(&self, path: &Path) -> io::Result<Option<Held>> {
        let Ok(state) = self.mutex(path).try_lock_owned() else { return Ok(None) };
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Held { state, _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn mutex(&self, path: &Path) -> Arc<AsyncMutex<CacheState>> {
        let mut all = self.by_path.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(path.to_owned()).or_default().clone()
    }
}
