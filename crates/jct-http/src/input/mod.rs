//! From bytes to values: bodies, query strings, headers and paths, each strict and each telling everything that is wrong.

mod body;
mod free_form;
mod object;
mod path;
mod query;
mod task_id;
mod text;

pub(crate) use body::RequestBody;
pub(crate) use object::ObjectReader;
pub(crate) use path::path_text;
pub(crate) use query::QueryReader;
pub(crate) use task_id::{TaskPath, attempt_of};
pub(crate) use text::{idempotency_key, printable};
