//! What one evaluation may use up: turns of its loops, and bytes that it builds. The counters are functions that
//! inspection has put into the tree; their names cannot be written.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cel::{ExecutionError, Value};

use super::EvaluationError;
use crate::limits::{EVALUATION_MAX_BYTES, EVALUATION_MAX_TURNS};

/// Counts the turns of a loop before it begins.
pub(super) const TURNS: &str = "@turns";
/// Counts the bytes of a value that was built.
pub(super) const KEPT: &str = "@kept";

/// Bytes that a value takes beside its text; what matters is that it is not nothing.
const VALUE_BYTES: usize = 16;

/// What is used up so far. Shared with the counters, which outlive no evaluation.
#[derive(Clone, Debug, Default)]
pub(super) struct Budget {
    turns: Arc<AtomicUsize>,
    bytes: Arc<AtomicUsize>,
}

impl Budget {
    /// Lets the range of a loop through if its turns can be taken.
    pub(super) fn turns(&self, range: Value) -> Result<Value, ExecutionError> {
        let turns = match &range {
            Value::List(items) => items.len(),
            Value::Map(map) => map.map.len(),
            _ => 0,
        };
        charge(&self.turns, turns, EVALUATION_MAX_TURNS)?;
        Ok(range)
    }

    /// Lets a value through if its bytes can be kept.
    pub(super) fn kept(&self, value: Value) -> Result<Value, ExecutionError> {
        charge(&self.bytes, size(&value), EVALUATION_MAX_BYTES)?;
        Ok(value)
    }

    /// Whether more was asked for than there is. It stays so, even where a later turn would have made up for it.
    pub(super) fn exceeded(&self) -> Option<EvaluationError> {
        if self.turns.load(Ordering::Relaxed) > EVALUATION_MAX_TURNS {
            Some(EvaluationError::TooManyTurns)
        } else if self.bytes.load(Ordering::Relaxed) > EVALUATION_MAX_BYTES {
            Some(EvaluationError::TooLarge)
        } else {
            None
        }
    }
}

fn charge(used: &AtomicUsize, more: usize, most: usize) -> Result<(), ExecutionError> {
    let before = used.fetch_add(more, Ordering::Relaxed);
    if before.saturating_add(more) > most { Err(ExecutionError::function_error("budget", "used up")) } else { Ok(()) }
}

/// Bytes of a value. What is nested was built from parts that are bounded in depth.
fn size(value: &Value) -> usize {
    let inside = match value {
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(items) => items.iter().map(size).fold(0, usize::saturating_add),
        Value::Map(map) => map.map.values().map(|value| size(value) + VALUE_BYTES).fold(0, usize::saturating_add),
        _ => 0,
    };
    inside.saturating_add(VALUE_BYTES)
}
