//! Reading work objects: one, a page, and everything that hangs on an issue.

use jct_contract::{IssueId, ObjectId, RunId};
use jct_cwom::ObjectKind;
use jct_store::StoreError;
use jct_store::model::{IssueGraph, ObjectFilter, Page, PageStart, Versioned};

use crate::Tower;

/// Why an object could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadObjectError {
    /// There is no such object.
    #[error("no such {kind}")]
    NotFound {
        /// What was looked for.
        kind: ObjectKind,
    },
    /// The database failed.
    #[error("failed to read the object")]
    Store(#[from] StoreError),
}

/// The object whose parts a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectOwner {
    /// An issue, with its packets, runs and artifacts.
    Issue(IssueId),
    /// A run, with its artifacts.
    Run(RunId),
}

impl ObjectOwner {
    /// What it is.
    #[must_use]
    pub const fn kind(self) -> ObjectKind {
        match self {
            Self::Issue(_) => ObjectKind::Issue,
            Self::Run(_) => ObjectKind::Run,
        }
    }

    /// Which one.
    #[must_use]
    pub fn id(self) -> ObjectId {
        match self {
            Self::Issue(id) => id.into(),
            Self::Run(id) => id.into(),
        }
    }
}

impl Tower {
    /// One object.
    ///
    /// # Errors
    /// [`ReadObjectError`].
    pub async fn object(&self, kind: ObjectKind, id: ObjectId) -> Result<Versioned, ReadObjectError> {
        self.store().object_get(kind, id).await?.ok_or(ReadObjectError::NotFound { kind })
    }

    /// A page of objects of one kind, newest first; `limit` is 1 to 500. If the list is of the parts of an object, that
    /// object has to exist.
    ///
    /// # Errors
    /// [`ReadObjectError`].
    pub async fn object_list(
        &self,
        owner: Option<ObjectOwner>,
        filter: ObjectFilter,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<Versioned>, ReadObjectError> {
        let page = self.store().object_list(filter, start, limit).await?;
        // Only an owner without parts has to be told from no owner.
        if let Some(owner) = owner.filter(|_| page.items.is_empty()) {
            self.object(owner.kind(), owner.id()).await?;
        }
        Ok(page)
    }

    /// An issue with everything that hangs on it.
    ///
    /// # Errors
    /// [`ReadObjectError`].
    pub async fn issue_graph(&self, id: IssueId) -> Result<IssueGraph, ReadObjectError> {
        self.store().issue_graph(id).await?.ok_or(ReadObjectError::NotFound { kind: ObjectKind::Issue })
    }
}
