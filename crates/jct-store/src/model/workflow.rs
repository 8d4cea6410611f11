//! Workflows: what is defined and in which versions.

use std::sync::Arc;

use jct_contract::{Principal, Sha256Digest, Timestamp, WorkflowId};

use super::WorkflowRunRecord;

/// A definition, as canonical JSON beside the digest of what it defines.
#[derive(Clone, Debug)]
pub struct WorkflowText {
    /// The digest that makes two definitions one version.
    pub digest: Sha256Digest,
    /// The definition.
    pub definition: Arc<str>,
}

/// A workflow for a name that is free.
#[derive(Clone, Debug)]
pub struct NewWorkflow {
    /// The name, unique in the tower.
    pub name: String,
    /// What is defined.
    pub text: WorkflowText,
    /// Whether events start it.
    pub is_active: bool,
    /// Who defines it, and for whom events start it.
    pub by: Principal,
}

/// What became of a [`NewWorkflow`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkflowCreateAnswer {
    /// It is there, in its first version.
    Created(WorkflowRecord),
    /// The name is taken; nothing was written.
    Exists(WorkflowRecord),
}

/// A change of a workflow. What is absent stays.
#[derive(Clone, Debug)]
pub struct WorkflowChange {
    /// Which.
    pub id: WorkflowId,
    /// Whether events start it.
    pub is_active: Option<bool>,
    /// What is defined from now on.
    pub text: Option<WorkflowText>,
    /// The revision that it has to have.
    pub expect: Option<u64>,
    /// The version that this has to become.
    pub expect_version: Option<u32>,
    /// Who changes it.
    pub by: Principal,
}

/// What became of a [`WorkflowChange`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkflowChangeAnswer {
    /// It is changed.
    Changed(WorkflowRecord),
    /// It was like that; nothing was written.
    Unchanged(WorkflowRecord),
    /// There is no such workflow.
    NotFound,
    /// It is not the revision that was expected; nothing was written.
    Stale {
        /// The revision that it is.
        current: u64,
    },
    /// The next version is not the one that was expected; nothing was written.
    OtherVersion {
        /// The version that it has.
        current: u32,
    },
}

/// A workflow as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowRecord {
    /// Its id.
    pub id: WorkflowId,
    /// Its name.
    pub name: String,
    /// Whether events start it.
    pub is_active: bool,
    /// The number of the version in force, from 1.
    pub version: u32,
    /// The digest of the version in force.
    pub digest: Sha256Digest,
    /// Who wrote the version in force, and for whom events start it.
    pub owner: Principal,
    /// When that was.
    pub created_at: Timestamp,
    /// Who changed it last.
    pub updated_by: String,
    /// When that was; a run does not touch it.
    pub updated_at: Timestamp,
    /// Runs that were ever started.
    pub runs_started: u64,
    /// The latest of them.
    pub last_run: Option<WorkflowRunRecord>,
    /// Grows with every change, not with runs.
    pub revision: u64,
    /// The definition in force.
    pub definition: String,
}

/// One version of a workflow; it never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowVersionRecord {
    /// Its number, from 1.
    pub version: u32,
    /// Its digest.
    pub digest: Sha256Digest,
    /// The definition.
    pub definition: String,
    /// Who defined it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
}

/// A workflow that events start, without its definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveWorkflow {
    /// Which.
    pub id: WorkflowId,
    /// The version in force.
    pub version: u32,
}
