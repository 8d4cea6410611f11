//! The sealer: an actor that seals whatever has ended since its last round together.
//!
//! While one group is being synced the next one gathers, and the sync that completes the one begins the other. So the
//! group grows with the load, and an idle tower seals each folder at once.

use tokio::sync::{mpsc, oneshot};

use crate::seal::{Named, PreparedTrace, round};
use crate::{SealError, SealedTrace, TraceRoot, UnsealedTrace};

/// Folders waiting for the next round before [`SealerHandle::seal`] waits too.
const QUEUE: usize = 1024;
/// Folders in one round: bounds how long the first of them waits for the last.
const GROUP: usize = 1024;

/// Handle to the sealer. The sealer stops when the last handle is gone and everything that was handed in is sealed.
#[derive(Clone, Debug)]
pub struct SealerHandle {
    queue: mpsc::Sender<Request>,
}

struct Request {
    prepared: PreparedTrace,
    answer: oneshot::Sender<Named>,
}

impl SealerHandle {
    /// Starts a sealer for `root` on the current tokio runtime.
    #[must_use]
    pub fn start(root: TraceRoot) -> Self {
        let (queue, requests) = mpsc::channel(QUEUE);
        tokio::spawn(run(root, requests));
        Self { queue }
    }

    /// Seals a folder, together with all others that are handed in meanwhile.
    ///
    /// The folder is written and its artifacts are hashed on a blocking thread of its own, so that large artifacts
    /// hold up nobody else. Dropping the future does not undo anything: the folder may still be sealed, and then
    /// counts for nothing because no completion names it.
    ///
    /// # Errors
    /// See [`SealError`].
    pub async fn seal(&self, trace: UnsealedTrace) -> Result<SealedTrace, SealError> {
        let prepared = tokio::task::spawn_blocking(|| trace.prepare()).await.map_err(|_| SealError::Stopped)??;
        let (answer, sealed) = oneshot::channel();
        self.queue.send(Request { prepared, answer }).await.map_err(|_| SealError::Stopped)?;
        sealed.await.map_err(|_| SealError::Stopped)?
    }
}

/// Folders that have their names, and whoever waits until these are synced.
type Waiting = (Vec<Named>, Vec<oneshot::Sender<Named>>);

async fn run(root: TraceRoot, mut requests: mpsc::Receiver<Request>) {
    let (mut last, mut waiting): Waiting = (Vec::new(), Vec::new());
    let mut batch = Vec::new();
    loop {
        // With nothing to finish wait for work; otherwise take along whatever has come.
        if waiting.is_empty() && requests.recv_many(&mut batch, GROUP).await == 0 {
            return;
        }
        while batch.len() < GROUP
            && let Ok(request) = requests.try_recv()
        {
            batch.push(request);
        }
        let (group, answers): (Vec<_>, Vec<_>) =
            batch.drain(..).map(|request| (request.prepared, request.answer)).unzip();
        let root = root.clone();
        // A panic in there drops the answers, and everybody who waits hears that the sealer has stopped.
        let Ok((sealed, named)) = tokio::task::spawn_blocking(move || round(&root, last, group)).await else {
            return;
        };
        for (answer, result) in waiting.into_iter().zip(sealed) {
            // Whoever asked may have gone; the folder then counts for nothing.
            let _ = answer.send(result);
        }
        (last, waiting) = (named, answers);
    }
}
