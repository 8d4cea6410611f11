//! What whoever set a control should know about it, though it is in force.

use jct_store::StoreError;
use jct_store::model::{AgentKind, ApiKeyRecord, ControlScope, PageStart};

use crate::Tower;
use crate::access::OPERATOR;
use crate::work::Causes;

/// Worker tokens that are read at once.
const TOKENS: u32 = 500;

/// Something about a control that whoever set it should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlWarning {
    /// What it is, for programs.
    pub code: ControlWarningCode,
    /// What it is, for people.
    pub message: String,
}

/// The kinds of warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlWarningCode {
    /// Nobody has the name that the control is about: it waits for somebody to come, or the name is misspelt.
    UnknownAgent,
}

impl ControlWarningCode {
    /// The code on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownAgent => "UNKNOWN_AGENT",
        }
    }
}

impl Tower {
    /// The warnings about a control that is in force already, so that a look that fails is no failure.
    pub(super) async fn control_warnings(&self, scope: &ControlScope) -> Vec<ControlWarning> {
        let ControlScope::Agent(name) = scope else { return Vec::new() };
        let is_known = self.is_about_somebody(scope).await.unwrap_or_else(|error| {
            log::warn!(scope:% = scope, cause:% = Causes(&error); "cannot look whom a control is about");
            true
        });
        if is_known {
            return Vec::new();
        }
        let message = format!("no agent is called `{name}`, and no key either; whoever comes by that name is held");
        vec![ControlWarning { code: ControlWarningCode::UnknownAgent, message }]
    }

    /// Whether the scope is about an agent that registered, or about a key or token that may yet take its first task.
    async fn is_about_somebody(&self, scope: &ControlScope) -> Result<bool, StoreError> {
        let is_about_principal = |name: &str| scope.is_about_agent(AgentKind::External, name);
        if is_about_principal(OPERATOR)
            || self.store().agents().await?.iter().any(|agent| scope.is_about_agent(agent.kind, &agent.own_name))
        {
            return Ok(true);
        }
        let now = self.store().now().await?;
        let is_about_key = |key: &ApiKeyRecord| key.is_valid_at(now) && is_about_principal(key.principal.name());
        if self.store().key_list().await?.iter().any(is_about_key) {
            return Ok(true);
        }
        let mut start = PageStart::Offset(0);
        loop {
            let tokens = self.store().worker_token_list(start, TOKENS).await?;
            if tokens.items.iter().any(|token| token.is_valid_at(now) && scope.is_about_worker(&token.worker_name)) {
                return Ok(true);
            }
            let Some(next) = tokens.next else { return Ok(false) };
            start = PageStart::After(next);
        }
    }
}
