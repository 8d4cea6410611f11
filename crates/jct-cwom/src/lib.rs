#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::todo,
        clippy::unimplemented
    )
)]

mod body;
mod document;
mod door;
mod error;
mod findings;
pub mod issue;
pub mod limits;
mod objects;
mod primitives;
mod references;
pub mod review;
pub mod run;
pub mod schema;
mod shape;
pub mod task;
mod transition;
mod words;

pub use body::{Body, parse, parse_value};
pub use document::InvalidDocument;
pub use error::ObjectError;
pub use findings::EvidenceFindings;
pub use jct_contract::RequesterKind as ActorKind;
pub use objects::{
    Artifact, ArtifactColumns, ConstraintSnapshot, ContextPacket, ContextPacketColumns, DoctrineRef, EvidencePack,
    EvidencePackColumns, Issue, IssueChange, IssueColumns, NewArtifact, NewConstraintSnapshot, NewContextPacket,
    NewDoctrineRef, NewEvidencePack, NewIssue, NewRepo, NewReviewDecision, NewRun, Repo, ReviewDecision,
    ReviewDecisionColumns, ReviewRecord, Run, RunChange, RunColumns, RunState, RunStateColumns,
};
pub use primitives::{
    Acceptance, Actor, BudgetConstraint, CheckResult, Constraints, ContextInputs, Cost, CriterionOverride,
    CriterionResult, DataBlob, DoctrineApplicability, Document, EnergyConstraint, EnvironmentConstraint, EvidenceItem,
    Executor, Failure, HealthConstraint, IssueRelationships, Ref, RepoPolicy, RiskConstraint, RunInputs, RunOutputs,
    RunPlan, Source, Subject, Telemetry, TestCounts, TimeConstraint, ToolsConstraint, Verification, VerificationCheck,
};
pub use references::Reference;
pub use run::RunChangeError;
pub use transition::IllegalTransition;
pub use words::{
    ArtifactType, CheckEnd, Connectivity, ConstraintScope, CriterionStatus, DoctrinePriority, DoctrineType,
    FailureCategory, IssueType, ObjectKind, Priority, ReviewDecisionStatus, RiskTolerance, RunMode, Status,
    UnknownWord, Verdict, VerificationStatus, Visibility,
};
