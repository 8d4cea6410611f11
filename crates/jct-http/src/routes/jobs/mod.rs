//! Jobs: handed in and read by operators, taken and ended by workers in any language.

mod artifacts;
mod call;
mod cancel;
mod claim;
mod create;
mod events;
mod read;
mod schemas;
mod table;
mod tokens;
mod upload;
mod work;

pub(crate) use table::{JobsDocument, configure};
