//! Work objects from their rows: the document, the columns and the lists of links together, as on the wire.

use std::str::FromStr;

use jct_cwom::{
    Artifact, ArtifactColumns, ConstraintSnapshot, ContextPacket, ContextPacketColumns, DoctrineRef, EvidencePack,
    EvidencePackColumns, InvalidDocument, Issue, IssueColumns, NewArtifact, NewConstraintSnapshot, NewContextPacket,
    NewDoctrineRef, NewEvidencePack, NewIssue, NewRepo, NewReviewDecision, NewRun, ObjectKind, Ref, Repo,
    ReviewDecision, ReviewDecisionColumns, ReviewRecord, Run, RunColumns, RunInputs, RunState, RunStateColumns,
};

use super::objects::{
    ArtifactRow, DoctrineRow, EvidenceRow, IssueRow, PacketRow, RepoRow, ReviewRow, RunRow, SnapshotRow,
};
use super::objects_links::reference;
use super::{time, to_trace_id};
use crate::StoreError;
use crate::types::Id;

/// The lists of an issue.
#[derive(Clone, Debug, Default)]
pub(crate) struct IssueLinks {
    pub(crate) doctrine_refs: Vec<Ref>,
    pub(crate) constraints: Vec<Ref>,
    pub(crate) context_packets: Vec<Ref>,
    pub(crate) runs: Vec<Ref>,
}

/// The lists of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunLinks {
    pub(crate) context_packets: Vec<Ref>,
    pub(crate) doctrine_refs: Vec<Ref>,
    pub(crate) artifacts: Vec<Ref>,
}

fn word<T: FromStr>(id: Id, text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::corrupt(format!("word `{text}` of work object {}", id.0)))
}

fn document<T>(id: Id, read: Result<T, InvalidDocument>) -> Result<T, StoreError> {
    read.map_err(|error| StoreError::corrupt(format!("document of work object {}: {error}", id.0)))
}

fn optional(kind: ObjectKind, id: Option<Id>, role: Option<String>) -> Option<Ref> {
    id.map(|id| reference(kind, id, role))
}

impl RepoRow {
    pub(crate) fn read(self) -> Result<Repo, StoreError> {
        Ok(Repo {
            id: self.id.into(),
            content: document(self.id, NewRepo::from_document(&self.document))?,
            trace_id: Some(to_trace_id(&self.trace_id)?),
            created_at: time(self.created_at),
            updated_at: time(self.updated_at),
        })
    }
}

impl DoctrineRow {
    pub(crate) fn read(self) -> Result<DoctrineRef, StoreError> {
        Ok(DoctrineRef {
            id: self.id.into(),
            content: document(self.id, NewDoctrineRef::from_document(&self.document))?,
            trace_id: Some(to_trace_id(&self.trace_id)?),
            created_at: time(self.created_at),
            updated_at: time(self.updated_at),
        })
    }
}

impl SnapshotRow {
    pub(crate) fn read(self) -> Result<ConstraintSnapshot, StoreError> {
        Ok(ConstraintSnapshot {
            id: self.id.into(),
            content: document(self.id, NewConstraintSnapshot::from_document(&self.document))?,
            trace_id: Some(to_trace_id(&self.trace_id)?),
            captured_at: time(self.created_at),
        })
    }
}

impl IssueRow {
    pub(crate) fn read(self, links: IssueLinks) -> Result<Issue, StoreError> {
        let IssueLinks { doctrine_refs, constraints, context_packets, runs } = links;
        let columns = IssueColumns {
            repo: reference(ObjectKind::Repo, self.repo_id, self.repo_role),
            status: word(self.id, &self.status)?,
            doctrine_refs,
            constraints,
            context_packets,
        };
        Ok(Issue {
            id: self.id.into(),
            content: document(self.id, NewIssue::from_document(&self.document, columns))?,
            runs,
            trace_id: Some(to_trace_id(&self.trace_id)?),
            created_at: time(self.created_at),
            updated_at: time(self.updated_at),
        })
    }
}

impl PacketRow {
    pub(crate) fn read(self, doctrine_refs: Vec<Ref>) -> Result<ContextPacket, StoreError> {
        let columns = ContextPacketColumns {
            for_issue: reference(ObjectKind::Issue, self.issue_id, self.issue_role),
            doctrine_refs,
            constraint_snapshot: optional(
                ObjectKind::ConstraintSnapshot,
                self.constraint_snapshot_id,
                self.constraint_snapshot_role,
            ),
        };
        Ok(ContextPacket {
            id: self.id.into(),
            content: document(self.id, NewContextPacket::from_document(&self.document, columns))?,
            trace_id: Some(to_trace_id(&self.trace_id)?),
            created_at: time(self.created_at),
        })
    }
}

