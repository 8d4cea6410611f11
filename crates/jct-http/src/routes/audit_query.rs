//! What requests about the audit log ask for.

use actix_web::HttpRequest;
use jct_tower::audit::{AuditPageFilter, EntityKind};

use crate::input::{PageQuery, QueryReader, path_text};
use crate::problem::{ErrorCode, Place, Problem, Violation};

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 500;

/// A page of the log.
#[derive(Debug, PartialEq)]
pub(super) struct AuditListQuery {
    pub(super) filter: AuditPageFilter,
    pub(super) page: PageQuery,
}

impl AuditListQuery {
    pub(super) fn parse(mut query: QueryReader<'_>) -> Result<Self, Problem> {
        let filter = AuditPageFilter {
            entity_kind: query.value("entity_kind"),
            entity_id: query.text("entity_id"),
            trace_id: query.text("trace_id"),
            actor: query.text("actor"),
            action: query.text("action"),
            after: query.value("after"),
            before: query.value("before"),
        };
        // No entry holds NUL, and PostgreSQL does not take it in a question either.
        for (name, text) in [
            ("entity_id", &filter.entity_id),
            ("trace_id", &filter.trace_id),
            ("actor", &filter.actor),
            ("action", &filter.action),
        ] {
            if text.as_ref().is_some_and(|text| text.contains('\0')) {
                query.refuse(name, "VALUE_NOT_ALLOWED", format!("`{name}` does not hold NUL"));
            }
        }
        let page = PageQuery::take(&mut query);
        query.finish()?;
        Ok(Self { filter, page })
    }
}

/// The number to go on after, and how many to show.
pub(super) fn numbered(mut query: QueryReader<'_>, name: &str) -> Result<(Option<u32>, u32), Problem> {
    let limit = query.integer("limit", 1, MAX_LIMIT).unwrap_or(DEFAULT_LIMIT);
    let number = query.integer(name, 0, u32::MAX);
    query.finish()?;
    Ok((number, limit))
}

/// The object in the path.
pub(super) fn entity(request: &HttpRequest) -> Result<(EntityKind, String), Problem> {
    let kind = path_text(request, "entity_kind").parse::<EntityKind>().map_err(|unknown| {
        let violation = Violation {
            place: Place::Path,
            pointer: "/entity_kind".to_owned(),
            code: "VALUE_NOT_ALLOWED",
            message: unknown.to_string(),
        };
        Problem::invalid(ErrorCode::InvalidRequest, vec![violation])
    })?;
    let id = path_text(request, "entity_id");
    if id.contains('\0') { Err(Problem::plain(ErrorCode::EntityNotFound)) } else { Ok((kind, id)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(query: &str, expect: &str) {
        let problem = AuditListQuery::parse(QueryReader::new(query)).unwrap_err();
        assert_eq!(problem.code(), ErrorCode::InvalidRequest);
        assert!(problem.to_string().contains(expect), "{query}: {problem}");
    }

    #[test]
    fn filters_are_typed_and_what_is_unknown_is_refused() {
        let query = "entity_kind=Issue&actor=a%20b&after=2026-01-01T00:00:00Z&limit=5";
        let AuditListQuery { filter, page } = AuditListQuery::parse(QueryReader::new(query)).unwrap();
        assert_eq!(filter.entity_kind, "Issue".parse().ok());
        assert_eq!((filter.actor.as_deref(), page.limit), (Some("a b"), 5));
        for (query, expect) in [
            ("entity_kind=issue", "the kind of an audited object is one of"),
            ("after=yesterday", "RFC 3339"),
            ("actor=%00", "NUL"),
            ("cursor=zzz", "not a cursor"),
            ("kind=task", "unknown query parameter `kind`"),
        ] {
            refused(query, expect);
        }
    }
}
