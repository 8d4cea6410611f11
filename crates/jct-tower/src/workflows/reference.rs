//! What callers name a workflow by.

use std::str::FromStr;

use jct_contract::WorkflowId;
use jct_workflow::WorkflowName;

/// A workflow by its id or by its name. An id begins with a digit or has hyphens where a UUID has them, so that the few
/// names that read as one are told apart by being none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkflowRef {
    /// By its id.
    Id(WorkflowId),
    /// By its name.
    Name(WorkflowName),
}

/// The text is neither an id nor a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a workflow is named by its id or its name")]
pub struct UnknownWorkflowRef;

impl FromStr for WorkflowRef {
    type Err = UnknownWorkflowRef;

    fn from_str(text: &str) -> Result<Self, UnknownWorkflowRef> {
        let id = text.parse().map(Self::Id);
        id.or_else(|_| text.parse().map(Self::Name)).map_err(|_| UnknownWorkflowRef)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_an_id_and_a_name_a_name() {
        let id = "018bcfe5-6800-7000-838e-d036c9642fbb";
        assert!(matches!(id.parse(), Ok(WorkflowRef::Id(found)) if found.to_string() == id));
        assert!(matches!("release".parse(), Ok(WorkflowRef::Name(name)) if name.as_str() == "release"));
        for neither in ["", "Release", "1a", "a/b", "a\0"] {
            assert_eq!(neither.parse::<WorkflowRef>(), Err(UnknownWorkflowRef), "{neither:?}");
        }
    }
}
