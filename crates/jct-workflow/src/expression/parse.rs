//! From text to an expression that may be evaluated.

use std::collections::BTreeSet;
use std::fmt;

use cel::IdedExpr;
use cel::parser::PrattParser;

use super::ExpressionError;
use super::guard::guarded;
use super::inspect::{Inspection, is_never_bool};
use crate::limits::{
    EXPRESSION_MAX_BRACKETS, EXPRESSION_MAX_BYTES, EXPRESSION_MAX_CONDITIONALS, EXPRESSION_MAX_PARTS,
    EXPRESSION_MAX_SIGNS,
};

/// Longest message of the parser that is passed on, in characters.
const MESSAGE_MAX_CHARS: usize = 300;

/// Which names an expression may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The condition of a trigger: `event`.
    Trigger,
    /// A step: `event`, `steps`, `run`, `workflow`.
    Step,
}

impl Scope {
    /// The names, in the order in which they are told.
    #[must_use]
    pub const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Trigger => &["event"],
            Self::Step => &["event", "steps", "run", "workflow"],
        }
    }

    pub(super) const fn told(self) -> &'static str {
        match self {
            Self::Trigger => "`event`",
            Self::Step => "`event`, `steps`, `run`, `workflow`",
        }
    }
}

/// An expression that was parsed and judged. Equal if the text is.
#[derive(Clone)]
pub struct Expression {
    source: String,
    pub(super) tree: IdedExpr,
    steps: BTreeSet<String>,
}

impl Expression {
    /// Parses and judges.
    ///
    /// # Errors
    /// The first of [`ExpressionError`] that applies.
    pub fn parse(source: &str, scope: Scope) -> Result<Self, ExpressionError> {
        let source = source.trim();
        measure(source)?;
        // A tree that is refused for its depth is dropped in there as well.
        let parsed = guarded(|| tree(source, scope));
        let (tree, steps) =
            parsed.unwrap_or_else(|| Err(ExpressionError::Syntax("the parser cannot read it".to_owned())))?;
        Ok(Self { source: source.to_owned(), tree, steps })
    }

    /// The same for one that has to come to true or false.
    ///
    /// # Errors
    /// As [`Self::parse`]; [`ExpressionError::NeverBool`] if it comes to something else whatever the values are.
    pub fn condition(source: &str, scope: Scope) -> Result<Self, ExpressionError> {
        let condition = Self::parse(source, scope)?;
        if is_never_bool(&condition.tree) { Err(ExpressionError::NeverBool) } else { Ok(condition) }
    }

    /// The text, without the white space around it.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The ids of the steps that it names.
    #[must_use]
    pub const fn steps(&self) -> &BTreeSet<String> {
        &self.steps
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Expression {}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.source).finish()
    }
}

/// The tree, judged and with its counters, and the steps that it names.
fn tree(source: &str, scope: Scope) -> Result<(IdedExpr, BTreeSet<String>), ExpressionError> {
    let parser = PrattParser::new()
        .max_recursion_depth(EXPRESSION_MAX_BRACKETS)
        .max_expression_node_count(EXPRESSION_MAX_PARTS)
        .error_recovery_limit(1);
    let mut tree = parser.parse(source).map_err(|errors| ExpressionError::Syntax(message(&errors)))?;
    let steps = Inspection::of(&mut tree, scope)?;
    Ok((tree, steps))
}

/// Refuses what could nest deep enough to hurt a parser or whatever walks its tree, without trying to understand it:
/// what stands in a text within the expression counts as well.
fn measure(source: &str) -> Result<(), ExpressionError> {
    if source.is_empty() {
        return Err(ExpressionError::Empty);
    }
    if source.len() > EXPRESSION_MAX_BYTES {
        return Err(ExpressionError::TooLong);
    }
    let is_sign = |byte: &u8| byte.is_ascii_punctuation() && !matches!(byte, b',' | b'_' | b'"' | b'\'');
    let conditionals = source.bytes().filter(|byte| *byte == b'?').count();
    if source.bytes().filter(is_sign).count() > EXPRESSION_MAX_SIGNS || conditionals > EXPRESSION_MAX_CONDITIONALS {
        return Err(ExpressionError::TooManySigns);
    }
    Ok(())
}

fn message(errors: &cel::ParseErrors) -> String {
    let first = errors.errors.first().map_or_else(String::new, |error| error.msg.clone());
    first
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .take(MESSAGE_MAX_CHARS)
        .collect()
}
