//! Lists of tasks, newest first.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, LINK};
use actix_web::{HttpRequest, HttpResponse};
use jct_contract::RepoName;
use jct_store::model::{Cursor, PageStart, TaskFilter};

use crate::auth::{Access, TasksRead};
use crate::input::QueryReader;
use crate::problem::Problem;
use crate::wire::{TaskBody, json};

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 500;
const MAX_OFFSET: u32 = 10_000;
const NEXT_CURSOR: HeaderName = HeaderName::from_static("x-next-cursor");

/// Lists tasks, newest first. The body is an array; where the next page begins is in the headers `Link` (relation
/// `next`) and `X-Next-Cursor`, both absent on the last page.
#[utoipa::path(get, path = "/tasks", operation_id = "listTasks", tag = "tasks", security(("bearer" = ["tasks:read"])),
    params(
        ("status" = Option<String>, Query, description = "Only tasks with this status."),
        ("operation" = Option<String>, Query, description = "Only tasks with this operation."),
        ("requester_kind" = Option<String>, Query, description = "Only tasks requested by a `human`, an `agent` or a `system`."),
        ("target_repo" = Option<String>, Query, description = "Only tasks on this repository, in any spelling."),
        ("created_after" = Option<String>, Query, description = "Only tasks created after this RFC 3339 moment."),
        ("created_before" = Option<String>, Query, description = "Only tasks created before this RFC 3339 moment."),
        ("limit" = Option<u32>, Query, description = "1 to 500, by default 100."),
        ("offset" = Option<u32>, Query, description = "Skip this many, at most 10000; use `cursor` to go further."),
        ("cursor" = Option<String>, Query, description = "Begin where a page before ended; not together with `offset`.")
    ),
    responses((status = 200, description = "A page.", body = Vec<TaskBody<'static>>))
)]
pub(crate) async fn list_tasks(access: Access<TasksRead>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let ListQuery { filter, start, limit } = ListQuery::parse(QueryReader::of(&request))?;
    let page = access.tower().tasks(filter, start, limit).await?;
    let bodies = page.items.iter().map(TaskBody::of).collect::<Result<Vec<_>, _>>()?;
    let mut response = json(StatusCode::OK, &bodies)?;
    if let Some(cursor) = page.next {
        let cursor = cursor.to_string();
        let link = format!("<{}>; rel=\"next\"", next_link(request.query_string(), &cursor));
        // Both are made of characters that a header value takes.
        for (name, value) in [(LINK, link), (NEXT_CURSOR, cursor)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
    }
    Ok(response)
}

#[derive(Debug, PartialEq)]
struct ListQuery {
    filter: TaskFilter,
    start: PageStart,
    limit: u32,
}

impl ListQuery {
    fn parse(mut query: QueryReader<'_>) -> Result<Self, Problem> {
        let filter = TaskFilter {
            status: query.value("status"),
            operation: query.value("operation"),
            requester_kind: query.value("requester_kind"),
            target_repo: query.value::<RepoName>("target_repo").map(|repo| repo.as_str().to_owned()),
            created_after: query.value("created_after"),
            created_before: query.value("created_before"),
        };
        let limit = query.integer("limit", 1, MAX_LIMIT).unwrap_or(DEFAULT_LIMIT);
        let offset = query.integer("offset", 0, u32::MAX);
        let cursor = query.value::<Cursor>("cursor");
        if offset.is_some_and(|offset| offset > MAX_OFFSET) {
            let message = format!(
                "`offset` is at most {MAX_OFFSET}; to go further, send the `X-Next-Cursor` of a page as `cursor`"
            );
            query.refuse("offset", "VALUE_NOT_ALLOWED", message);
        }
        if offset.is_some() && cursor.is_some() {
            query.refuse("offset", "VALUE_NOT_ALLOWED", "send `offset` or `cursor`, not both".to_owned());
        }
        query.finish()?;
        let start = cursor.map_or(PageStart::Offset(offset.unwrap_or(0)), PageStart::After);
        Ok(Self { filter, start, limit })
    }
}

/// The same list from `cursor` on.
fn next_link(query: &str, cursor: &str) -> String {
    let kept = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "offset" && name != "cursor");
    let mut next = url::form_urlencoded::Serializer::new(String::new());
    next.extend_pairs(kept).append_pair("cursor", cursor);
    format!("/tasks?{}", next.finish())
}

#[cfg(test)]
mod tests {
    use jct_contract::{Operation, TaskId, Timestamp};
    use jct_lifecycle::TaskStatus;

    use super::*;
    use crate::problem::ErrorCode;

    fn parse(query: &str) -> Result<ListQuery, Problem> {
        ListQuery::parse(QueryReader::new(query))
    }

    #[track_caller]
    fn refused(query: &str, expect: &str) {
        let problem = parse(query).unwrap_err();
        assert_eq!(problem.code(), ErrorCode::InvalidRequest);
        assert!(problem.to_string().contains(expect), "{query}: {problem}");
    }

    #[test]
    fn filters_are_typed_and_the_repository_is_normalised() {
        let query = "status=queued&operation=docs&target_repo=MyOrg/App.git&created_after=2026-01-01T00:00:00Z&limit=5";
        let list = parse(query).unwrap();
        assert_eq!(list.filter.status, Some(TaskStatus::Queued));
        assert_eq!(list.filter.operation, Some(Operation::Docs));
        assert_eq!(list.filter.target_repo.as_deref(), Some("myorg/app"));
        assert_eq!(list.filter.created_after, "2026-01-01T00:00:00Z".parse().ok());
        assert_eq!((list.start, list.limit), (PageStart::Offset(0), 5));
    }

    #[test]
    fn what_is_unknown_is_refused_and_not_an_empty_list() {
        for (query, expect) in [
            ("status=done", "unknown task status"),
            ("operation=build", "an operation is one of"),
            ("requester_kind=robot", "a requester kind is one of"),
            ("target_repo=nothing", "a repository is"),
            ("created_after=yesterday", "RFC 3339"),
            ("limit=0", "from 1 to 500"),
            ("limit=501", "from 1 to 500"),
            ("offset=10001", "`cursor`"),
            ("offset=-1", "whole number"),
            ("cursor=zzz", "not a cursor"),
            ("sort=asc", "unknown query parameter `sort`"),
            ("status=queued&status=failed", "more than once"),
        ] {
            refused(query, expect);
        }
        let cursor = Cursor::after(TaskId::at(Timestamp::from_micros(1)));
        refused(&format!("cursor={cursor}&offset=0"), "not both");
        assert_eq!(parse(&format!("cursor={cursor}")).unwrap().start, PageStart::After(cursor));
        assert!(parse("offset=10000").is_ok());
    }

    #[test]
    fn the_next_link_keeps_the_filters() {
        assert_eq!(next_link("offset=3&status=queued", "t1ab"), "/tasks?status=queued&cursor=t1ab");
        assert_eq!(next_link("", "t1ab"), "/tasks?cursor=t1ab");
        assert_eq!(next_link("target_repo=a%2Fb&cursor=old", "t1ab"), "/tasks?target_repo=a%2Fb&cursor=t1ab");
    }
}
