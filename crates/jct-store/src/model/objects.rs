//! Work objects on their way in, as they stand, and as they are asked for.

use jct_contract::{IssueId, ObjectId, RepoId, RunId};
use jct_cwom::{
    Artifact, ArtifactType, Body, ConstraintScope, ConstraintSnapshot, ContextPacket, DoctrinePriority, DoctrineRef,
    DoctrineType, EvidencePack, Issue, IssueType, NewArtifact, NewConstraintSnapshot, NewContextPacket, NewDoctrineRef,
    NewIssue, NewRepo, NewRun, ObjectKind, Priority, Reference, Repo, ReviewDecision, ReviewDecisionStatus, Run,
    RunMode, Status, Verdict, Visibility,
};
use serde::Serialize;

macro_rules! kinds {
    (created {$($kind:ident: $new:ident;)+} made {$($made:ident;)+}) => {
        /// An object to be created. What only the tower makes is not among them.
        #[derive(Clone, Debug, PartialEq)]
        pub enum NewObject {
            $(#[doc = concat!("Of the kind `", stringify!($kind), "`.")] $kind($new),)+
        }

        impl NewObject {
            /// What it is.
            #[must_use]
            pub const fn kind(&self) -> ObjectKind {
                match self {
                    $(Self::$kind(_) => ObjectKind::$kind,)+
                }
            }

            /// Every object that has to exist for this one to be accepted.
            #[must_use]
            pub fn references(&self) -> Vec<Reference> {
                match self {
                    $(Self::$kind(new) => new.references(),)+
                }
            }
        }

        $(
            impl From<$new> for NewObject {
                fn from(new: $new) -> Self {
                    Self::$kind(new)
                }
            }
        )+

        kinds! {all $($kind)+ $($made)+}
    };
    (all $($kind:ident)+) => {
        /// An object as it stands, links included; serialises as it is on the wire.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum WorkObject {
            $(#[doc = concat!("Of the kind `", stringify!($kind), "`.")] $kind($kind),)+
        }

        impl WorkObject {
            /// What it is.
            #[must_use]
            pub const fn kind(&self) -> ObjectKind {
                match self {
                    $(Self::$kind(_) => ObjectKind::$kind,)+
                }
            }

            /// Which one.
            #[must_use]
            pub fn id(&self) -> ObjectId {
                match self {
                    $(Self::$kind(object) => object.id.into(),)+
                }
            }
        }

        $(
            impl From<$kind> for WorkObject {
                fn from(object: $kind) -> Self {
                    Self::$kind(object)
                }
            }
        )+
    };
}

kinds! {
    created {
        Repo: NewRepo;
        Issue: NewIssue;
        ContextPacket: NewContextPacket;
        ConstraintSnapshot: NewConstraintSnapshot;
        DoctrineRef: NewDoctrineRef;
        Run: NewRun;
        Artifact: NewArtifact;
    }
    made {
        EvidencePack;
        ReviewDecision;
    }
}

/// An object and how often it has changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Versioned {
    /// The object.
    pub object: WorkObject,
    /// The number of its last entry in the audit log, from 1: every change and every new link raises it. What never
    /// changes stays at 1.
    pub version: u64,
}

