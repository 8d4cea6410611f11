//! From the errors about controls and agents to their codes.

use jct_tower::agents::AgentError;
use jct_tower::controls::ControlError;

use super::{ErrorCode, Problem};

impl From<ControlError> for Problem {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::NotFound => Self::plain(ErrorCode::ControlNotFound),
            ControlError::Store(error) => error.into(),
        }
    }
}

impl From<AgentError> for Problem {
    fn from(error: AgentError) -> Self {
        let detail = error.to_string();
        match error {
            AgentError::NotFound => Self::new(ErrorCode::AgentNotFound, detail),
            AgentError::StillHeld { control, .. } => {
                Self::new(ErrorCode::HeldByControl, detail).with("control_id", control.to_string())
            }
            AgentError::Store(error) => error.into(),
        }
    }
}
