//! The store's methods for work objects.

use jct_contract::{IssueId, ObjectId, Principal, RepoId, RunId, TraceId};
use jct_cwom::task::TaskIds;
use jct_cwom::{IssueChange, ObjectKind, RunChange};

use crate::command::{Answer, Command};
use crate::command_objects::{CreateAnswer, ObjectAction, ObjectChangeAnswer, ObjectWrite};
use crate::model::{IssueGraph, NewObject, ObjectFilter, Page, PageStart, Versioned};
use crate::{Store, StoreError};

impl Store {
    /// Creates an object of any kind, with its links, if everything that it refers to exists. A context packet and a run
    /// appear on their issue, an artifact on its run.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn object_create(
        &self,
        new: NewObject,
        by: Principal,
        trace_id: TraceId,
    ) -> Result<CreateAnswer, StoreError> {
        let action = ObjectAction::Create(Box::new(new));
        match self.engine.write(Command::Object(ObjectWrite { action, by, trace_id })).await? {
            Answer::ObjectCreated(answer) => Ok(*answer),
            other => Err(StoreError::corrupt(format!("the writer answered {other:?}"))),
        }
    }

    /// One object.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn object_get(&self, kind: ObjectKind, id: ObjectId) -> Result<Option<Versioned>, StoreError> {
        self.engine.object_get(kind, id).await
    }

    /// A page of objects of one kind, newest first, doctrines like all others. `limit` is at most 500.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn object_list(
        &self,
        filter: ObjectFilter,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<Versioned>, StoreError> {
        self.engine.object_list(filter, start, limit).await
    }

    /// Changes an issue, if it is still the version that is expected; a change that makes no difference leaves the
    /// version as it is.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn issue_change(
        &self,
        id: IssueId,
        change: IssueChange,
        expect: Option<u64>,
        by: Principal,
        trace_id: TraceId,
    ) -> Result<ObjectChangeAnswer, StoreError> {
        let action = ObjectAction::ChangeIssue { id, change: Box::new(change), expect };
        self.object_change(ObjectWrite { action, by, trace_id }).await
    }

    /// Changes how a run stands, if it is still the version that is expected. The list of its artifacts is what the
    /// artifacts say: a change may repeat it, and cannot add to it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn run_change(
        &self,
        id: RunId,
        change: RunChange,
        expect: Option<u64>,
        by: Principal,
        trace_id: TraceId,
    ) -> Result<ObjectChangeAnswer, StoreError> {
        let action = ObjectAction::ChangeRun { id, change: Box::new(change), expect };
        self.object_change(ObjectWrite { action, by, trace_id }).await
    }

    async fn object_change(&self, write: ObjectWrite) -> Result<ObjectChangeAnswer, StoreError> {
        match self.engine.write(Command::Object(write)).await? {
            Answer::ObjectChanged(answer) => Ok(*answer),
            other => Err(StoreError::corrupt(format!("the writer answered {other:?}"))),
        }
    }

    /// The repository with this slug.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn repo_by_slug(&self, slug: &str) -> Result<Option<RepoId>, StoreError> {
        self.engine.repo_by_slug(slug.to_owned()).await
    }

    /// What was created together with the issue of a task.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn task_objects(&self, issue: IssueId) -> Result<Option<TaskIds>, StoreError> {
        self.engine.task_objects(issue).await
    }

    /// An issue with everything that hangs on it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn issue_graph(&self, id: IssueId) -> Result<Option<IssueGraph>, StoreError> {
        self.engine.issue_graph(id).await
    }
}
