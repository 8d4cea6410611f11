//! The worker's end of a sandbox: tells the inside what to do, hears what it says, and ends it by letting go.

use std::future::pending;
use std::io;
use std::net::Shutdown;
use std::os::unix::net::UnixStream as BlockingStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::time::Instant;

use super::lines::LineSplitter;
use super::term::LeaseTerm;
use crate::sandbox::{Heard, Launch, renewal};

/// The socket to the inside, which ends everything in it when this is closed.
#[derive(Debug)]
pub(super) struct Control {
    stream: Option<UnixStream>,
    /// The same socket, to let go of it from anywhere.
    handle: BlockingStream,
    launch: Launch,
    heard: Arc<Mutex<Heard>>,
}

impl Control {
    pub(super) fn new(launch: Launch) -> io::Result<Self> {
        let handle = launch.socket.try_clone()?;
        let stream = launch.socket.try_clone()?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream: Some(UnixStream::from_std(stream)?), handle, launch, heard: Arc::default() })
    }

    /// Talks to the inside until it has nothing more to say, and tells it of every renewal of `lease`. To be polled
    /// once.
    pub(super) fn talk(&mut self, lease: Option<LeaseTerm>) -> impl Future<Output = ()> + use<> {
        let stream = self.stream.take();
        let told = std::mem::take(&mut self.launch.told);
        let heard = Arc::clone(&self.heard);
        async move {
            let Some(stream) = stream else { return };
            let (mut from, mut to) = stream.into_split();
            // An inside that fails early does not read on; what it says then is what counts.
            let tell = async {
                let _told = to.write_all(&told).await;
                if let Some(lease) = lease {
                    pass_on(lease, &mut to).await;
                }
                // The half stays open: closing it would end the run.
                pending::<()>().await;
            };
            let hear = async {
                let mut lines = LineSplitter::default();
                let mut buffer = vec![0; 4096];
                while let Ok(length @ 1..) = from.read(&mut buffer).await {
                    lines.push(&buffer[..length], |line| {
                        heard.lock().unwrap_or_else(PoisonError::into_inner).line(line);
                    });
                }
            };
            tokio::select! {
                () = hear => {}
                () = tell => {}
            }
        }
    }

    /// Ends everything inside, soon.
    pub(super) fn let_go(&self) {
        // Fails only when the inside has ended by itself.
        let _gone = self.handle.shutdown(Shutdown::Write);
    }

    /// Whether the inside has ended everything in it.
    pub(super) fn is_complete(&self) -> bool {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).is_complete()
    }

    /// What was heard; leaves nothing behind.
    pub(super) fn take_heard(&self) -> Heard {
        std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Removes what an inside that was killed could not remove itself.
    pub(super) fn clean_up(&self) {
        self.launch.clean_up();
    }
}

/// Tells the inside of every renewal, until there is none any more or nobody listens.
async fn pass_on(mut lease: LeaseTerm, to: &mut OwnedWriteHalf) {
    while let Some(until) = lease.renewed().await {
        let left = until.saturating_duration_since(Instant::now());
        if to.write_all(&renewal(left + Duration::from_millis(1))).await.is_err() {
            return;
        }
    }
}