impl RunRow {
    pub(crate) fn read(self, links: RunLinks) -> Result<Run, StoreError> {
        let RunLinks { context_packets, doctrine_refs, artifacts } = links;
        let snapshot =
            optional(ObjectKind::ConstraintSnapshot, self.constraint_snapshot_id, self.constraint_snapshot_role);
        let columns = RunColumns {
            for_issue: reference(ObjectKind::Issue, self.issue_id, self.issue_role),
            repo: reference(ObjectKind::Repo, self.repo_id, self.repo_role),
            inputs: RunInputs { context_packets, doctrine_refs, constraint_snapshot: snapshot },
        };
        let standing =
            RunStateColumns { status: word(self.id, &self.status)?, artifact_root_uri: self.artifact_root_uri };
        let mut state = document(self.id, RunState::from_document(&self.state, standing))?;
        state.outputs.artifacts = artifacts;
        Ok(Run {
            id: self.id.into(),
            content: document(self.id, NewRun::from_document(&self.document, columns))?,
            state,
            trace_id: Some(to_trace_id(&self.trace_id)?),
            created_at: time(self.created_at),
            updated_at: time(self.updated_at),
        })
    }
}

impl ArtifactRow {
    pub(crate) fn read(self) -> Result<Artifact, StoreError> {
        let columns = ArtifactColumns {
            produced_by: reference(ObjectKind::Run, self.run_id, self.run_role),
            for_issue: reference(ObjectKind::Issue, self.issue_id, self.issue_role),
        };
        Ok(Artifact {
            id: self.id.into(),
            content: document(self.id, NewArtifact::from_document(&self.document, columns))?,
            trace_id: Some(to_trace_id(&self.trace_id)?),
            created_at: time(self.created_at),
            updated_at: time(self.updated_at),
        })
    }
}

impl EvidenceRow {
    pub(crate) fn read(self) -> Result<EvidencePack, StoreError> {
        let columns = EvidencePackColumns {
            for_run: reference(ObjectKind::Run, self.run_id, None),
            for_issue: reference(ObjectKind::Issue, self.issue_id, None),
            verdict: word(self.id, &self.verdict)?,
        };
        Ok(EvidencePack {
            id: self.id.into(),
            content: document(self.id, NewEvidencePack::from_document(&self.document, columns))?,
            digest: word(self.id, &self.digest)?,
            trace_id: Some(to_trace_id(&self.trace_id)?),
            evaluated_at: time(self.created_at),
        })
    }
}

impl ReviewRow {
    pub(crate) fn read(self) -> Result<ReviewDecision, StoreError> {
        let columns = ReviewDecisionColumns {
            for_evidence_pack: reference(ObjectKind::EvidencePack, self.evidence_pack_id, self.evidence_pack_role),
            for_run: reference(ObjectKind::Run, self.run_id, self.run_role),
            for_issue: reference(ObjectKind::Issue, self.issue_id, self.issue_role),
            decision: word(self.id, &self.decision)?,
        };
        Ok(ReviewDecision {
            id: self.id.into(),
            content: document(self.id, NewReviewDecision::from_document(&self.document, columns))?,
            record: document(self.id, ReviewRecord::from_document(&self.record))?,
            trace_id: Some(to_trace_id(&self.trace_id)?),
            reviewed_at: time(self.created_at),
        })
    }
}

impl IssueLinks {
    /// The lists that an issue shows.
    pub(crate) fn of(issue: &Issue) -> Self {
        Self {
            doctrine_refs: issue.content.doctrine_refs.clone(),
            constraints: issue.content.constraints.clone(),
            context_packets: issue.content.context_packets.clone(),
            runs: issue.runs.clone(),
        }
    }
}

impl RunLinks {
    /// The lists that a run shows.
    pub(crate) fn of(run: &Run) -> Self {
        Self {
            context_packets: run.content.inputs.context_packets.clone(),
            doctrine_refs: run.content.inputs.doctrine_refs.clone(),
            artifacts: run.state.outputs.artifacts.clone(),
        }
    }
}
