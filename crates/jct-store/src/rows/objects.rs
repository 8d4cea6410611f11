//! Work objects: a document, the columns that lists are filtered by, and the references to one other object.
//!
//! What an object refers to by a list stands in the tables of links.

use diesel::prelude::*;

use crate::journal::Head;
use crate::schema_objects::{
    cwom_artifacts, cwom_constraint_snapshots, cwom_context_packets, cwom_doctrine_refs, cwom_evidence_packs,
    cwom_issues, cwom_repos, cwom_review_decisions, cwom_runs,
};
use crate::types::Id;

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = cwom_repos)]
pub(crate) struct RepoRow {
    pub(crate) id: Id,
    pub(crate) slug: String,
    pub(crate) visibility: String,
    pub(crate) document: String,
    pub(crate) trace_id: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) audit_seq: i64,
    pub(crate) audit_hash: String,
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = cwom_doctrine_refs)]
pub(crate) struct DoctrineRow {
    pub(crate) id: Id,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) doctrine_type: String,
    pub(crate) priority: String,
    pub(crate) document: String,
    pub(crate) trace_id: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) audit_seq: i64,
    pub(crate) audit_hash: String,
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = cwom_constraint_snapshots)]
pub(crate) struct SnapshotRow {
    pub(crate) id: Id,
    pub(crate) scope: String,
    pub(crate) owner_id: String,
    pub(crate) document: String,
    pub(crate) trace_id: String,
    pub(crate) created_at: i64,
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = cwom_issues)]
pub(crate) struct IssueRow {
    pub(crate) id: Id,
    pub(crate) repo_id: Id,
    pub(crate) repo_role: Option<String>,
    pub(crate) status: String,
    pub(crate) issue_type: String,
    pub(crate) priority: String,
    pub(crate) document: String,
    pub(crate) trace_id: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) audit_seq: i64,
    pub(crate) audit_hash: String,
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = cwom_context_packets)]
pub(crate) struct PacketRow {
    pub(crate) id: Id,
    pub(crate) issue_id: Id,
    pub(crate) issue_role: Option<String>,
    pub(crate) version: String,
    pub(crate) constraint_snapshot_id: Option<Id>,
    pub(crate) constraint_snapshot_role: Option<String>,
    pub(crate) document: String,
    pub(crate) trace_id: String,
    pub(crate) created_at: i64,
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = cwom_runs)]
pub(crate) struct RunRow {
    pub(crate) id: Id,
    pub(crate) issue_id: Id,
    pub(crate) issue_role: Option<String>,
    pub(crate) repo_id: Id,
    pub(crate) repo_role: Option<String>,
    pub(crate) constraint_snapshot_id: Option<Id>,
    pub(crate) constraint_snapshot_role: Option<String>,
    pub(crate) position: i64,
    pub(crate) mode: String,
    pub(crate) status: String,
    pub(crate) artifact_root_uri: Option<String>,
    pub(crate) state: String,
    pub(crate) document: String,
    pub(crate) trace_id: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) audit_seq: i64,
    pub(crate) audit_hash: String,
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = cwom_artifacts)]
pub(crate) struct ArtifactRow {
    pub(crate) id: Id,
    pub(crate) run_id: Id,
    pub(crate) run_role: Option<String>,
    pub(crate) issue_id: Id,
    pub(crate) issue_role: Option<String>,
    pub(crate) position: i64,
    pub(crate) artifact_type: String,
    pub(crate) document: String,
    pub(crate) trace_id: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) audit_seq: i64,
    pub(crate) audit_hash: String,
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = cwom_evidence_packs)]
pub(crate) struct EvidenceRow {
    pub(crate) id: Id,
    pub(crate) run_id: Id,
    pub(crate) issue_id: Id,
    pub(crate) task_id: Id,
    pub(crate) attempt: i64,
    pub(crate) verdict: String,
    pub(crate) digest: String,
    pub(crate) document: String,
    pub(crate) trace_id: String,
    pub(crate) created_at: i64,
}

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = cwom_review_decisions)]
pub(crate) struct ReviewRow {
    pub(crate) id: Id,
    pub(crate) evidence_pack_id: Id,
    pub(crate) evidence_pack_role: Option<String>,
    pub(crate) run_id: Id,
    pub(crate) run_role: Option<String>,
    pub(crate) issue_id: Id,
    pub(crate) issue_role: Option<String>,
    pub(crate) decision: String,
    pub(crate) document: String,
    pub(crate) record: String,
    pub(crate) trace_id: String,
    pub(crate) created_at: i64,
}

/// What moves an issue along: its status and the end of its chain.
#[derive(Debug, AsChangeset)]
#[diesel(table_name = cwom_issues)]
pub(crate) struct IssueStanding<'a> {
    status: &'a str,
    updated_at: i64,
    audit_seq: i64,
    audit_hash: &'a str,
}

/// What moves a run along. An absent address of its artifacts stays absent.
#[derive(Debug, AsChangeset)]
#[diesel(table_name = cwom_runs)]
pub(crate) struct RunStanding<'a> {
    status: &'a str,
    artifact_root_uri: Option<&'a str>,
    state: &'a str,
    updated_at: i64,
    audit_seq: i64,
    audit_hash: &'a str,
}

impl IssueRow {
    pub(crate) fn standing(&self) -> IssueStanding<'_> {
        let Self { status, updated_at, audit_seq, audit_hash, .. } = self;
        IssueStanding { status, updated_at: *updated_at, audit_seq: *audit_seq, audit_hash }
    }
}

impl RunRow {
    pub(crate) fn standing(&self) -> RunStanding<'_> {
        let Self { status, artifact_root_uri, state, updated_at, audit_seq, audit_hash, .. } = self;
        let artifact_root_uri = artifact_root_uri.as_deref();
        RunStanding { status, artifact_root_uri, state, updated_at: *updated_at, audit_seq: *audit_seq, audit_hash }
    }
}

/// A row that carries the end of its object's chain.
pub(crate) trait Chained {
    /// Where the chain ends.
    fn head(&self) -> Head;
    /// Moves the end of the chain on.
    fn set_head(&mut self, head: Head);

    /// The object's version: the number of its last entry.
    fn version(&self) -> u64 {
        self.head().seq.unsigned_abs()
    }
}

macro_rules! chained {
    ($($row:ident),+) => {$(
        impl Chained for $row {
            fn head(&self) -> Head {
                Head { seq: self.audit_seq, hash: self.audit_hash.clone() }
            }

            fn set_head(&mut self, head: Head) {
                self.audit_seq = head.seq;
                self.audit_hash = head.hash;
            }
        }
    )+};
}

chained!(RepoRow, DoctrineRow, IssueRow, RunRow, ArtifactRow);