/// Which objects a list shows. All given conditions must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectFilter {
    /// Repositories.
    Repos {
        /// Only those that this circle may see.
        visibility: Option<Visibility>,
    },
    /// Issues.
    Issues {
        /// Only those of this repository.
        repo_id: Option<RepoId>,
        /// Only those in this state.
        status: Option<Status>,
        /// Only this sort of work.
        type_: Option<IssueType>,
        /// Only those that are so urgent.
        priority: Option<Priority>,
    },
    /// Context packets.
    ContextPackets {
        /// Only those about this issue.
        issue_id: Option<IssueId>,
    },
    /// Snapshots of constraints.
    ConstraintSnapshots {
        /// Only those that hold for this.
        scope: Option<ConstraintScope>,
        /// Only those of this owner: the `actor_id`.
        owner_id: Option<String>,
    },
    /// Doctrines.
    DoctrineRefs {
        /// Only those of this namespace.
        namespace: Option<String>,
        /// Only this sort of rule.
        type_: Option<DoctrineType>,
        /// Only those that are so binding.
        priority: Option<DoctrinePriority>,
    },
    /// Runs.
    Runs {
        /// Only those of this issue.
        issue_id: Option<IssueId>,
        /// Only those in this repository.
        repo_id: Option<RepoId>,
        /// Only those in this state.
        status: Option<Status>,
        /// Only those that this sort of executor runs.
        mode: Option<RunMode>,
    },
    /// Artifacts.
    Artifacts {
        /// Only those of this run.
        run_id: Option<RunId>,
        /// Only those of this issue.
        issue_id: Option<IssueId>,
        /// Only this sort of artifact.
        type_: Option<ArtifactType>,
    },
    /// Evidence packs.
    EvidencePacks {
        /// Only that of this run.
        run_id: Option<RunId>,
        /// Only those of this issue.
        issue_id: Option<IssueId>,
        /// Only those with this verdict.
        verdict: Option<Verdict>,
    },
    /// Review decisions.
    ReviewDecisions {
        /// Only that about this run.
        run_id: Option<RunId>,
        /// Only those about this issue.
        issue_id: Option<IssueId>,
        /// Only those that decide this.
        decision: Option<ReviewDecisionStatus>,
    },
}

impl ObjectFilter {
    /// The kind of object that the list is of.
    #[must_use]
    pub const fn kind(&self) -> ObjectKind {
        match self {
            Self::Repos { .. } => ObjectKind::Repo,
            Self::Issues { .. } => ObjectKind::Issue,
            Self::ContextPackets { .. } => ObjectKind::ContextPacket,
            Self::ConstraintSnapshots { .. } => ObjectKind::ConstraintSnapshot,
            Self::DoctrineRefs { .. } => ObjectKind::DoctrineRef,
            Self::Runs { .. } => ObjectKind::Run,
            Self::Artifacts { .. } => ObjectKind::Artifact,
            Self::EvidencePacks { .. } => ObjectKind::EvidencePack,
            Self::ReviewDecisions { .. } => ObjectKind::ReviewDecision,
        }
    }

    /// Every object of a kind.
    #[must_use]
    pub const fn all(kind: ObjectKind) -> Self {
        match kind {
            ObjectKind::Repo => Self::Repos { visibility: None },
            ObjectKind::Issue => Self::Issues { repo_id: None, status: None, type_: None, priority: None },
            ObjectKind::ContextPacket => Self::ContextPackets { issue_id: None },
            ObjectKind::ConstraintSnapshot => Self::ConstraintSnapshots { scope: None, owner_id: None },
            ObjectKind::DoctrineRef => Self::DoctrineRefs { namespace: None, type_: None, priority: None },
            ObjectKind::Run => Self::Runs { issue_id: None, repo_id: None, status: None, mode: None },
            ObjectKind::Artifact => Self::Artifacts { run_id: None, issue_id: None, type_: None },
            ObjectKind::EvidencePack => Self::EvidencePacks { run_id: None, issue_id: None, verdict: None },
            ObjectKind::ReviewDecision => Self::ReviewDecisions { run_id: None, issue_id: None, decision: None },
        }
    }
}

/// An issue with everything that hangs on it, from what is known to what came of it; each list is oldest first.
///
/// Read list by list: what is created meanwhile may be in one of them and not yet in another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IssueGraph {
    /// The issue.
    pub issue: Issue,
    /// Where the work happens.
    pub repo: Repo,
    /// What is known: the packets of the issue and those that its runs were given.
    pub context_packets: Vec<ContextPacket>,
    /// The limits that the issue, its packets and its runs name.
    pub constraint_snapshots: Vec<ConstraintSnapshot>,
    /// The rules that the issue, its packets and its runs name.
    pub doctrine_refs: Vec<DoctrineRef>,
    /// Its executions.
    pub runs: Vec<Run>,
    /// What they left behind.
    pub artifacts: Vec<Artifact>,
    /// What was found out about them.
    pub evidence_packs: Vec<EvidencePack>,
    /// What was decided.
    pub review_decisions: Vec<ReviewDecision>,
}
