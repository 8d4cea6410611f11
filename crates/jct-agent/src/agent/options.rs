//! What the operator decides about agents.

use std::collections::BTreeSet;

use crate::work::InsideProgram;

/// How a worker runs agents.
#[derive(Debug, Clone)]
pub struct AgentOptions {
    /// The binary that attends an agent inside the sandbox.
    pub program: InsideProgram,
    /// The adapters that may reach their model through the broker. A task cannot ask for the network; this is the
    /// only place where an agent gets it.
    pub enabled: BTreeSet<String>,
}
