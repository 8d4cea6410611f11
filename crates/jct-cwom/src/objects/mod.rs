//! The nine kinds of object: as each is created, as it is changed, and as it stands on the wire.

mod artifact;
mod constraint_snapshot;
mod context_packet;
mod doctrine_ref;
mod evidence_pack;
mod issue;
mod repo;
mod review_decision;
mod run;
#[cfg(test)]
mod tests;

pub use artifact::{Artifact, ArtifactColumns, NewArtifact};
pub use constraint_snapshot::{ConstraintSnapshot, NewConstraintSnapshot};
pub use context_packet::{ContextPacket, ContextPacketColumns, NewContextPacket};
pub use doctrine_ref::{DoctrineRef, NewDoctrineRef};
pub use evidence_pack::{EvidencePack, EvidencePackColumns, NewEvidencePack};
pub use issue::{Issue, IssueChange, IssueColumns, NewIssue};
pub use repo::{NewRepo, Repo};
pub use review_decision::{NewReviewDecision, ReviewDecision, ReviewDecisionColumns, ReviewRecord};
pub use run::{NewRun, Run, RunChange, RunColumns, RunState, RunStateColumns};
