//! The log as a witness: chains without a break, and tasks rebuilt from their entries.

use jct_audit::{ChainHash, Content, StoredEntry, link, rebuild};
use jct_contract::{AffinityKey, Capability, CapabilitySet, IssueId, ObjectId, TaskId};
use jct_cwom::ObjectKind;
use jct_store::Store;
use jct_store::model::{Holder, JobFacts, JobRecordFacts, TaskRecord, TaskState, Versioned};
use serde_json::{Map, Value, json};

use super::{audit, audit_of, record_of};

/// Every entry has the hash of the one before it, and its own is that of its fields.
#[track_caller]
pub(crate) fn assert_chained(entries: &[StoredEntry]) {
    let mut prev = ChainHash::GENESIS;
    for (entry, seq) in entries.iter().zip(1..) {
        let fields = entry.fields();
        assert_eq!(entry.seq, seq, "{} {}", entry.entity_kind, entry.entity_id);
        assert_eq!(entry.prev_hash, Some(prev.to_string()), "before entry {seq} of {}", entry.entity_id);
        prev = link(prev, &fields);
        assert_eq!(entry.hash, Some(prev.to_string()), "of entry {seq} of {}", entry.entity_id);
    }
}

/// What the log says of an issue and of everything that hangs on it is what is read.
pub(crate) async fn assert_objects_rebuilt(store: &Store, issue: IssueId) {
    let graph = store.issue_graph(issue).await.unwrap().unwrap();
    let mut all = vec![(ObjectKind::Issue, ObjectId::from(graph.issue.id))];
    all.extend(graph.context_packets.iter().map(|packet| (ObjectKind::ContextPacket, packet.id.into())));
    all.extend(graph.constraint_snapshots.iter().map(|snapshot| (ObjectKind::ConstraintSnapshot, snapshot.id.into())));
    all.extend(graph.runs.iter().map(|run| (ObjectKind::Run, run.id.into())));
    all.extend(graph.artifacts.iter().map(|artifact| (ObjectKind::Artifact, artifact.id.into())));
    all.extend(graph.evidence_packs.iter().map(|pack| (ObjectKind::EvidencePack, pack.id.into())));
    all.extend(graph.review_decisions.iter().map(|review| (ObjectKind::ReviewDecision, review.id.into())));
    for (kind, id) in all {
        let Versioned { object, version } = store.object_get(kind, id).await.unwrap().unwrap();
        let entries = audit_of(store, object.kind().as_str(), &object.id().to_string()).await;
        assert_eq!(entries.len() as u64, version, "entries of {} {}", object.kind(), object.id());
        let Content::Live(told) = rebuild(&entries, None).unwrap().unwrap().content else { panic!("deleted") };
        assert_eq!(sorted(told), sorted(serde_json::to_value(&object).unwrap()), "{}", object.kind());
    }
}

/// What the log says of a task is what its rows say.
pub(crate) async fn assert_rebuilt(store: &Store, id: TaskId) {
    let entries = audit(store, id).await;
    let Content::Live(told) = rebuild(&entries, None).unwrap().unwrap().content else {
        panic!("task {id} was deleted")
    };
    let record = record_of(store, id).await;
    assert_eq!(sorted(told), sorted(kept(store, &record).await), "task {id}");
    if let Some(issue) = record.issue_id {
        assert_objects_rebuilt(store, issue).await;
    }
}

fn sorted(value: Value) -> Vec<(String, Value)> {
    let Value::Object(members) = value else { panic!("{value}") };
    let mut members: Vec<_> = members.into_iter().collect();
    members.sort_by(|a, b| a.0.cmp(&b.0));
    members
}

/// What the rows say, in the words of the log.
async fn kept(store: &Store, record: &TaskRecord) -> Value {
    let admission = store.task_admission(record.id).await.unwrap().unwrap();
    let mut kept = json!({
        "status": record.state.status().as_str(),
        "spec_digest": record.task.digest().to_string(),
        "policy_digest": admission.policy_digest.to_string(),
        "input_digest": admission.input_digest.to_string(),
        "decision_id": admission.decision_id.to_string(),
        "created_at": record.created_at.to_string(),
        "cwom_issue_id": record.issue_id,
    });
    kept.as_object_mut().unwrap().extend(place(&record.state));
    kept.as_object_mut().unwrap().extend(job(record));
    kept
}

/// What sets the task apart from one that says nothing about itself as a job.
fn job(record: &TaskRecord) -> Map<String, Value> {
    let plain = JobFacts::of_task(&record.task).record();
    let JobRecordFacts { job_type, priority, capabilities, affinity_key } = &record.job;
    let words = |set: &CapabilitySet| set.iter().map(Capability::as_str).collect::<Vec<_>>().join(" ");
    let manifest = record.manifest.as_ref();
    let job = json!({
        "job_type": (*job_type != plain.job_type).then(|| job_type.as_str()),
        "priority": (*priority != plain.priority).then(|| priority.get()),
        "capabilities": (*capabilities != plain.capabilities).then(|| words(capabilities)),
        "affinity_key": affinity_key.as_ref().map(AffinityKey::as_str),
        "manifest_name": manifest.map(|manifest| &manifest.name),
        "manifest_hash": manifest.map(|manifest| &manifest.hash),
        "manifest_registered": manifest.filter(|manifest| manifest.from_registry).map(|_| true),
    });
    let Value::Object(job) = job else { panic!("{job}") };
    job.into_iter().filter(|(_, value)| !value.is_null()).collect()
}

fn place(state: &TaskState) -> Map<String, Value> {
    let place = match state {
        TaskState::Pending { .. } | TaskState::Queued { last_reason: None, .. } => json!({}),
        TaskState::Queued { last_reason: Some(reason), attempts, run_at, .. } => {
            json!({ "attempt": attempts, "reason": reason.as_str(), "run_at": run_at.to_string() })
        }
        TaskState::Running { attempt, fence, holder, .. } => {
            let (Holder::Worker { name, .. } | Holder::External { principal: name }) = holder;
            json!({ "attempt": attempt, "holder": name, "fence": fence.to_string() })
        }
        TaskState::Finished { reason, outcome, attempt, assigned_to, trace, .. } => json!({
            "attempt": attempt,
            "reason": reason.as_str(),
            "error": outcome.as_ref().err(),
            "result_digest": outcome.as_ref().ok().map(|result| {
                jct_contract::Sha256Digest::of(result.as_bytes()).to_string()
            }),
            "assigned_to": assigned_to,
            "trace_path": trace.as_ref().map(|trace| &trace.path),
            "manifest_digest": trace.as_ref().and_then(|trace| trace.manifest_digest.as_ref()),
        }),
    };
    let Value::Object(place) = place else { panic!("{place}") };
    place.into_iter().filter(|(_, value)| !value.is_null()).collect()
}
