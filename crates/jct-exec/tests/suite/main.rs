//! Real processes and real repositories, hostile ones included.

mod support;

mod command;
mod git;
mod process;
mod survey;
