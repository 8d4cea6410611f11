//! The leases this worker believes to hold, and until when, by its own clock.
//!
//! A lease counts from the moment *before* it was asked for. The database counts from a later one, so the worker always
//! gives up first, whatever the two clocks say and however long an answer takes.

use std::collections::HashMap;
use std::time::Duration;

use jct_exec::process::{LeaseHolder, LeaseTerm};
use jct_lifecycle::LeaseRef;
use jct_store::model::HeartbeatAnswer;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::order::{Order, StopReason};

#[derive(Debug)]
pub(crate) struct Book {
    lease: Duration,
    held: HashMap<LeaseRef, Held>,
    /// No lease ends before this moment.
    next_end: Option<Instant>,
}

#[derive(Debug)]
struct Held {
    orders: watch::Sender<Order>,
    /// Heard by whatever works under it, even when this process hangs.
    term: LeaseHolder,
}

impl Book {
    /// An empty book of leases that last `lease`.
    pub(crate) fn new(lease: Duration) -> Self {
        Self { lease, held: HashMap::new(), next_end: None }
    }

    /// Notes a lease that was asked for at `asked_at`, and says where its attempt hears its orders and how long it lasts.
    pub(crate) fn open(&mut self, lease: LeaseRef, asked_at: Instant) -> (watch::Receiver<Order>, LeaseTerm) {
        let (orders, receiver) = watch::channel(Order::default());
        let until = asked_at + self.lease;
        let (holder, term) = LeaseHolder::new(until);
        self.held.insert(lease, Held { orders, term: holder });
        self.next_end = Some(self.next_end.map_or(until, |end| end.min(until)));
        (receiver, term)
    }

    /// Strikes out a lease whose attempt is over.
    pub(crate) fn close(&mut self, lease: &LeaseRef) {
        self.held.remove(lease);
        if self.held.is_empty() {
            self.next_end = None;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// The leases to renew: all but those that are lost already.
    pub(crate) fn renewable(&self) -> Vec<LeaseRef> {
        let lost = |held: &Held| held.orders.borrow().is_lost();
        self.held.iter().filter(|(_, held)| !lost(held)).map(|(lease, _)| *lease).collect()
    }

    /// Notes what a heartbeat that was sent at `asked_at` learnt about a lease. A lease that was closed meanwhile is
    /// nobody's business any more.
    pub(crate) fn answer(&mut self, lease: &LeaseRef, asked_at: Instant, answer: HeartbeatAnswer) {
        let Some(held) = self.held.get_mut(lease) else { return };
        match answer {
            HeartbeatAnswer::Held { cancel_requested, expires_at: _ } => {
                held.term.renew(asked_at + self.lease);
                if cancel_requested {
                    held.order(Order::stop(StopReason::Cancel));
                }
            }
            HeartbeatAnswer::Lost => held.order(Order::stop(StopReason::Lost)),
        }
    }

    /// Gives every attempt the same order.
    pub(crate) fn order_all(&self, order: Order) {
        self.held.values().for_each(|held| held.order(order));
    }

    /// When to call [`Book::lose_ended`] next.
    pub(crate) const fn next_end(&self) -> Option<Instant> {
        self.next_end
    }

    /// Gives up every lease that has ended by now without having been renewed, and says how many.
    pub(crate) fn lose_ended(&mut self, now: Instant) -> usize {
        let mut lost = 0;
        let mut next = None;
        for held in self.held.values().filter(|held| !held.orders.borrow().is_lost()) {
            let until = held.term.until();
            if until <= now {
                held.order(Order::stop(StopReason::Lost));
                lost += 1;
            } else {
                next = Some(next.map_or(until, |end: Instant| end.min(until)));
            }
        }
        self.next_end = next;
        lost
    }
}

impl Held {
    fn order(&self, order: Order) {
        self.orders.send_if_modified(|current| {
            let both = current.and(order);
            let changed = both != *current;
            *current = both;
            changed
        });
    }
}

#[cfg(test)]
mod tests {
    use jct_contract::{TaskId, Timestamp};
    use jct_lifecycle::Fence;

    use super::*;

    const LEASE: Duration = Duration::from_secs(30);

    fn lease(number: i64) -> LeaseRef {
        let task_id = TaskId::at(Timestamp::from_micros(number));
        LeaseRef { task_id, fence: Fence { epoch: 1, generation: 1 } }
    }

    fn held(cancel_requested: bool) -> HeartbeatAnswer {
        HeartbeatAnswer::Held { expires_at: Timestamp::from_micros(0), cancel_requested }
    }

    #[tokio::test]
    async fn a_lease_that_is_not_renewed_is_lost_when_it_ends_and_not_before() {
        let (mut book, start, lease) = (Book::new(LEASE), Instant::now(), lease(1));
        let (orders, _term) = book.open(lease, start);
        assert_eq!(book.next_end(), Some(start + LEASE));
        assert_eq!(book.lose_ended(start + LEASE - Duration::from_millis(1)), 0);
        assert_eq!(book.lose_ended(start + LEASE), 1);
        assert!(orders.borrow().is_lost());
        assert_eq!((book.next_end(), book.renewable()), (None, vec![]));
        assert_eq!(book.lose_ended(start + LEASE), 0);
    }

    #[tokio::test]
    async fn a_renewal_counts_from_when_it_was_asked_for() {
        let (mut book, start, lease) = (Book::new(LEASE), Instant::now(), lease(1));
        let (orders, _term) = book.open(lease, start);
        book.answer(&lease, start + Duration::from_secs(10), held(false));
        assert_eq!(book.lose_ended(start + LEASE), 0);
        assert_eq!(book.next_end(), Some(start + LEASE + Duration::from_secs(10)));
        assert_eq!(*orders.borrow(), Order::default());
        // An answer that was overtaken never shortens the lease.
        book.answer(&lease, start, held(false));
        assert_eq!(book.lose_ended(start + LEASE + Duration::from_secs(9)), 0);
    }

    #[tokio::test]
    async fn answers_become_orders_and_answers_for_closed_leases_are_ignored() {
        let (mut book, start) = (Book::new(LEASE), Instant::now());
        let [one, two, three] = [lease(1), lease(2), lease(3)];
        let [first, second, third] = [one, two, three].map(|lease| book.open(lease, start).0);
        book.close(&three);
        for (lease, answer) in [(one, held(true)), (two, HeartbeatAnswer::Lost), (three, HeartbeatAnswer::Lost)] {
            book.answer(&lease, start, answer);
        }
        assert_eq!(first.borrow().reason(), Some(StopReason::Cancel));
        assert_eq!(second.borrow().reason(), Some(StopReason::Lost));
        assert_eq!(*third.borrow(), Order::default());
        assert_eq!(book.renewable(), [one]);
    }
}
