//! Changing an issue or a run, if it still is what the caller saw.

use jct_contract::{IssueId, ObjectId, Principal, RunId, TraceId, Violation};
use jct_cwom::{IllegalTransition, IssueChange, ObjectKind, Reference, RunChange, Status};
use jct_store::model::Versioned;
use jct_store::{ObjectChangeAnswer, StoreError};

use crate::Tower;

/// A change of one of the two kinds that change.
#[derive(Clone, Debug)]
pub enum ObjectChange {
    /// Of an issue.
    Issue(IssueId, IssueChange),
    /// Of a run.
    Run(RunId, RunChange),
}

impl ObjectChange {
    /// What is changed.
    #[must_use]
    pub const fn kind(&self) -> ObjectKind {
        match self {
            Self::Issue(..) => ObjectKind::Issue,
            Self::Run(..) => ObjectKind::Run,
        }
    }

    /// Which one.
    #[must_use]
    pub fn id(&self) -> ObjectId {
        match self {
            Self::Issue(id, _) => (*id).into(),
            Self::Run(id, _) => (*id).into(),
        }
    }
}

/// Which version the caller saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Whichever there is.
    Anything,
    /// One of these; none, if there is no version here.
    OneOf(Vec<u64>),
}

/// Why an object was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeObjectError {
    /// There is no such object.
    #[error("no such {kind}")]
    NotFound {
        /// What was to be changed.
        kind: ObjectKind,
    },
    /// It has changed since the caller saw it.
    #[error("the {kind} is now at version {current}")]
    Stale {
        /// What was to be changed.
        kind: ObjectKind,
        /// The version it has.
        current: u64,
    },
    /// The state cannot follow the present one.
    #[error("the {kind} {illegal}")]
    Illegal {
        /// What was to be changed.
        kind: ObjectKind,
        /// From where to where it was to go.
        illegal: IllegalTransition,
        /// Where it can go instead, in the order of the model.
        allowed: Vec<Status>,
    },
    /// The change refers to objects that do not exist: all of them, never none.
    #[error("the change refers to objects that do not exist")]
    Missing(Vec<Reference>),
    /// The change takes away what must stay, or names what belongs to something else.
    #[error("the change is refused")]
    Refused(Violation),
    /// The database failed.
    #[error("failed to change the object")]
    Store(#[from] StoreError),
}

impl Tower {
    /// Changes an issue or a run on behalf of `by`; a change that makes no difference leaves its version as it is.
    ///
    /// # Errors
    /// [`ChangeObjectError`]; nothing was changed, unless the store does not know.
    pub async fn object_change(
        &self,
        change: ObjectChange,
        expect: Expect,
        by: Principal,
        trace_id: TraceId,
    ) -> Result<Versioned, ChangeObjectError> {
        let (kind, id, trace, who) = (change.kind(), change.id(), trace_id.clone(), by.name().to_owned());
        let expect = self.expected(kind, id, expect).await?;
        let answer = match change {
            ObjectChange::Issue(id, change) => self.store().issue_change(id, change, expect, by, trace_id).await?,
            ObjectChange::Run(id, change) => self.store().run_change(id, change, expect, by, trace_id).await?,
        };
        match answer {
            ObjectChangeAnswer::Changed(changed) => {
                log::info!(
                    trace_id = trace.as_str(), kind = kind.as_str(), id:% = id, version = changed.version,
                    by = who.as_str();
                    "object changed"
                );
                Ok(changed)
            }
            ObjectChangeAnswer::NotFound => Err(ChangeObjectError::NotFound { kind }),
            ObjectChangeAnswer::Stale { current } => Err(ChangeObjectError::Stale { kind, current }),
            ObjectChangeAnswer::Illegal { illegal, allowed } => {
                Err(ChangeObjectError::Illegal { kind, illegal, allowed })
            }
            ObjectChangeAnswer::Missing(references) => Err(ChangeObjectError::Missing(references)),
            ObjectChangeAnswer::Refused(violation) => Err(ChangeObjectError::Refused(violation)),
        }
    }

    /// The one version for the store to compare with. Of several, only the present one can be right; if it changes
    /// between here and there, the store refuses.
    async fn expected(&self, kind: ObjectKind, id: ObjectId, expect: Expect) -> Result<Option<u64>, ChangeObjectError> {
        let versions = match expect {
            Expect::Anything => return Ok(None),
            Expect::OneOf(versions) => versions,
        };
        if let [version] = versions.as_slice() {
            return Ok(Some(*version));
        }
        let object = self.store().object_get(kind, id).await?.ok_or(ChangeObjectError::NotFound { kind })?;
        let current = object.version;
        if versions.contains(&current) { Ok(Some(current)) } else { Err(ChangeObjectError::Stale { kind, current }) }
    }
}
