//! Shutting down in two steps: drain first, give back at once if asked again.

use tokio::sync::watch;

/// How far a shutdown has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Claiming and running.
    Serving,
    /// Claiming nothing more; what runs may finish within the grace period.
    Draining,
    /// What still runs is ended and given back without waiting.
    GivingBack,
}

/// Asks a worker to shut down.
#[derive(Clone, Debug)]
pub struct ShutdownHandle {
    stage: watch::Sender<Stage>,
}

/// The worker's end.
#[derive(Clone, Debug)]
pub struct Shutdown {
    stage: watch::Receiver<Stage>,
}

impl Shutdown {
    /// A connected pair. A handle that is dropped asks for nothing.
    #[must_use]
    pub fn new() -> (ShutdownHandle, Self) {
        let (sender, receiver) = watch::channel(Stage::Serving);
        (ShutdownHandle { stage: sender }, Self { stage: receiver })
    }

    /// The stage now.
    #[must_use]
    pub fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    /// Waits for the next stage that was not seen yet.
    pub(crate) async fn next(&mut self) -> Stage {
        if self.stage.changed().await.is_err() {
            // Nobody is left to ask for anything.
            std::future::pending::<()>().await;
        }
        *self.stage.borrow_and_update()
    }
}

impl ShutdownHandle {
    /// One step further: the first call drains, the second gives back at once, more change nothing. This is what each
    /// SIGTERM or SIGINT means.
    pub fn escalate(&self) -> Stage {
        self.stage.send_modify(|stage| {
            *stage = match stage {
                Stage::Serving => Stage::Draining,
                Stage::Draining | Stage::GivingBack => Stage::GivingBack,
            }
        });
        *self.stage.borrow()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_call_is_one_step_and_the_last_stage_stays() {
        let (handle, mut shutdown) = Shutdown::new();
        assert_eq!(shutdown.stage(), Stage::Serving);
        assert_eq!(handle.escalate(), Stage::Draining);
        assert_eq!(shutdown.next().await, Stage::Draining);
        assert_eq!(handle.escalate(), Stage::GivingBack);
        assert_eq!(handle.escalate(), Stage::GivingBack);
        assert_eq!(shutdown.next().await, Stage::GivingBack);
    }
}
