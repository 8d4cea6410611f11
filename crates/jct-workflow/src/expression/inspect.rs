//! Judges a parsed expression: every name and function is known, nothing nests too deep. Along the way it puts the
//! counters of the evaluation in, where turns are taken and values are built.

use std::collections::BTreeSet;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, operators};

use super::budget::{KEPT, TURNS};
use super::{ExpressionError, Scope};
use crate::limits::{EXPRESSION_MAX_DEPTH, EXPRESSION_MAX_PARTS};

/// The functions that an expression may call, beside operators and macros.
pub const FUNCTIONS: [&str; 11] =
    ["bool", "bytes", "contains", "double", "dyn", "endsWith", "int", "size", "startsWith", "string", "uint"];

const STEPS: &str = "steps";
/// What the macros call the value that a loop builds. No text can say it.
const RESULT: &str = "@result";

/// One walk over an expression.
pub(super) struct Inspection {
    scope: Scope,
    /// The variables of the loops around.
    loops: Vec<String>,
    steps: BTreeSet<String>,
    parts: usize,
}

impl Inspection {
    /// Judges the tree and puts the counters in; gives the ids of the steps that it names.
    pub(super) fn of(tree: &mut IdedExpr, scope: Scope) -> Result<BTreeSet<String>, ExpressionError> {
        let mut inspection = Self { scope, loops: Vec::new(), steps: BTreeSet::new(), parts: 0 };
        inspection.visit(tree, EXPRESSION_MAX_DEPTH)?;
        Ok(inspection.steps)
    }

    /// `levels` more may nest inside; the recursion ends with them.
    fn visit(&mut self, node: &mut IdedExpr, levels: usize) -> Result<(), ExpressionError> {
        let levels = levels.checked_sub(1).ok_or(ExpressionError::TooDeep)?;
        self.parts += 1;
        if self.parts > EXPRESSION_MAX_PARTS {
            return Err(ExpressionError::TooManyParts);
        }
        match &mut node.expr {
            Expr::Unspecified => Err(ExpressionError::Syntax("a part of it is missing".to_owned())),
            Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => self.name(name),
            Expr::Select(select) => {
                if self.is_steps(&select.operand) {
                    self.steps.insert(select.field.clone());
                    return Ok(());
                }
                self.visit(&mut select.operand, levels)
            }
            Expr::Call(call) => {
                self.call(call, levels)?;
                if is_join(call) {
                    count(KEPT, node);
                }
                Ok(())
            }
            Expr::List(list) => list.elements.iter_mut().try_for_each(|element| self.visit(element, levels)),
            Expr::Map(map) => map.entries.iter_mut().try_for_each(|entry| match &mut entry.expr {
                EntryExpr::MapEntry(entry) => {
                    self.visit(&mut entry.key, levels)?;
                    self.visit(&mut entry.value, levels)
                }
                EntryExpr::StructField(field) => self.visit(&mut field.value, levels),
            }),
            Expr::Struct(made) => Err(ExpressionError::UnknownFunction(made.type_name.clone())),
            Expr::Comprehension(turns) => self.comprehension(turns, levels),
        }
    }

    fn name(&self, name: &str) -> Result<(), ExpressionError> {
        if name == RESULT || self.loops.iter().any(|variable| variable == name) {
            return Ok(());
        }
        if name == STEPS && self.scope == Scope::Step {
            return Err(ExpressionError::StepUnnamed);
        }
        if self.scope.names().contains(&name) {
            return Ok(());
        }
        Err(ExpressionError::UnknownName(name.to_owned(), self.scope.told()))
    }

    fn is_steps(&self, operand: &IdedExpr) -> bool {
        self.scope == Scope::Step && matches!(&operand.expr, Expr::Ident(name) if name == STEPS)
    }

    fn call(&mut self, call: &mut CallExpr, levels: usize) -> Result<(), ExpressionError> {
        if call.func_name == operators::INDEX
            && let [of, IdedExpr { expr: Expr::Literal(LiteralValue::String(id)), .. }] = call.args.as_slice()
            && self.is_steps(of)
        {
            self.steps.insert(id.inner().to_owned());
            return Ok(());
        }
        let is_operator = call.func_name.starts_with(|first: char| !first.is_ascii_alphabetic());
        if !is_operator && !FUNCTIONS.contains(&call.func_name.as_str()) {
            return Err(ExpressionError::UnknownFunction(call.func_name.clone()));
        }
        if let Some(target) = &mut call.target {
            self.visit(target, levels)?;
        }
        call.args.iter_mut().try_for_each(|argument| self.visit(argument, levels))
    }

    fn comprehension(&mut self, turns: &mut ComprehensionExpr, levels: usize) -> Result<(), ExpressionError> {
        for variable in std::iter::once(&turns.iter_var).chain(&turns.iter_var2) {
            if self.scope.names().contains(&variable.as_str()) {
                return Err(ExpressionError::NameTaken(variable.clone()));
            }
        }
        self.visit(&mut turns.iter_range, levels)?;
        self.visit(&mut turns.accu_init, levels)?;
        let outside = self.loops.len();
        self.loops.push(turns.iter_var.clone());
        self.loops.extend(turns.iter_var2.clone());
        self.visit(&mut turns.loop_cond, levels)?;
        self.visit(&mut turns.loop_step, levels)?;
        self.loops.truncate(outside);
        self.visit(&mut turns.result, levels)?;
        count(TURNS, &mut turns.iter_range);
        for appended in appended(&mut turns.loop_step) {
            count(KEPT, appended);
        }
        Ok(())
    }
}

/// Whether an inspected tree comes to something else than true or false, whatever the values are.
pub(super) fn is_never_bool(tree: &IdedExpr) -> bool {
    const MAKERS: [&str; 12] = [
        // The counter stands around what is joined.
        KEPT,
        operators::SUBSTRACT,
        operators::MULTIPLY,
        operators::DIVIDE,
        operators::MODULO,
        operators::NEGATE,
        "bytes",
        "double",
        "int",
        "size",
        "string",
        "uint",
    ];
    match &tree.expr {
        Expr::Literal(literal) => !matches!(literal, LiteralValue::Boolean(_)),
        Expr::List(_) | Expr::Map(_) => true,
        Expr::Call(call) => MAKERS.contains(&call.func_name.as_str()),
        _ => false,
    }
}

/// Whether this joins two values that an author wrote; the macros join as well, and what they join is counted on its
/// own.
fn is_join(call: &CallExpr) -> bool {
    let is_of_macro = matches!(call.args.first(), Some(IdedExpr { expr: Expr::Ident(name), .. }) if name == RESULT);
    call.func_name == operators::ADD && !is_of_macro
}

/// What a turn of `map` or `filter` adds to the list that it builds: `@result + [item]`, perhaps under a condition.
fn appended(step: &mut IdedExpr) -> &mut [IdedExpr] {
    let Expr::Call(call) = &mut step.expr else { return &mut [] };
    if call.func_name == operators::CONDITIONAL {
        return call.args.get_mut(1).map_or(&mut [], appended);
    }
    if call.func_name != operators::ADD {
        return &mut [];
    }
    match call.args.get_mut(1) {
        Some(IdedExpr { expr: Expr::List(list), .. }) => &mut list.elements,
        _ => &mut [],
    }
}

/// Puts a call of the counter `name` around the node.
fn count(name: &str, node: &mut IdedExpr) {
    let inner = std::mem::take(node);
    let id = inner.id;
    let call = CallExpr { func_name: name.to_owned(), target: None, args: vec![inner] };
    *node = IdedExpr { id, expr: Expr::Call(call) };
}
