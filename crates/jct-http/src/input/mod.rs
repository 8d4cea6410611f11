//! From bytes to values: bodies, query strings, headers and paths, each strict and each telling everything that is wrong.

mod body;
mod both;
mod free_form;
mod hash_tags;
mod job_id;
mod name_cursor;
mod object;
mod object_id;
mod page;
mod path;
mod query;
mod task_id;
mod text;
mod version;

pub(crate) use body::{DocumentBody, RequestBody};
pub(crate) use both::Both;
pub(crate) use hash_tags::{expected_entry, expected_manifest, has_manifest};
pub(crate) use job_id::{JobPath, path_id};
pub(crate) use name_cursor::NameCursor;
pub(crate) use object::ObjectReader;
pub(crate) use object_id::object_id;
pub(crate) use page::PageQuery;
pub(crate) use path::path_text;
pub(crate) use query::QueryReader;
pub(crate) use task_id::{TaskPath, attempt_of};
pub(crate) use text::{idempotency_key, printable, visible};
pub(crate) use version::{expected_version, has_version};
