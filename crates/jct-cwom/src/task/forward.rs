//! The work objects of a task, made from its one spelling, so that two spellings of one repository are one `Repo`.

use jct_contract::limits::DEFAULT_REF;
use jct_contract::{ConstraintSnapshotId, ContextPacketId, IssueId, NormalizedTask, Operation, RepoId, RequestedBy};
use serde_json::{Map, Value};

use super::keys;
use crate::objects::{NewConstraintSnapshot, NewContextPacket, NewIssue, NewRepo};
use crate::primitives::{
    Acceptance, Actor, Constraints, ContextInputs, IssueRelationships, RiskConstraint, Source, TimeConstraint,
};
use crate::words::{ConstraintScope, IssueType, Priority, RiskTolerance, Status, Visibility};

/// Longest title made of an objective, in characters.
const TITLE_MAX_CHARS: usize = 200;
/// Longest `default_branch` of a repository, in characters; a ref of a task may be longer.
const DEFAULT_BRANCH_MAX_CHARS: usize = 128;

/// The ids under which the objects of one task are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskIds {
    /// The repository, which may have been there before.
    pub repo: RepoId,
    /// The limits of the task.
    pub constraint_snapshot: ConstraintSnapshotId,
    /// What the task wants.
    pub issue: IssueId,
    /// What the task brings.
    pub context_packet: ContextPacketId,
}

/// The work objects of one task, in the order in which they have to be created.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskObjects {
    /// Where; only created if no repository has this slug.
    pub repo: NewRepo,
    /// Under which limits.
    pub constraint_snapshot: NewConstraintSnapshot,
    /// What for.
    pub issue: NewIssue,
    /// With what.
    pub context_packet: NewContextPacket,
}

impl TaskObjects {
    /// The same objects in a repository that turned out to exist. The stored documents stay the same: they hold no ids.
    #[must_use]
    pub fn in_repo(mut self, id: RepoId) -> Self {
        self.issue.repo = id.into();
        self
    }
}

/// The work objects of a task, linked to each other by the ids given.
#[must_use]
pub fn objects_of(task: &NormalizedTask, ids: TaskIds) -> TaskObjects {
    TaskObjects {
        repo: repo(task),
        constraint_snapshot: constraint_snapshot(task),
        issue: issue(task, ids),
        context_packet: context_packet(task, ids),
    }
}

fn repo(task: &NormalizedTask) -> NewRepo {
    let slug = task.repo().as_str();
    let name = slug.rsplit_once('/').map_or(slug, |(_, name)| name);
    let fits = task.ref_().chars().count() <= DEFAULT_BRANCH_MAX_CHARS;
    NewRepo {
        name: name.to_owned(),
        slug: slug.to_owned(),
        source: Source { system: "jct".to_owned(), external_id: Some(slug.to_owned()), url: None },
        default_branch: if fits { task.ref_() } else { DEFAULT_REF }.to_owned(),
        visibility: Visibility::Private,
        owners: Vec::new(),
        policy: None,
        links: Vec::new(),
        tags: Vec::new(),
        meta: Map::new(),
    }
}

fn constraint_snapshot(task: &NormalizedTask) -> NewConstraintSnapshot {
    let constraints = task.constraints();
    let (network, secrets) = (constraints.allow_network(), constraints.allow_secrets());
    let tolerance = match (network, secrets) {
        (true, true) => RiskTolerance::High,
        (true, false) | (false, true) => RiskTolerance::Medium,
        (false, false) => RiskTolerance::Low,
    };
    let seconds = constraints.time_budget_seconds();
    let minutes = u64::try_from(seconds / 60).unwrap_or(0);
    let notes = format!("allow_network={network}, allow_secrets={secrets}");
    let mut meta = meta(task);
    meta.insert(keys::TIME_BUDGET_SECONDS.to_owned(), seconds.into());
    meta.insert(keys::ALLOW_NETWORK.to_owned(), network.into());
    meta.insert(keys::ALLOW_SECRETS.to_owned(), secrets.into());
    NewConstraintSnapshot {
        scope: ConstraintScope::Run,
        owner: actor(task.requested_by()),
        constraints: Constraints {
            time: Some(TimeConstraint { available_minutes: Some(minutes), deadline: None }),
            risk: Some(RiskConstraint { tolerance, notes: Some(notes) }),
            ..Constraints::default()
        },
        tags: Vec::new(),
        meta,
    }
}

