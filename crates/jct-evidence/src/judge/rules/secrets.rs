//! No secret lies in what the run left behind.

use crate::judge::facts::Facts;
use crate::judge::reading::{Reading, excerpt};

const RULE: &str = "no_secret";
/// Reasons told one by one.
const MOST: usize = 10;

pub(super) fn read(facts: &Facts) -> Vec<Reading> {
    let found = &facts.secrets;
    let mut readings: Vec<_> =
        found.iter().take(MOST).map(|found| Reading::fails(RULE, format!("a secret was found: {found}"))).collect();
    if let Some(more) = found.len().checked_sub(MOST).filter(|more| *more > 0) {
        readings.push(Reading::fails(RULE, format!("{more} more secrets were found")));
    }
    let unsearched = |what: &String| Reading::open(RULE, format!("not searched for secrets: {}", excerpt(what, 300)));
    readings.extend(facts.unsearched.iter().map(unsearched));
    if readings.is_empty() {
        readings.push(Reading::held(RULE));
    }
    readings
}
