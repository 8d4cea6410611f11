//! Texts with expressions in them, cut into their parts.

use crate::expression::{Expression, Scope};

const OPEN: &str = "${{";
const CLOSE: &str = "}}";

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Value(Expression),
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MarkError {
    Unclosed,
    Expression(crate::ExpressionError),
}

/// Whether the text has an expression, or anything that looks like one.
pub(super) fn is_marked(text: &str) -> bool {
    text.contains(OPEN)
}

/// Cuts a text into its parts; neighbouring texts are one part, an empty text has none.
pub(super) fn parts(text: &str) -> Result<Vec<Part>, MarkError> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        if let Some(escaped) = before.strip_suffix('$') {
            plain.push_str(escaped);
            plain.push_str(OPEN);
            rest = after;
            continue;
        }
        plain.push_str(before);
        let (source, tail) = closed(after).ok_or(MarkError::Unclosed)?;
        if !plain.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut plain)));
        }
        parts.push(Part::Value(Expression::parse(source, Scope::Step).map_err(MarkError::Expression)?));
        rest = tail;
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    Ok(parts)
}

/// Splits at the end of the expression: the first `}}` outside quotes and outside braces of the expression's own.
fn closed(text: &str) -> Option<(&str, &str)> {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) => {
                if character == open {
                    quote = None;
                }
            }
            (None, '"' | '\'') => quote = Some(character),
            (None, '{') => depth += 1,
            (None, '}') if depth > 0 => depth -= 1,
            (None, '}') => {
                let (source, tail) = text.split_at_checked(at)?;
                return tail.strip_prefix(CLOSE).map(|tail| (source, tail));
            }
            (None, _) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &[Result<&str, &str>]) {
        let parts = parts(text).unwrap();
        let found: Vec<_> = parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Ok(text.as_str()),
                Part::Value(expression) => Err(expression.source()),
            })
            .collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn a_text_is_cut_at_its_expressions() {
        check("", &[]);
        check("plain $ {{ }}", &[Ok("plain $ {{ }}")]);
        check("${{ event.data }}", &[Err("event.data")]);
        check("a ${{event.a}} b${{ event.b }}", &[Ok("a "), Err("event.a"), Ok(" b"), Err("event.b")]);
        check("$${{ event.a }} $", &[Ok("${{ event.a }} $")]);
        check("$$${{ event.a }}", &[Ok("$${{ event.a }}")]);
        check(r#"${{ {"a": {"b": 1}} }}!"#, &[Err(r#"{"a": {"b": 1}}"#), Ok("!")]);
        check(r#"${{ event.a == "}}\"}}" }}"#, &[Err(r#"event.a == "}}\"}}""#)]);
    }

    #[test]
    fn what_is_not_closed_or_no_expression_is_told() {
        for unclosed in ["${{", "${{ event.a", "${{ event.a }", "a ${{ \"}} "] {
            assert_eq!(parts(unclosed), Err(MarkError::Unclosed), "{unclosed}");
        }
        for refused in ["${{ }}", "${{ 1 + }}", "${{ secrets.key }}"] {
            assert!(matches!(parts(refused), Err(MarkError::Expression(_))), "{refused}");
        }
    }
}
