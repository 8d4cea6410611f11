//! What is defined: workflows and their versions.

use jct_contract::Principal;
use jct_store::StoreError;
use jct_store::model::{
    NamedPage, NewWorkflow, Page, PageStart, WorkflowChange, WorkflowChangeAnswer, WorkflowCreateAnswer,
    WorkflowRecord, WorkflowText, WorkflowVersionRecord,
};
use jct_workflow::WorkflowDefinition;
use serde_json::Value;

use super::{WorkflowError, WorkflowRef};
use crate::Tower;

/// A workflow to be defined.
#[derive(Clone, Debug)]
pub struct DefineWorkflow {
    /// What it is.
    pub definition: WorkflowDefinition,
    /// Who was authenticated; events start it for them.
    pub principal: Principal,
}

/// A workflow that is there.
#[derive(Clone, Debug)]
pub struct WorkflowKept {
    /// The workflow.
    pub record: WorkflowRecord,
    /// Whether its name was free; if not, the same was defined before and nothing was written.
    pub created: bool,
}

/// A change of a workflow. What is absent stays.
#[derive(Clone, Debug)]
pub struct ChangeWorkflow {
    /// Whether events start it.
    pub active: Option<bool>,
    /// What it is from now on; runs that were started before keep their version.
    pub definition: Option<WorkflowDefinition>,
    /// The revision that it has to have.
    pub expect: Option<u64>,
    /// Who was authenticated.
    pub principal: Principal,
}

impl Tower {
    /// Defines a workflow under a name that is free. The same definition again changes nothing.
    ///
    /// # Errors
    /// [`WorkflowError::NameTaken`], [`WorkflowError::OtherVersion`] or [`WorkflowError::Store`].
    pub async fn workflow_define(&self, define: DefineWorkflow) -> Result<WorkflowKept, WorkflowError> {
        let DefineWorkflow { definition, principal } = define;
        let name = definition.name().as_str().to_owned();
        if let Some(expected) = definition.expected_version().filter(|expected| *expected != 1) {
            let known = self.store().workflow_by_name(&name).await?;
            return match known {
                Some(record) if record.digest == definition.digest() && record.version == expected => {
                    Ok(WorkflowKept { record, created: false })
                }
                Some(record) => Err(WorkflowError::NameTaken { id: record.id }),
                None => Err(WorkflowError::OtherVersion { expected, current: 0 }),
            };
        }
        let (text, is_active, by) = (text_of(&definition), definition.active(), principal);
        match self.store().workflow_create(NewWorkflow { name, text, is_active, by }).await? {
            WorkflowCreateAnswer::Created(record) => {
                log::info!(workflow = record.name.as_str(), by = record.owner.name(); "workflow defined");
                Ok(WorkflowKept { record, created: true })
            }
            WorkflowCreateAnswer::Exists(record) if record.digest == definition.digest() => {
                Ok(WorkflowKept { record, created: false })
            }
            WorkflowCreateAnswer::Exists(record) => Err(WorkflowError::NameTaken { id: record.id }),
        }
    }

    /// One workflow.
    ///
    /// # Errors
    /// [`WorkflowError::NotFound`] or [`WorkflowError::Store`].
    pub async fn workflow(&self, which: &WorkflowRef) -> Result<WorkflowRecord, WorkflowError> {
        let found = match which {
            WorkflowRef::Id(id) => self.store().workflow_get(*id).await?,
            WorkflowRef::Name(name) => self.store().workflow_by_name(name.as_str()).await?,
        };
        found.ok_or(WorkflowError::NotFound)
    }

    /// A page of workflows by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn workflows(
        &self,
        only_active: bool,
        after: Option<String>,
        limit: u32,
    ) -> Result<NamedPage<WorkflowRecord>, StoreError> {
        self.store().workflow_list(only_active, after, limit).await
    }

    /// Switches a workflow on or off, or gives it another definition.
    ///
    /// # Errors
    /// [`WorkflowError`]; nothing was written, unless the store does not know.
    pub async fn workflow_change(
        &self,
        which: &WorkflowRef,
        change: ChangeWorkflow,
    ) -> Result<WorkflowRecord, WorkflowError> {
        let ChangeWorkflow { active, definition, expect, principal } = change;
        let WorkflowRecord { id, name, .. } = self.workflow(which).await?;
        if definition.as_ref().is_some_and(|definition| definition.name().as_str() != name) {
            return Err(WorkflowError::NameFixed { name });
        }
        let expect_version = definition.as_ref().and_then(WorkflowDefinition::expected_version);
        let text = definition.as_ref().map(text_of);
        let change = WorkflowChange { id, is_active: active, text, expect, expect_version, by: principal };
        match self.store().workflow_change(change).await? {
            WorkflowChangeAnswer::Changed(record) => {
                log::info!(
                    workflow = record.name.as_str(), version = record.version, active = record.is_active,
                    by = record.updated_by.as_str(); "workflow changed"
                );
                Ok(record)
            }
            WorkflowChangeAnswer::Unchanged(record) => Ok(record),
            WorkflowChangeAnswer::NotFound => Err(WorkflowError::NotFound),
            WorkflowChangeAnswer::Stale { current } => Err(WorkflowError::Stale { current }),
            WorkflowChangeAnswer::OtherVersion { current } => {
                Err(WorkflowError::OtherVersion { expected: expect_version.unwrap_or_default(), current })
            }
        }
    }

    /// A page of the versions of a workflow, newest first and without their definitions.
    ///
    /// # Errors
    /// [`WorkflowError::NotFound`] or [`WorkflowError::Store`].
    pub async fn workflow_versions(
        &self,
        which: &WorkflowRef,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<WorkflowVersionRecord>, WorkflowError> {
        let id = self.workflow(which).await?.id;
        self.store().workflow_versions(id, start, limit).await?.ok_or(WorkflowError::NotFound)
    }

    /// One version of a workflow, with its definition.
    ///
    /// # Errors
    /// [`WorkflowError::NotFound`], [`WorkflowError::VersionNotFound`] or [`WorkflowError::Store`].
    pub async fn workflow_version(
        &self,
        which: &WorkflowRef,
        version: u32,
    ) -> Result<WorkflowVersionRecord, WorkflowError> {
        let id = self.workflow(which).await?.id;
        self.store().workflow_version(id, version).await?.ok_or(WorkflowError::VersionNotFound)
    }
}

/// The definition as it was written, beside the digest of what it defines.
fn text_of(definition: &WorkflowDefinition) -> WorkflowText {
    let text = Value::Object(definition.source().clone()).to_string();
    WorkflowText { digest: definition.digest(), definition: text.into() }
}
