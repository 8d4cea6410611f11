//! The parts that objects are made of.

mod constraints;
mod content;
mod evidence;
mod execution;
mod intent;
mod reference;
mod who;

pub use constraints::{
    BudgetConstraint, Constraints, EnergyConstraint, EnvironmentConstraint, HealthConstraint, RiskConstraint,
    TimeConstraint, ToolsConstraint,
};
pub use content::{ContextInputs, DataBlob, Document, Verification, VerificationCheck};
pub use evidence::{CheckResult, CriterionOverride, CriterionResult, EvidenceItem, Subject, TestCounts};
pub use execution::{Cost, Executor, Failure, RunInputs, RunOutputs, RunPlan, Telemetry};
pub use intent::{Acceptance, DoctrineApplicability, IssueRelationships, RepoPolicy};
pub use reference::Ref;
pub use who::{Actor, Source};
