//! Pictures of steps, as text for terminals and in the languages of Mermaid and Graphviz. Pure: steps come in, a text
//! comes out, and no name that somebody chose can end a label in it.

mod colours;
mod dot;
mod mermaid;
mod steps;
mod text;

pub(super) use dot::dot;
pub(super) use mermaid::mermaid;
pub(super) use steps::Steps;
pub(super) use text::text;
