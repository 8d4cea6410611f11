//! Which resources there are: recent tasks one by one, everything else by template.

use jct_store::model::{Cursor, PageStart, TaskFilter};
use jct_tower::access::Scope;
use rmcp::ErrorData;
use rmcp::model::{ListResourcesResult, Resource, ResourceTemplate};

use super::error::{of_store, require};
use super::uri::Address;
use crate::call::Call;

const JSON: &str = "application/json";
/// Tasks on one page.
const PAGE: u32 = 50;
/// Characters of an objective that are shown as a title.
const TITLE_CHARS: usize = 80;

/// A page of tasks, newest first.
pub(crate) async fn list(call: &Call, cursor: Option<String>) -> Result<ListResourcesResult, ErrorData> {
    require(call, Scope::TasksRead)?;
    let start = match cursor {
        None => PageStart::Offset(0),
        Some(cursor) => {
            let cursor: Cursor =
                cursor.parse().map_err(|_| ErrorData::invalid_params("the cursor is none of this server", None))?;
            PageStart::After(cursor)
        }
    };
    let page = call.tower.tasks(TaskFilter::default(), start, PAGE).await.map_err(|error| of_store(call, error))?;
    let resources = page.items.iter().map(|record| {
        let title: String =
            record.task.objective().lines().next().unwrap_or_default().chars().take(TITLE_CHARS).collect();
        let status = record.state.status().as_str();
        Resource::new(Address::of_task(record.id), format!("task {}", record.id))
            .with_title(title)
            .with_description(format!(
                "{status}, {} on {}",
                record.task.operation().as_str(),
                record.task.repo().as_str()
            ))
            .with_mime_type(JSON)
    });
    let mut listed = ListResourcesResult::with_all_items(resources.collect());
    listed.next_cursor = page.next.map(|next| next.to_string());
    Ok(listed)
}

/// What can be asked for by name.
pub(crate) fn templates() -> Vec<ResourceTemplate> {
    let template =
        |uri: &str, name: &str, description: &str| ResourceTemplate::new(uri, name).with_description(description);
    vec![
        template("jct://tasks/{id}", "task", "One task, whole.").with_mime_type(JSON),
        template("jct://tasks/{id}/trace", "trace", "What the sealed trace of a task holds, with digests.")
            .with_mime_type(JSON),
        template("jct://tasks/{id}/trace/{+path}", "trace file", "One file of the sealed trace of a task."),
        template("jct://issues/{id}/graph", "graph", "An issue with everything that hangs on it.").with_mime_type(JSON),
    ]
}
