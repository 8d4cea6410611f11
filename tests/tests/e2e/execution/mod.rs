//! From intent to a branch on the remote, with agents that do what they should and agents that do not.

mod agents;
mod approval;
mod dishonest;
mod escape;
mod honest;
mod isolation;
mod leases;
mod support;
