//! What the machine has to know of a definition: which step waits for which, and how often each may try.

use std::collections::{BTreeSet, HashMap};

use crate::definition::Graph;
use crate::{StepId, WorkflowDefinition};

/// A definition, reduced to what the machine has to know. Made once for a run and the same for all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    steps: Vec<PlanStep>,
    places: HashMap<StepId, usize>,
    pub(super) graph: Graph,
    pub(super) max_parallel: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct PlanStep {
    id: StepId,
    attempts: u32,
}

impl Plan {
    /// The plan of a definition.
    #[must_use]
    pub fn of(definition: &WorkflowDefinition) -> Self {
        let all = definition.steps();
        let places: HashMap<StepId, usize> =
            all.iter().enumerate().map(|(place, step)| (step.id().clone(), place)).collect();
        let before = |step: &crate::StepDefinition| {
            step.dependencies().iter().filter_map(|id| places.get(id).copied()).collect::<Vec<_>>()
        };
        let graph = Graph::new(all.iter().map(before).collect());
        let steps =
            all.iter().map(|step| PlanStep { id: step.id().clone(), attempts: step.retries().saturating_add(1) });
        Self { steps: steps.collect(), graph, max_parallel: definition.max_parallel().max(1), places }
    }

    /// The steps, in the order of the definition.
    pub fn steps(&self) -> impl Iterator<Item = &StepId> {
        self.steps.iter().map(|step| &step.id)
    }

    /// Everything that a step waits for, directly or not: the steps whose outcomes its expressions may name.
    #[must_use]
    pub fn awaited(&self, step: &StepId) -> BTreeSet<&StepId> {
        let Some(place) = self.place(step) else { return BTreeSet::new() };
        self.graph.ancestors(place).into_iter().filter_map(|place| self.id(place)).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    pub(super) fn place(&self, step: &StepId) -> Option<usize> {
        self.places.get(step).copied()
    }

    pub(super) fn id(&self, place: usize) -> Option<&StepId> {
        self.steps.get(place).map(|step| &step.id)
    }

    /// Attempts that a step has in all, at least one.
    pub(super) fn attempts(&self, place: usize) -> u32 {
        self.steps.get(place).map_or(1, |step| step.attempts)
    }
}
