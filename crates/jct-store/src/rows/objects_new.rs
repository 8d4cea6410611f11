//! New work objects as rows, each at the beginning of its chain.

use jct_contract::{
    ArtifactId, ConstraintSnapshotId, ContextPacketId, DoctrineRefId, EvidencePackId, IssueId, RepoId,
    ReviewDecisionId, RunId, Timestamp, TraceId,
};
use jct_cwom::{
    NewArtifact, NewConstraintSnapshot, NewContextPacket, NewDoctrineRef, NewEvidencePack, NewIssue, NewRepo,
    NewReviewDecision, NewRun, Ref, ReviewRecord, RunOutputs, RunState,
};

use super::objects::{
    ArtifactRow, DoctrineRow, EvidenceRow, IssueRow, PacketRow, RepoRow, ReviewRow, RunRow, SnapshotRow,
};
use crate::journal::Head;
use crate::types::Id;

/// What every new object has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Birth<'a> {
    pub(crate) at: Timestamp,
    pub(crate) trace_id: &'a TraceId,
}

impl Birth<'_> {
    fn trace_id(self) -> String {
        self.trace_id.as_str().to_owned()
    }
}

fn split(reference: Option<&Ref>) -> (Option<Id>, Option<String>) {
    (reference.map(|reference| reference.id.into()), reference.and_then(|reference| reference.role.clone()))
}

impl RepoRow {
    pub(crate) fn new(birth: Birth<'_>, new: &NewRepo) -> Self {
        let (created_at, Head { seq, hash }) = (birth.at.as_micros(), Head::genesis());
        Self {
            id: RepoId::at(birth.at).into(),
            slug: new.slug.clone(),
            visibility: new.visibility.as_str().to_owned(),
            document: new.document(),
            trace_id: birth.trace_id(),
            created_at,
            updated_at: created_at,
            audit_seq: seq,
            audit_hash: hash,
        }
    }
}

impl DoctrineRow {
    pub(crate) fn new(birth: Birth<'_>, new: &NewDoctrineRef) -> Self {
        let (created_at, Head { seq, hash }) = (birth.at.as_micros(), Head::genesis());
        Self {
            id: DoctrineRefId::at(birth.at).into(),
            namespace: new.namespace.clone(),
            name: new.name.clone(),
            version: new.version.clone(),
            doctrine_type: new.type_.as_str().to_owned(),
            priority: new.priority.as_str().to_owned(),
            document: new.document(),
            trace_id: birth.trace_id(),
            created_at,
            updated_at: created_at,
            audit_seq: seq,
            audit_hash: hash,
        }
    }
}

impl SnapshotRow {
    pub(crate) fn new(birth: Birth<'_>, new: &NewConstraintSnapshot) -> Self {
        Self {
            id: ConstraintSnapshotId::at(birth.at).into(),
            scope: new.scope.as_str().to_owned(),
            owner_id: new.owner.actor_id.clone(),
            document: new.document(),
            trace_id: birth.trace_id(),
            created_at: birth.at.as_micros(),
        }
    }
}

impl IssueRow {
    pub(crate) fn new(birth: Birth<'_>, new: &NewIssue) -> Self {
        let (created_at, Head { seq, hash }) = (birth.at.as_micros(), Head::genesis());
        let mut row = Self {
            id: IssueId::at(birth.at).into(),
            repo_id: new.repo.id.into(),
            repo_role: new.repo.role.clone(),
            status: String::new(),
            issue_type: String::new(),
            priority: String::new(),
            document: String::new(),
            trace_id: birth.trace_id(),
            created_at,
            updated_at: created_at,
            audit_seq: seq,
            audit_hash: hash,
        };
        row.set_content(new);
        row
    }

    /// What a change may change.
    pub(crate) fn set_content(&mut self, content: &NewIssue) {
        content.status.as_str().clone_into(&mut self.status);
        content.type_.as_str().clone_into(&mut self.issue_type);
        content.priority.as_str().clone_into(&mut self.priority);
        self.document = content.document();
    }
}

