//! Fields that may come in the query or in the body, as older clients and newer ones send them.

use std::fmt::Display;
use std::str::FromStr;

use super::{ObjectReader, QueryReader};
use crate::problem::Violation;

/// The two places where a field can be.
pub(crate) struct Both<'q, 'd> {
    pub(crate) query: QueryReader<'q>,
    pub(crate) body: ObjectReader<'d>,
}

impl Both<'_, '_> {
    /// A text with a type of its own.
    pub(crate) fn value<T: FromStr<Err: Display> + PartialEq>(&mut self, name: &'static str) -> Option<T> {
        let (query, body) = (self.query.value(name), self.body.value(name));
        self.agreed(name, query, body)
    }

    /// What both places say, or the one that says anything.
    pub(crate) fn agreed<T: PartialEq>(&mut self, name: &'static str, query: Option<T>, body: Option<T>) -> Option<T> {
        match (query, body) {
            (Some(query), Some(body)) if query != body => {
                let message = format!("`{name}` says one thing in the query and another in the body");
                self.query.refuse(name, "VALUE_NOT_ALLOWED", message);
                None
            }
            (query, body) => query.or(body),
        }
    }

    /// Everything that is wrong in either place; whatever was not asked for is unknown.
    pub(crate) fn finish_into(&mut self) -> Vec<Violation> {
        let mut violations = self.query.finish_into();
        violations.extend(self.body.finish_into());
        violations
    }
}
