//! Until when a lease lasts, as far as its holder knows. The holder renews it; whoever works under it is ended with it,
//! even when the holder hangs.

use tokio::sync::watch;
use tokio::time::Instant;

/// Sets until when a lease lasts. Dropped, the lease is not renewed any more.
#[derive(Debug)]
pub struct LeaseHolder(watch::Sender<Instant>);

impl LeaseHolder {
    /// A lease that lasts until `until`, and what work under it is given.
    pub fn new(until: Instant) -> (Self, LeaseTerm) {
        let (sender, receiver) = watch::channel(until);
        (Self(sender), LeaseTerm(receiver))
    }

    /// Until when it lasts.
    pub fn until(&self) -> Instant {
        *self.0.borrow()
    }

    /// Makes it last until `until`. An earlier end than the known one changes nothing.
    pub fn renew(&self, until: Instant) {
        self.0.send_if_modified(|known| {
            let later = until > *known;
            *known = until.max(*known);
            later
        });
    }
}

/// Hears until when a lease lasts.
#[derive(Debug, Clone)]
pub struct LeaseTerm(watch::Receiver<Instant>);

impl LeaseTerm {
    /// Until when it lasts.
    pub(crate) fn until(&self) -> Instant {
        *self.0.borrow()
    }

    /// Whether it has ended, as far as is known.
    pub fn is_over(&self) -> bool {
        self.until() <= Instant::now()
    }

    /// The next renewal; `None` if there will be none.
    pub(crate) async fn renewed(&mut self) -> Option<Instant> {
        self.0.changed().await.ok()?;
        Some(*self.0.borrow_and_update())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_lease_only_ever_gets_longer() {
        let start = Instant::now();
        let (holder, mut term) = LeaseHolder::new(start);
        holder.renew(start + Duration::from_secs(7200));
        holder.renew(start + Duration::from_secs(3600));
        assert_eq!(
            (holder.until(), term.until()),
            (start + Duration::from_secs(7200), start + Duration::from_secs(7200))
        );
        assert_eq!(term.renewed().await, Some(start + Duration::from_secs(7200)));
        drop(holder);
        assert_eq!(term.renewed().await, None);
        assert!(!term.is_over());
    }
}
