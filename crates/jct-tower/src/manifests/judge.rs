//! Judging a manifest, off the threads that answer requests.

use jct_manifest::{Judged, RawManifest};
use tokio::task::{JoinError, spawn_blocking};

/// A large manifest takes a while, which must not be taken from the other requests of a thread.
pub(crate) async fn judged(raw: RawManifest) -> Result<Judged, JoinError> {
    spawn_blocking(move || raw.judge()).await
}
