//! One page of a list, asked for and shown: the same for every list of objects.

use jct_contract::{Clock as _, SystemClock, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use ureq::http::Method;

use crate::client::wire::unexpected;
use crate::client::{Answer, Request};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Column;

/// What a list is of.
pub(super) struct List<'a> {
    /// Where it is read.
    pub(super) path: &'a [&'a str],
    /// What its entries are called in JSON.
    pub(super) name: &'a str,
    /// What to say when there are none.
    pub(super) none: &'a str,
    /// What is shown of an entry.
    pub(super) columns: &'a [Column],
    /// An entry as a row of these columns.
    pub(super) row: fn(&Value, Timestamp) -> Vec<String>,
}

impl List<'_> {
    /// Reads the page that `query` asks for and prints it.
    pub(super) fn show(&self, query: &[(&str, String)], context: &Context) -> Result<Exit, Failure> {
        let output = context.output();
        let request = Request { path: self.path, query, ..Request::default() };
        let answer = context.client()?.send(&Method::GET, request)?;
        let (entries, next) = entries(&answer)?;
        if output.is_json() {
            output.document(&json!({ self.name: entries, "next_cursor": next }))?;
            return Ok(Exit::Success);
        }
        if entries.is_empty() {
            output.note(self.none);
            return Ok(Exit::Success);
        }
        let now = SystemClock.now();
        let rows: Vec<_> = entries.iter().map(|entry| (self.row)(entry, now)).collect();
        output.table(self.columns, &rows)?;
        if let Some(next) = next {
            output.note(format!("more: repeat with --cursor {next}"));
        }
        Ok(Exit::Success)
    }
}

/// The entries of a page and where the next begins: an array with a header, or an object that holds both.
fn entries(answer: &Answer) -> Result<(Vec<Value>, Option<String>), Failure> {
    match answer.json()? {
        Value::Array(entries) => Ok((entries, answer.header("x-next-cursor").map(str::to_owned))),
        page => {
            let Page { items, next_cursor } = Page::deserialize(page).map_err(|error| unexpected(&error))?;
            Ok((items, next_cursor))
        }
    }
}

/// A page of jobs, manifests or tokens.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    items: Vec<Value>,
    #[serde(default)]
    next_cursor: Option<String>,
}
