//! Stopping, starting and limiting an agent. Stopping is a hold on its name like any other.

use jct_contract::{ControlId, Principal};
use jct_store::StoreError;
use jct_store::model::{ControlMode, ControlScope, NewControl};

use super::AgentView;
use crate::Tower;

/// Why an agent was not shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// There is no such agent.
    #[error("Agent not found")]
    NotFound,
    /// Something else than a stop holds the agent.
    #[error("the agent is still held by control {control}: {reason}")]
    StillHeld {
        /// The control.
        control: ControlId,
        /// Why it was set.
        reason: String,
    },
    /// The database failed.
    #[error("failed to read or change the agent")]
    Store(#[from] StoreError),
}

impl Tower {
    /// Lets an agent begin nothing more; what it runs goes on. An agent that was stopped stays so, with the first reason.
    ///
    /// # Errors
    /// [`AgentError`].
    pub async fn agent_stop(&self, name: &str, reason: String, by: Principal) -> Result<(), AgentError> {
        self.known(name).await?;
        let scope = ControlScope::Agent(name.to_owned());
        let new = NewControl { scope, mode: ControlMode::Hold, reason, by, unless_there_is_one: true };
        let control = self.store().control_create(new).await?;
        log::info!(agent = name, control_id:% = control.id, by = control.by.name(); "agent stopped");
        Ok(())
    }

    /// Lifts every hold on an agent.
    ///
    /// # Errors
    /// [`AgentError`]; [`AgentError::StillHeld`] if a kill, or a control with a wider scope, holds it all the same.
    pub async fn agent_start(&self, name: &str, by: Principal) -> Result<(), AgentError> {
        self.known(name).await?;
        let asker = by.name().to_owned();
        let lifted = self.store().agent_start(name.to_owned(), by).await?;
        log::info!(agent = name, lifted = lifted, by = asker.as_str(); "agent started");
        let AgentView { record, held_by, .. } = self.agent(name).await?;
        let still = held_by.first().copied();
        let controls = if still.is_some() { self.store().controls_active().await? } else { Vec::new() };
        let holds = controls.into_iter().find(|control| control.scope.is_about_agent(record.kind, &record.own_name));
        match holds {
            Some(control) => Err(AgentError::StillHeld { control: control.id, reason: control.reason }),
            None => Ok(()),
        }
    }

    /// Sets the most tasks that an agent may run at once, over all processes; `None` takes the limit away.
    ///
    /// # Errors
    /// [`AgentError`].
    pub async fn agent_limit(&self, name: &str, limit: Option<u32>, by: Principal) -> Result<AgentView, AgentError> {
        self.known(name).await?;
        let asker = by.name().to_owned();
        if !self.store().agent_limit(name.to_owned(), limit, by).await? {
            return Err(AgentError::NotFound);
        }
        log::info!(agent = name, limit:? = limit, by = asker.as_str(); "agent limited");
        self.agent(name).await
    }

    async fn known(&self, name: &str) -> Result<(), AgentError> {
        // No name that PostgreSQL could not be asked about is that of an agent.
        let known = !name.contains('\0') && self.store().agent_exists(name.to_owned()).await?;
        if known { Ok(()) } else { Err(AgentError::NotFound) }
    }
}
