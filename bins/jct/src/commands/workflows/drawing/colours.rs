//! What the states of steps look like. Their words stand in the labels as well, for those who do not see colours.

/// A state and its colours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Colours {
    pub(super) status: &'static str,
    pub(super) fill: &'static str,
    pub(super) border: &'static str,
}

/// The states in the order of a step's life.
const ALL: [Colours; 7] = [
    Colours { status: "waiting", fill: "#f1f3f5", border: "#868e96" },
    Colours { status: "ready", fill: "#fff3bf", border: "#f08c00" },
    Colours { status: "running", fill: "#d0ebff", border: "#1c7ed6" },
    Colours { status: "succeeded", fill: "#d3f9d8", border: "#2b8a3e" },
    Colours { status: "failed", fill: "#ffe3e3", border: "#c92a2a" },
    Colours { status: "skipped", fill: "#f8f9fa", border: "#adb5bd" },
    Colours { status: "cancelled", fill: "#e9ecef", border: "#495057" },
];

impl Colours {
    /// The colours of a state that is known.
    pub(super) fn of(status: &str) -> Option<Self> {
        ALL.into_iter().find(|colours| colours.status == status)
    }

    /// The colours of the states among these, each once.
    pub(super) fn among(statuses: &[String]) -> Vec<Self> {
        ALL.into_iter().filter(|colours| statuses.iter().any(|status| status == colours.status)).collect()
    }
}

#[cfg(test)]
mod tests {
    use jct_workflow::StepStatus;

    use super::*;

    #[test]
    fn every_state_of_a_step_has_colours() {
        let known: Vec<_> = ALL.iter().map(|colours| colours.status).collect();
        assert_eq!(known, StepStatus::ALL.map(StepStatus::as_str));
        assert!(Colours::of("asleep").is_none());
    }
}
