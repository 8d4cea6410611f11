//! The monitor's own clock. A worker that hangs neither ends a run at its budget nor notices that its lease is gone;
//! the monitor does both without it.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::super::wire::{Message, RENEWAL_BYTES, TimeLeft};

/// A time too long for the clock to carry is cut to this.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// What the worker said on its socket.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// How long the lease lasts, or nothing yet that makes sense.
    Something,
    /// Nothing, ever again.
    Gone,
}

/// When the run ends whatever the worker does.
#[derive(Debug)]
pub(super) struct Clock {
    budget_ends: Instant,
    lease_ends: Option<Instant>,
    /// A renewal of which the rest is to come.
    heard: Vec<u8>,
}

impl Clock {
    /// Starts now. `heard` are bytes of renewals that were read already.
    pub(super) fn start(time: TimeLeft, heard: Vec<u8>) -> Self {
        let mut clock = Self { budget_ends: after(time.budget_ms), lease_ends: time.lease_ms.map(after), heard };
        clock.renew();
        clock
    }

    /// How long until [`Clock::ended`] has something to say, unless the lease is renewed.
    pub(super) fn left(&self) -> Duration {
        let end = self.lease_ends.map_or(self.budget_ends, |lease| lease.min(self.budget_ends));
        end.saturating_duration_since(Instant::now())
    }

    /// The end of the run, if its time is over.
    pub(super) fn ended(&self) -> Option<Message> {
        let now = Instant::now();
        if self.lease_ends.is_some_and(|end| end <= now) {
            return Some(Message::LeaseEnded);
        }
        (self.budget_ends <= now).then_some(Message::TimedOut)
    }

    /// Takes what the worker said; called when there is something to be read.
    pub(super) fn hear(&mut self, mut worker: &UnixStream) -> Said {
        let mut piece = [0; 16 * RENEWAL_BYTES];
        match worker.read(&mut piece) {
            Ok(0) | Err(_) => Said::Gone,
            Ok(length) => {
                self.heard.extend_from_slice(&piece[..length]);
                self.renew();
                Said::Something
            }
        }
    }

    /// The last whole renewal counts.
    fn renew(&mut self) {
        let whole = self.heard.len() - self.heard.len() % RENEWAL_BYTES;
        let renewals: Vec<u8> = self.heard.drain(..whole).collect();
        if let Some(last) = renewals.rchunks_exact(RENEWAL_BYTES).next().and_then(|last| last.try_into().ok()) {
            self.lease_ends = Some(after(u64::from_le_bytes(last)));
        }
    }
}

fn after(milliseconds: u64) -> Instant {
    Instant::now() + Duration::from_millis(milliseconds).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const HOUR: u64 = 3_600_000;

    fn clock(budget_ms: u64, lease_ms: Option<u64>) -> Clock {
        Clock::start(TimeLeft { budget_ms, lease_ms }, Vec::new())
    }

    #[test]
    fn whichever_comes_first_ends_the_run() {
        assert_eq!(clock(HOUR, None).ended(), None);
        assert_eq!(clock(0, None).ended(), Some(Message::TimedOut));
        assert_eq!(clock(0, Some(HOUR)).ended(), Some(Message::TimedOut));
        assert_eq!(clock(HOUR, Some(0)).ended(), Some(Message::LeaseEnded));
        assert_eq!(clock(HOUR, Some(0)).left(), Duration::ZERO);
        assert!(clock(u64::MAX, Some(u64::MAX)).left() > Duration::from_millis(HOUR));
    }

    #[test]
    fn a_renewal_counts_once_it_is_whole() {
        let (worker, mut theirs) = UnixStream::pair().unwrap();
        let mut clock = clock(HOUR, Some(0));
        let renewal = HOUR.to_le_bytes();
        theirs.write_all(&renewal[..3]).unwrap();
        assert_eq!(clock.hear(&worker), Said::Something);
        assert_eq!(clock.ended(), Some(Message::LeaseEnded));
        theirs.write_all(&renewal[3..]).unwrap();
        assert_eq!(clock.hear(&worker), Said::Something);
        assert_eq!(clock.ended(), None);
        // Of several, the last.
        theirs.write_all(&[renewal, 0_u64.to_le_bytes()].concat()).unwrap();
        clock.hear(&worker);
        assert_eq!(clock.ended(), Some(Message::LeaseEnded));
        drop(theirs);
        assert_eq!(clock.hear(&worker), Said::Gone);
    }

    #[test]
    fn what_was_read_with_the_profile_is_not_lost() {
        let time = TimeLeft { budget_ms: HOUR, lease_ms: Some(0) };
        assert_eq!(Clock::start(time, HOUR.to_le_bytes().to_vec()).ended(), None);
    }
}