impl PacketRow {
    pub(crate) fn new(birth: Birth<'_>, new: &NewContextPacket) -> Self {
        let (constraint_snapshot_id, constraint_snapshot_role) = split(new.constraint_snapshot.as_ref());
        Self {
            id: ContextPacketId::at(birth.at).into(),
            issue_id: new.for_issue.id.into(),
            issue_role: new.for_issue.role.clone(),
            version: new.version.clone(),
            constraint_snapshot_id,
            constraint_snapshot_role,
            document: new.document(),
            trace_id: birth.trace_id(),
            created_at: birth.at.as_micros(),
        }
    }
}

impl RunRow {
    /// A run that begins as `planned`, at a place among the runs of its issue.
    pub(crate) fn new(birth: Birth<'_>, new: &NewRun, position: i64) -> Self {
        let (created_at, Head { seq, hash }) = (birth.at.as_micros(), Head::genesis());
        let (constraint_snapshot_id, constraint_snapshot_role) = split(new.inputs.constraint_snapshot.as_ref());
        let mut row = Self {
            id: RunId::at(birth.at).into(),
            issue_id: new.for_issue.id.into(),
            issue_role: new.for_issue.role.clone(),
            repo_id: new.repo.id.into(),
            repo_role: new.repo.role.clone(),
            constraint_snapshot_id,
            constraint_snapshot_role,
            position,
            mode: new.mode.as_str().to_owned(),
            status: String::new(),
            artifact_root_uri: None,
            state: String::new(),
            document: new.document(),
            trace_id: birth.trace_id(),
            created_at,
            updated_at: created_at,
            audit_seq: seq,
            audit_hash: hash,
        };
        row.set_state(RunState::default());
        row
    }

    /// What changes in a run. Its artifacts are not part of the row: they name their run themselves.
    pub(crate) fn set_state(&mut self, state: RunState) {
        state.status.as_str().clone_into(&mut self.status);
        let state = RunState { outputs: RunOutputs { artifacts: Vec::new(), ..state.outputs }, ..state };
        self.state = state.document();
        self.artifact_root_uri = state.artifact_root_uri;
    }
}

impl EvidenceRow {
    /// The pack of an attempt.
    pub(crate) fn new(birth: Birth<'_>, new: &NewEvidencePack, task_id: Id, attempt: i64) -> Self {
        Self {
            id: EvidencePackId::at(birth.at).into(),
            run_id: new.for_run.id.into(),
            issue_id: new.for_issue.id.into(),
            task_id,
            attempt,
            verdict: new.verdict.as_str().to_owned(),
            digest: new.digest().to_string(),
            document: new.document(),
            trace_id: birth.trace_id(),
            created_at: birth.at.as_micros(),
        }
    }
}

impl ReviewRow {
    pub(crate) fn new(birth: Birth<'_>, new: &NewReviewDecision, record: &ReviewRecord) -> Self {
        Self {
            id: ReviewDecisionId::at(birth.at).into(),
            evidence_pack_id: new.for_evidence_pack.id.into(),
            evidence_pack_role: new.for_evidence_pack.role.clone(),
            run_id: new.for_run.id.into(),
            run_role: new.for_run.role.clone(),
            issue_id: new.for_issue.id.into(),
            issue_role: new.for_issue.role.clone(),
            decision: new.decision.as_str().to_owned(),
            document: new.document(),
            record: record.document(),
            trace_id: birth.trace_id(),
            created_at: birth.at.as_micros(),
        }
    }
}

impl ArtifactRow {
    /// An artifact at a place among those of its run.
    pub(crate) fn new(birth: Birth<'_>, new: &NewArtifact, position: i64) -> Self {
        let (created_at, Head { seq, hash }) = (birth.at.as_micros(), Head::genesis());
        Self {
            id: ArtifactId::at(birth.at).into(),
            run_id: new.produced_by.id.into(),
            run_role: new.produced_by.role.clone(),
            issue_id: new.for_issue.id.into(),
            issue_role: new.for_issue.role.clone(),
            position,
            artifact_type: new.type_.as_str().to_owned(),
            document: new.document(),
            trace_id: birth.trace_id(),
            created_at,
            updated_at: created_at,
            audit_seq: seq,
            audit_hash: hash,
        }
    }
}
