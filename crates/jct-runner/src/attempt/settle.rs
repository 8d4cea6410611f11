//! Reports the end of an attempt, as often as it takes.

use std::time::Duration;

use jct_store::StoreError;
use jct_store::model::Settlement;
use jct_tower::work::{Causes, WorkStore};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::tag::{Tag, tagged};
use crate::order::Order;
use crate::report::Ended;

const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Settles, again and again while the database is away, until the lease ends.
///
/// A repeated settlement is safe: the store keeps a receipt and gives the first answer again. So one whose outcome is
/// unknown is repeated for up to `patience` even when the lease is reported lost, because the settlement itself may be
/// what ended the lease.
pub(crate) async fn settle(
    store: &dyn WorkStore,
    settlement: &Settlement,
    orders: &watch::Receiver<Order>,
    patience: Duration,
    tag: &Tag,
) -> Ended {
    let give_up_at = Instant::now() + patience;
    let mut outcome_unknown = false;
    let mut wait = FIRST_WAIT;
    loop {
        let lost = orders.borrow().is_lost();
        if lost && !outcome_unknown {
            return Ended::Lost;
        }
        match store.settle(settlement.clone()).await {
            Ok(answer) => {
                let ended = Ended::of(&answer);
                if ended == Ended::Lost {
                    tagged!(warn, tag; "the end of an attempt was refused: its lease is gone");
                }
                return ended;
            }
            Err(error) if error.is_transient() && (!lost || Instant::now() < give_up_at) => {
                tagged!(warn, tag, cause:% = Causes(&error); "cannot report the end of an attempt yet");
                outcome_unknown |= matches!(error, StoreError::OutcomeUnknown(_));
                sleep(wait.mul_f64(0.5 + 0.5 * rand::random::<f64>())).await;
                wait = wait.saturating_mul(2).min(LONGEST_WAIT);
            }
            Err(error) => {
                tagged!(error, tag, cause:% = Causes(&error); "the end of an attempt could not be reported");
                return Ended::Unsettled;
            }
        }
    }
}
