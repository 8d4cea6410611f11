//! Setting, lifting and reading controls.

use jct_contract::{ControlId, Principal};
use jct_store::StoreError;
use jct_store::model::{ControlMode, ControlRecord, ControlScope, NewControl, Page, PageStart};

use super::ControlWarning;
use crate::Tower;

/// Why a control was not lifted or shown.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// There is no such control.
    #[error("no such control")]
    NotFound,
    /// The database failed.
    #[error("failed to read or change the control")]
    Store(#[from] StoreError),
}

/// A control that was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlSet {
    /// The control, in force.
    pub control: ControlRecord,
    /// What whoever set it should know.
    pub warnings: Vec<ControlWarning>,
}

impl Tower {
    /// Sets a control. Nothing that it is about is begun from the moment that this returns; with [`ControlMode::Kill`] what
    /// runs is called off with its next heartbeat.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn control_create(
        &self,
        scope: ControlScope,
        mode: ControlMode,
        reason: String,
        by: Principal,
    ) -> Result<ControlSet, StoreError> {
        let new = NewControl { scope, mode, reason, by, unless_there_is_one: false };
        let control = self.store().control_create(new).await?;
        log::warn!(
            control_id:% = control.id, scope:% = control.scope, mode:% = control.mode, by = control.by.name();
            "control set"
        );
        let warnings = self.control_warnings(&control.scope).await;
        Ok(ControlSet { control, warnings })
    }

    /// Lifts a control; one that was lifted stays as it is.
    ///
    /// # Errors
    /// [`ControlError`].
    pub async fn control_lift(&self, id: ControlId, by: Principal) -> Result<ControlRecord, ControlError> {
        let asker = by.name().to_owned();
        let control = self.store().control_lift(id, by).await?.ok_or(ControlError::NotFound)?;
        log::warn!(control_id:% = id, scope:% = control.scope, by = asker.as_str(); "control lifted");
        Ok(control)
    }

    /// One control.
    ///
    /// # Errors
    /// [`ControlError`].
    pub async fn control(&self, id: ControlId) -> Result<ControlRecord, ControlError> {
        self.store().control_get(id).await?.ok_or(ControlError::NotFound)
    }

    /// A page of controls, newest first: those in force, those that were lifted, or all.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be read.
    pub async fn controls(
        &self,
        active: Option<bool>,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<ControlRecord>, StoreError> {
        self.store().control_list(active, start, limit).await
    }
}
