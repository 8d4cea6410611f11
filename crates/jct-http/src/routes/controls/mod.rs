//! Controls, and the agents that they may be about.

mod agent;
mod control;
mod schemas;
mod table;

pub(crate) use table::{ControlsDocument, configure};
