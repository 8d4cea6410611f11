//! Runs the parser and the interpreter where their recursion fits and their panics end.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What the deepest expression that is let in needs at most, with room to spare: an unoptimised interpreter takes more than
/// 100 KiB for each level, an optimised one a fraction. Pages that are not touched cost nothing.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// What `work` gives; `None` if it panics. Whoever calls may have little stack left, so that it gets one of its own if it
/// must. Nothing that `work` changes may be used after a panic, except for what is made for it.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    stacker::maybe_grow(STACK_BYTES, STACK_BYTES, || catch_unwind(AssertUnwindSafe(work)).ok())
}
