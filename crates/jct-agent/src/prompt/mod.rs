//! The prompt: what an agent is told, built from the task by a template.
//!
//! Everything of a task is somebody's text. It goes into the prompt fenced and named as data, so that
//! a sentence in a repository's issue does not read like one of the operator's.

mod facts;
mod template;

pub use template::{Prompt, PromptTemplate, TemplateError};
