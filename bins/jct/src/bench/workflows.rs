//! Workflows: how soon an event is a task in the queue, and how fast a run of a thousand steps goes through. The tasks
//! are claimed and settled without being worked on, and audited like any other.

use std::time::{Duration, Instant};

use jct_contract::{EventId, Principal, RequesterKind, TraceId};
use jct_event::NewEvent;
use jct_policy::PolicyConfig;
use jct_store::Store;
use jct_store::model::{EventPost, EventPosted, PageStart, WorkflowSteps};
use jct_tower::events::{EventConsumer, EventServiceOptions};
use jct_tower::workflows::{DefineWorkflow, StartRun, WorkflowDriver, WorkflowRef};
use jct_tower::{Tower, TowerOptions};
use jct_workflow::WorkflowDefinition;
use jct_workflow::run::RunStatus;
use serde_json::{Value, json};

use super::bodies;
use super::goals::{Measured, Metric};
use super::latency::Latencies;
use super::scratch::Scratch;
use super::settle::BareWorker;
use crate::database;
use crate::exit::Exit;
use crate::failure::Failure;

/// Events of the first measurement, and how far apart they are.
const EVENTS: u32 = 200;
const APART: Duration = Duration::from_millis(20);
/// Steps of the second: lanes of steps that wait for each other.
const LANES: u32 = 10;
const LANE: u32 = 100;
/// Nothing that is measured takes longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// Measures both, one after the other.
pub(super) async fn measure(scratch: &Scratch) -> Result<Vec<Measured>, Failure> {
    let store = scratch.open().await?;
    let policy = PolicyConfig::from_prefix_list(bodies::PREFIXES).map_err(|error| broken(&error))?;
    let options = TowerOptions { policy, create_objects: false, ..TowerOptions::default() };
    let tower = Tower::new(store.clone(), options);
    let driver = WorkflowDriver::new(tower.clone());
    let consumer = EventConsumer::new(store.clone(), &EventServiceOptions::default());
    let measured = tokio::select! {
        measured = both(&tower, scratch) => measured,
        never = Box::pin(driver.run()) => match never {},
        never = Box::pin(consumer.run()) => match never {},
    };
    store.close().await;
    measured
}

async fn both(tower: &Tower, scratch: &Scratch) -> Result<Vec<Measured>, Failure> {
    let latencies = event_to_task(tower).await?.percentiles();
    let rate = thousand(tower).await?;
    let measured = [
        (Metric::EventToTaskP50, latencies.p50_ms),
        (Metric::EventToTaskP99, latencies.p99_ms),
        (Metric::WorkflowSteps, rate),
    ];
    Ok(measured.map(|(metric, value)| Measured::new(metric, scratch.engine(), value)).into())
}

/// From when an event was taken in to when the task of the one step that it starts was.
async fn event_to_task(tower: &Tower) -> Result<Latencies, Failure> {
    let trigger = json!({"event_types": ["monitoring.metric_threshold"], "condition": "event.data.value >= 0"});
    let step = json!({"id": "only", "task": task("${{ event.id }}")});
    let which = define(tower, &json!({"name": "on_event", "trigger": trigger, "steps": [step]})).await?;
    let mut pending = Vec::new();
    for number in 0..EVENTS {
        pending.push(post(tower.store(), number).await?);
        tokio::time::sleep(APART).await;
    }
    let mut latencies = Latencies::new()?;
    let started = Instant::now();
    while !pending.is_empty() {
        let page = tower.workflow_runs(&which, PageStart::Offset(0), 500).await.map_err(|error| broken(&error))?;
        for run in page.items {
            let Some(place) = pending.iter().position(|id| Some(*id) == run.event_id) else { continue };
            let steps = tower.store().workflow_steps(run.id, WorkflowSteps::All).await;
            if let [step] = steps.map_err(|error| database::failed(&error))?.as_slice() {
                let event = tower.event(pending.swap_remove(place)).await.map_err(|error| broken(&error))?;
                latencies.record(step.enqueued_at.since(event.created_at));
            }
        }
        in_time(started, "an event is no task")?;
    }
    Ok(latencies)
}

async fn post(store: &Store, number: u32) -> Result<EventId, Failure> {
    let body = json!({
        "type": "monitoring.metric_threshold", "source": "bench", "id": format!("workflow-{number}"),
        "data": { "value": number },
    });
    let event = NewEvent::from_json(body.to_string().as_bytes()).map_err(|error| broken(&error))?;
    let posts = vec![EventPost { event, idempotency_key: None, by: by()? }];
    match store.events_post(posts).await.map_err(|error| database::failed(&error))?.as_slice() {
        [EventPosted::Created { id, .. }] => Ok(*id),
        other => Err(Failure::new(Exit::Negative, format!("an event was answered with {other:?}"))),
    }
}

/// Steps a second of a run of a thousand, from its start to its end.
async fn thousand(tower: &Tower) -> Result<f64, Failure> {
    let id = |lane: u32, place: u32| format!("s{lane}_{place}");
    let steps = (0..LANES).flat_map(|lane| (0..LANE).map(move |place| (lane, place))).map(|(lane, place)| {
        let before: Vec<_> = place.checked_sub(1).map(|before| id(lane, before)).into_iter().collect();
        json!({"id": id(lane, place), "dependencies": before, "task": task(&id(lane, place))})
    });
    let steps: Vec<Value> = steps.collect();
    let definition = json!({"name": "thousand", "max_parallel": LANES, "steps": steps});
    let which = define(tower, &definition).await?;
    let worker = BareWorker::register(tower.store().clone(), "bench".to_owned()).await?;
    while worker.turn().await? > 0 {}
    let mut wake = tower.store().wake();
    let started = Instant::now();
    let start = StartRun { event: None, idempotency_key: None, principal: by()?, trace_id: TraceId::generate() };
    let run = tower.workflow_start(&which, start).await.map_err(|error| broken(&error))?.run.id;
    loop {
        let done = worker.turn().await?;
        let record = tower.store().workflow_run(run).await.map_err(|error| database::failed(&error))?;
        match record.map(|record| record.status) {
            Some(RunStatus::Succeeded) => return Ok(f64::from(LANES * LANE) / started.elapsed().as_secs_f64()),
            Some(RunStatus::Running) => {}
            other => return Err(Failure::new(Exit::Negative, format!("the run of a thousand steps is {other:?}"))),
        }
        if done == 0 {
            wake.changed(Duration::from_millis(100)).await;
        }
        in_time(started, "the run of a thousand steps does not end")?;
    }
}

fn task(about: &str) -> Value {
    json!({
        "objective": format!("Report on {about}"), "operation": "analysis",
        "target": {"repo": "bench/payment-service"}, "constraints": {"time_budget_seconds": 600},
        "inputs": {"executor": "noop"},
    })
}

async fn define(tower: &Tower, definition: &Value) -> Result<WorkflowRef, Failure> {
    let read = WorkflowDefinition::from_json(definition.to_string().as_bytes());
    let definition = read.map_err(|error| broken(&error))?;
    let kept = tower.workflow_define(DefineWorkflow { definition, principal: by()? }).await;
    Ok(WorkflowRef::Id(kept.map_err(|error| broken(&error))?.record.id))
}

fn by() -> Result<Principal, Failure> {
    Principal::new(RequesterKind::System, "bench").map_err(|error| broken(&error))
}

fn in_time(started: Instant, what: &str) -> Result<(), Failure> {
    if started.elapsed() < PATIENCE { Ok(()) } else { Err(Failure::new(Exit::Negative, what)) }
}

fn broken(error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::caused(Exit::Local, "the measured workflow cannot be made", error)
}
