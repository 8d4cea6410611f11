//! A reference from one object to another.

use crate::shape::{OPTIONAL, REQUIRED, Rule, shape, text, word};
use crate::words::ObjectKind;
use jct_contract::{
    ArtifactId, ConstraintSnapshotId, ContextPacketId, DoctrineRefId, EvidencePackId, IssueId, ObjectId, RepoId,
    ReviewDecisionId, RunId,
};

shape! {
    /// Names one object; the kind always fits the place where the reference stands.
    #[derive(Eq, Hash)]
    Ref {
        /// What the object is.
        kind: ObjectKind = word(ObjectKind::WORDS), REQUIRED;
        /// Which one.
        id: ObjectId = Rule::Id, REQUIRED;
        /// What it is to the object that refers to it.
        role: Option<String> = text(1, 64), OPTIONAL;
    }
}

impl Ref {
    /// A reference without a role.
    #[must_use]
    pub const fn new(kind: ObjectKind, id: ObjectId) -> Self {
        Self { kind, id, role: None }
    }
}

macro_rules! from_ids {
    ($($id:ident => $kind:ident,)+) => {$(
        impl From<$id> for Ref {
            fn from(id: $id) -> Self {
                Self::new(ObjectKind::$kind, id.into())
            }
        }
    )+};
}

from_ids! {
    RepoId => Repo,
    IssueId => Issue,
    ContextPacketId => ContextPacket,
    RunId => Run,
    ArtifactId => Artifact,
    ConstraintSnapshotId => ConstraintSnapshot,
    DoctrineRefId => DoctrineRef,
    EvidencePackId => EvidencePack,
    ReviewDecisionId => ReviewDecision,
}
