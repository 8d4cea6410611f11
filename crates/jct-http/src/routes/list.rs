//! Lists of tasks, newest first.

use actix_web::{HttpRequest, HttpResponse};
use jct_contract::RepoName;
use jct_store::model::TaskFilter;

use crate::auth::{Access, TasksRead};
use crate::input::{PageQuery, QueryReader};
use crate::problem::Problem;
use crate::wire::{TaskBody, page};

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
    let ListQuery { filter, page: PageQuery { start, limit } } = ListQuery::parse(QueryReader::of(&request))?;
    let tasks = access.tower().tasks(filter, start, limit).await?;
    let bodies = tasks.items.iter().map(TaskBody::of).collect::<Result<Vec<_>, _>>()?;
    page(&request, &bodies, tasks.next)
}

#[derive(Debug, PartialEq)]
struct ListQuery {
    filter: TaskFilter,
    page: PageQuery,
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
            ..TaskFilter::default()
        };
        let page = PageQuery::take(&mut query);
        query.finish()?;
        Ok(Self { filter, page })
    }
}

#[cfg(test)]
mod tests {
    use jct_contract::Operation;
    use jct_lifecycle::TaskStatus;
    use jct_store::model::PageStart;

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
        assert_eq!(list.page, PageQuery { start: PageStart::Offset(0), limit: 5 });
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
            ("sort=asc", "unknown query parameter `sort`"),
            ("status=queued&status=failed", "more than once"),
        ] {
            refused(query, expect);
        }
    }
}
