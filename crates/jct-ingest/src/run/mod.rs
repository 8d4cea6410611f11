//! A run from its open sources to its files. It works on a thread of its own, where it may block.

mod begin;
mod document;
mod end;
mod model;
mod source;

pub(crate) use begin::run;
pub(crate) use model::Ended;

use model::Run;
