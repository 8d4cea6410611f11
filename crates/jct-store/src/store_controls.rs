//! The store's methods for controls, and for the agents that they may be about.

use jct_contract::{ControlId, Principal, Timestamp};

use crate::command::{Answer, Command};
use crate::model::{AgentRecord, ControlRecord, FinishedAttempt, NewControl, Page, PageStart};
use crate::{Store, StoreError};

impl Store {
    /// Sets a control. It holds from the moment that this returns; what runs hears of it with its next heartbeat.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn control_create(&self, new: NewControl) -> Result<ControlRecord, StoreError> {
        let made = self.control_write(Command::CreateControl(Box::new(new))).await?;
        made.ok_or_else(|| StoreError::corrupt("a control that was set is not there"))
    }

    /// Lifts a control; one that was lifted stays as it is. `None` if there is no such control.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn control_lift(&self, id: ControlId, by: Principal) -> Result<Option<ControlRecord>, StoreError> {
        self.control_write(Command::LiftControl { id, by }).await
    }

    async fn control_write(&self, command: Command) -> Result<Option<ControlRecord>, StoreError> {
        match self.engine.write(command).await? {
            Answer::Control(answer) => Ok(*answer),
            other => Err(StoreError::corrupt(format!("the writer answered {other:?}"))),
        }
    }

    /// Lifts every hold on the agent of this name. False if there was none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn agent_start(&self, name: String, by: Principal) -> Result<bool, StoreError> {
        self.done(Command::StartAgent { name, by }).await
    }

    /// Sets the most tasks that an agent may run at once, or takes the limit away. False if there is no such agent.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be written.
    pub async fn agent_limit(&self, name: String, limit: Option<u32>, by: Principal) -> Result<bool, StoreError> {
        self.done(Command::LimitAgent { name, limit, by }).await
    }

    async fn done(&self, command: Command) -> Result<bool, StoreError> {
        match self.engine.write(command).await? {
            Answer::Done(done) => Ok(done),
            other => Err(StoreError::corrupt(format!("the writer answered {other:?}"))),
        }
    }

    /// One control.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn control_get(&self, id: ControlId) -> Result<Option<ControlRecord>, StoreError> {
        self.engine.control_get(id).await
    }

    /// The controls in force, oldest first; at most a thousand.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn controls_active(&self) -> Result<Vec<ControlRecord>, StoreError> {
        self.engine.controls_active().await
    }

    /// A page of controls, newest first: those in force, those that were lifted, or all. `limit` is at most 500.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn control_list(
        &self,
        active: Option<bool>,
        start: PageStart,
        limit: u32,
    ) -> Result<Page<ControlRecord>, StoreError> {
        self.engine.control_list(active, start, limit).await
    }

    /// Every agent that ever registered, by name.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn agents(&self) -> Result<Vec<AgentRecord>, StoreError> {
        self.engine.agents().await
    }

    /// Whether an agent of this name ever registered.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn agent_exists(&self, name: String) -> Result<bool, StoreError> {
        self.engine.agent_exists(name).await
    }

    /// What workers ended after `after`, the latest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be read.
    pub async fn attempts_finished(&self, after: Timestamp, limit: u32) -> Result<Vec<FinishedAttempt>, StoreError> {
        self.engine.attempts_finished(after, limit).await
    }
}