fn issue(task: &NormalizedTask, ids: TaskIds) -> NewIssue {
    let mut meta = meta(task);
    meta.insert(keys::TASK_METADATA.to_owned(), Value::Object(task.metadata().clone()));
    meta.insert(keys::EVIDENCE_REQUIREMENTS.to_owned(), task.evidence_requirements().into());
    NewIssue {
        repo: ids.repo.into(),
        status: Status::Planned,
        doctrine_refs: Vec::new(),
        constraints: vec![ids.constraint_snapshot.into()],
        context_packets: vec![ids.context_packet.into()],
        title: title(task.objective()),
        description: task.objective().to_owned(),
        type_: issue_type(task.operation()),
        priority: Priority::P2,
        assignees: vec![actor(task.requested_by())],
        watchers: Vec::new(),
        acceptance: acceptance(task.objective(), task.acceptance_criteria()),
        relationships: IssueRelationships::default(),
        tags: Vec::new(),
        meta,
    }
}

fn context_packet(task: &NormalizedTask, ids: TaskIds) -> NewContextPacket {
    NewContextPacket { constraint_snapshot: Some(ids.constraint_snapshot.into()), ..packet(task, ids.issue) }
}

/// What a task brings, as the first packet of an issue.
pub(super) fn packet(task: &NormalizedTask, issue: IssueId) -> NewContextPacket {
    let mut meta = meta(task);
    meta.insert(keys::ACCEPTANCE_CRITERIA.to_owned(), task.acceptance_criteria().into());
    meta.insert(keys::EVIDENCE_REQUIREMENTS.to_owned(), task.evidence_requirements().into());
    meta.insert(keys::TASK_REF.to_owned(), task.ref_().into());
    meta.insert(keys::TASK_PATH.to_owned(), task.path().into());
    meta.insert(keys::TASK_INPUTS.to_owned(), Value::Object(task.inputs().clone()));
    let path = if task.path().is_empty() { "(root)" } else { task.path() };
    NewContextPacket {
        for_issue: issue.into(),
        doctrine_refs: Vec::new(),
        constraint_snapshot: None,
        version: "1.0".to_owned(),
        summary: "Initial context from JCT task".to_owned(),
        inputs: ContextInputs::default(),
        assumptions: vec![format!("Target branch: {}", task.ref_()), format!("Working path: {path}")],
        open_questions: Vec::new(),
        instructions: task.objective().to_owned(),
        tags: Vec::new(),
        meta,
    }
}

/// What every object of a task notes about it.
fn meta(task: &NormalizedTask) -> Map<String, Value> {
    Map::from_iter([
        (keys::SOURCE.to_owned(), keys::JCT_TASK.into()),
        (keys::IDEMPOTENCY_KEY.to_owned(), task.idempotency_key().into()),
    ])
}

fn actor(requested_by: &RequestedBy) -> Actor {
    Actor {
        actor_kind: requested_by.kind(),
        actor_id: requested_by.id().to_owned(),
        display: requested_by.label().map(str::to_owned),
    }
}

/// The first line; never empty, because an objective is trimmed and has five characters at least.
fn title(objective: &str) -> String {
    objective.lines().next().unwrap_or_default().chars().take(TITLE_MAX_CHARS).collect()
}

/// The criteria of a task; one that names none is done when its objective is reached.
pub(super) fn acceptance(objective: &str, criteria: &[String]) -> Acceptance {
    let criteria = if criteria.is_empty() { vec![objective.to_owned()] } else { criteria.to_vec() };
    Acceptance { criteria, tests_expected: None }
}

const fn issue_type(operation: Operation) -> IssueType {
    match operation {
        Operation::CodeChange => IssueType::Feature,
        Operation::Docs => IssueType::Doc,
        Operation::Analysis => IssueType::Research,
        Operation::Ops => IssueType::Ops,
    }
}
