//! Lines of workers that wait for jobs: one line for each kind of wait, and only the first in line looks.
//!
//! A thousand idle workers cost what a few cost: all but the first in each line sleep until it is their turn. Whoever
//! leaves the line, with a job or without, lets the next one look at once, so that a burst of jobs wakes as many workers
//! as it needs and no more. A worker that goes away leaves its place by being dropped.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jct_store::model::ClaimFilter;
use tokio::sync::{Mutex as Turn, MutexGuard as TurnGuard};

/// Every line of this process.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// A line is kept for as long as somebody stands in it.
    lines: Mutex<HashMap<String, Arc<Turn<()>>>>,
}

/// A place in a line.
#[derive(Debug)]
pub(super) struct Place<'l> {
    lines: &'l Lines,
    key: String,
    turn: Arc<Turn<()>>,
}

impl Lines {
    /// Joins the line of those who wait for the same jobs.
    pub(super) fn join(&self, filter: &ClaimFilter) -> Place<'_> {
        let key = key(filter);
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = Arc::clone(lines.entry(key.clone()).or_default());
        Place { lines: self, key, turn }
    }

    /// How many lines there are.
    #[cfg(test)]
    fn count(&self) -> usize {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Place<'_> {
    /// Waits until all who came before have left. The turn lasts until the answer is dropped; asking again is going to the
    /// end of the line.
    pub(super) async fn turn(&self) -> TurnGuard<'_, ()> {
        self.turn.lock().await
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut lines = self.lines.lines.lock().unwrap_or_else(PoisonError::into_inner);
        // The line's own handle and this one: nobody else is left.
        if Arc::strong_count(&self.turn) == 2 {
            lines.remove(&self.key);
        }
    }
}

/// The same for filters that let the same jobs through, in whatever order they say it.
fn key(filter: &ClaimFilter) -> String {
    let ClaimFilter { any_task, capabilities, types, repositories } = filter;
    let mut capabilities: Vec<_> = capabilities.iter().collect();
    capabilities.sort_unstable();
    let mut types = types.clone();
    types.iter_mut().for_each(|types| types.sort_unstable());
    format!("{any_task} {capabilities:?} {types:?} {repositories:?}")
}

#[cfg(test)]
mod tests {
    use jct_contract::{CapabilitySet, JobType};

    use super::*;

    fn filter(capabilities: &[&str], types: Option<&[JobType]>) -> ClaimFilter {
        let capabilities: CapabilitySet = capabilities.iter().map(|name| name.parse().unwrap()).collect();
        ClaimFilter { types: types.map(<[_]>::to_vec), ..ClaimFilter::offering(capabilities) }
    }

    #[tokio::test]
    async fn the_same_jobs_are_one_line_and_an_empty_line_is_forgotten() {
        let lines = Lines::default();
        let types: &[JobType] = &[JobType::Task, JobType::Manifest];
        let one = lines.join(&filter(&["a", "b"], Some(types)));
        let same = lines.join(&filter(&["b", "a"], Some(&[JobType::Manifest, JobType::Task])));
        let other = lines.join(&filter(&["a"], None));
        assert_eq!(lines.count(), 2);
        let turn = one.turn().await;
        let mut waiting = Box::pin(same.turn());
        assert!(futures_poll(&mut waiting).await.is_none());
        drop(other.turn().await);
        drop(turn);
        assert!(futures_poll(&mut waiting).await.is_some());
        drop(waiting);
        drop((one, same, other));
        assert_eq!(lines.count(), 0);
    }

    async fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        tokio::time::timeout(std::time::Duration::from_millis(20), future).await.ok()
    }
}
