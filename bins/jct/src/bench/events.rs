//! Events at the store: taken in by many at once, then processed by one consumer with nobody to tell.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use jct_contract::{Principal, RequesterKind};
use jct_event::NewEvent;
use jct_store::Store;
use jct_store::model::{EventPost, EventPosted};
use jct_tower::events::{EventConsumer, EventServiceOptions};
use serde_json::json;
use tokio::task::JoinSet;

use super::goals::{Measured, Metric};
use super::scratch::Scratch;
use crate::database;
use crate::exit::Exit;
use crate::failure::Failure;

/// Callers that hand events in at once.
const CALLERS: u32 = 64;

/// Takes in and processes `count` events.
pub(super) async fn measure(scratch: &Scratch, count: u32) -> Result<Vec<Measured>, Failure> {
    let store = scratch.open().await?;
    let next = Arc::new(AtomicU32::new(0));
    let started = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        callers.spawn(post(store.clone(), Arc::clone(&next), count));
    }
    while let Some(caller) = callers.join_next().await {
        caller.map_err(|error| Failure::caused(Exit::Local, "a caller broke off", &error))??;
    }
    let accepted = f64::from(count) / started.elapsed().as_secs_f64();
    let consumer = EventConsumer::new(store.clone(), &EventServiceOptions::default());
    let started = Instant::now();
    let processed = consumer.process_due().await.map_err(|error| database::failed(&error))?;
    let elapsed = started.elapsed().as_secs_f64();
    store.close().await;
    if processed != u64::from(count) {
        return Err(Failure::new(Exit::Negative, format!("{processed} of {count} events were processed")));
    }
    Ok([(Metric::EventsAccepted, accepted), (Metric::EventsProcessed, f64::from(count) / elapsed)]
        .map(|(metric, value)| Measured::new(metric, scratch.engine(), value))
        .into())
}

async fn post(store: Store, next: Arc<AtomicU32>, count: u32) -> Result<(), Failure> {
    let by = Principal::new(RequesterKind::System, "bench")
        .map_err(|error| Failure::caused(Exit::Local, "a name that is none", &error))?;
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            return Ok(());
        }
        let body = json!({
            "type": "monitoring.metric_threshold", "source": "bench", "id": number.to_string(),
            "data": { "metric": "cpu", "value": number },
        });
        let event = NewEvent::from_json(body.to_string().as_bytes())
            .map_err(|error| Failure::caused(Exit::Negative, "the measured event was refused", &error))?;
        let posts = vec![EventPost { event, idempotency_key: None, by: by.clone() }];
        let posted = store.events_post(posts).await.map_err(|error| database::failed(&error))?;
        if !matches!(posted.as_slice(), [EventPosted::Created { .. }]) {
            return Err(Failure::new(Exit::Negative, format!("an event was answered with {posted:?}")));
        }
    }
}
