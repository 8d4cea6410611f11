//! Which page of a list: the same parameters, limits and messages for every list.

use actix_web::HttpRequest;
use jct_store::model::{Cursor, PageStart};

use super::QueryReader;
use crate::problem::Problem;

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 500;
const MAX_OFFSET: u32 = 10_000;

/// A page that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageQuery {
    /// Where it begins.
    pub(crate) start: PageStart,
    /// How many entries it has at most.
    pub(crate) limit: u32,
}

impl PageQuery {
    /// The page of a list that takes no other parameters.
    pub(crate) fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let mut query = QueryReader::of(request);
        let page = Self::take(&mut query);
        query.finish()?;
        Ok(page)
    }

    /// Takes `limit`, `offset` and `cursor`; what is wrong with them stays with the reader.
    pub(crate) fn take(query: &mut QueryReader<'_>) -> Self {
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
        let start = cursor.map_or(PageStart::Offset(offset.unwrap_or(0)), PageStart::After);
        Self { start, limit }
    }
}

#[cfg(test)]
mod tests {
    use jct_contract::{TaskId, Timestamp};

    use super::*;
    use crate::problem::ErrorCode;

    fn parse(text: &str) -> Result<PageQuery, Problem> {
        let mut query = QueryReader::new(text);
        let page = PageQuery::take(&mut query);
        query.finish().map(|()| page)
    }

    #[track_caller]
    fn refused(query: &str, expect: &str) {
        let problem = parse(query).unwrap_err();
        assert_eq!(problem.code(), ErrorCode::InvalidRequest);
        assert!(problem.to_string().contains(expect), "{query}: {problem}");
    }

    #[test]
    fn a_page_has_limits() {
        assert_eq!(parse("").unwrap(), PageQuery { start: PageStart::Offset(0), limit: 100 });
        assert_eq!(
            parse("offset=10000&limit=500").unwrap(),
            PageQuery { start: PageStart::Offset(10_000), limit: 500 }
        );
        for (query, expect) in [
            ("limit=0", "from 1 to 500"),
            ("limit=501", "from 1 to 500"),
            ("offset=10001", "`cursor`"),
            ("offset=-1", "whole number"),
            ("cursor=zzz", "not a cursor"),
        ] {
            refused(query, expect);
        }
    }

    #[test]
    fn a_page_begins_in_one_place() {
        let cursor = Cursor::after(TaskId::at(Timestamp::from_micros(1)));
        refused(&format!("cursor={cursor}&offset=0"), "not both");
        assert_eq!(parse(&format!("cursor={cursor}")).unwrap().start, PageStart::After(cursor));
    }
}
