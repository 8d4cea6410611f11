//! Who needs the objects of a cached repository: every snapshot, and so every workspace, holds a shared lock on a file
//! beside the cache. Whatever could take objects away needs the same lock alone.
//!
//! INVARIANT: the lock is taken alone only by a holder of the repository's own lock ([`super::lock`]).

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::time::{sleep, sleep_until};

use super::error::{CacheStep, GitError};
use crate::process::Bounds;

const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// Keeps the objects of a cached repository where they are, until dropped.
#[derive(Debug)]
pub(super) struct Lease(File);

impl Lease {
    /// Waits, within `bounds`, until nobody holds the lock alone.
    pub(super) async fn shared(path: &Path, bounds: &Bounds) -> Result<Self, GitError> {
        let failed = |cause| GitError::Cache { step: CacheStep::Lock, cause };
        let file = open(path).map_err(failed)?;
        let taken = async {
            loop {
                match file.try_lock_shared() {
                    Ok(()) => return Ok(()),
                    Err(TryLockError::WouldBlock) => sleep(LOOK_AGAIN).await,
                    Err(TryLockError::Error(error)) => return Err(error),
                }
            }
        };
        tokio::select! {
            biased;
            () = bounds.cancelled() => Err(GitError::Cancelled),
            taken = taken => taken.map_err(failed).map(|()| Self(file)),
            () = sleep_until(bounds.deadline()) => Err(GitError::TimedOut),
        }
    }

    /// Whether this is the only lease. If so it is one that lets nobody else in, until [`Lease::share`].
    pub(super) fn claim(&self) -> io::Result<bool> {
        match self.0.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => {
                // Trying may have given the shared lock up. By the invariant nobody can hold it alone now.
                self.0.lock_shared()?;
                Ok(false)
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Lets others in again.
    pub(super) fn share(&self) -> io::Result<()> {
        self.0.lock_shared()
    }

    /// The lease alone, `None` when the repository is leased.
    pub(super) fn alone(path: &Path) -> io::Result<Option<Self>> {
        let file = open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_util::sync::CancellationToken;

    #[tokio::test]
    async fn shared_by_many_or_held_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.lease");
        let bounds = Bounds::new(Duration::from_millis(50), CancellationToken::new());
        let first = Lease::shared(&path, &bounds).await.unwrap();
        let second = Lease::shared(&path, &bounds).await.unwrap();
        assert!(!first.claim().unwrap());
        assert!(Lease::alone(&path).unwrap().is_none());
        drop(second);
        assert!(first.claim().unwrap());
        let waited = Lease::shared(&path, &bounds).await;
        assert!(matches!(waited, Err(GitError::TimedOut)), "{waited:?}");
        first.share().unwrap();
        let in_time = Bounds::new(Duration::from_secs(60), CancellationToken::new());
        drop(Lease::shared(&path, &in_time).await.unwrap());
        drop(first);
        assert!(Lease::alone(&path).unwrap().is_some());
    }
}
