//! Every limit of a workflow, in one place. Lengths count Unicode scalar values unless they say bytes.

/// Most bytes of a definition.
pub const DEFINITION_MAX_BYTES: usize = 1024 * 1024;
/// Longest name of a workflow or a step, in characters; the shortest is one.
pub const NAME_MAX_CHARS: usize = 100;
/// Longest description.
pub const DESCRIPTION_MAX_CHARS: usize = 4_000;
/// Longest id of a step; the shortest is one.
pub const STEP_ID_MAX_CHARS: usize = 64;
/// Most steps; there is at least one.
pub const STEPS_MAX_ITEMS: usize = 1_000;
/// Most dependencies of one step.
pub const DEPENDENCIES_MAX_ITEMS: usize = 100;
/// Most event types of a trigger. With none, a workflow is only started by hand.
pub const EVENT_TYPES_MAX_ITEMS: usize = 32;
/// Shortest time a step or a run gets, in seconds.
pub const TIMEOUT_MIN_SECONDS: i64 = 1;
/// Longest time a step gets for each attempt, in seconds, waiting in the queue included.
pub const STEP_TIMEOUT_MAX_SECONDS: i64 = 86_400;
/// Time a step gets unless it says otherwise, in seconds.
pub const STEP_TIMEOUT_DEFAULT_SECONDS: i64 = 300;
/// Longest time a run gets, in seconds.
pub const RUN_TIMEOUT_MAX_SECONDS: i64 = 7 * 86_400;
/// Time a run gets unless its workflow says otherwise, in seconds.
pub const RUN_TIMEOUT_DEFAULT_SECONDS: i64 = 3_600;
/// Most retries of a step, after its first attempt.
pub const RETRIES_MAX: i64 = 10;
/// Most steps of one run that run at once.
pub const PARALLEL_MAX: i64 = 100;
/// Steps of one run that run at once unless the workflow says otherwise.
pub const PARALLEL_DEFAULT: i64 = 10;
/// Longest wait before a retry, in seconds; it is `2^attempt` below that.
pub const RETRY_DELAY_MAX_SECONDS: u64 = 300;

/// Most bytes of one expression.
pub const EXPRESSION_MAX_BYTES: usize = 16 * 1024;
/// Most signs other than letters, digits, white space, commas, quotes and underscores in one expression.
pub const EXPRESSION_MAX_SIGNS: usize = 1_000;
/// Most `?` in one expression, since each nests what follows it.
pub const EXPRESSION_MAX_CONDITIONALS: usize = 32;
/// Deepest nesting of brackets in one expression.
pub const EXPRESSION_MAX_BRACKETS: u16 = 32;
/// Deepest nesting of operations, selections and calls in one expression.
pub const EXPRESSION_MAX_DEPTH: usize = 64;
/// Most parts of one expression, after its macros are expanded.
pub const EXPRESSION_MAX_PARTS: usize = 2_000;
/// Most turns of all loops (`all`, `exists`, `exists_one`, `map`, `filter`) in one evaluation.
pub const EVALUATION_MAX_TURNS: usize = 10_000;
/// Most bytes that one evaluation may build by joining and by `map`.
pub const EVALUATION_MAX_BYTES: usize = 4 * 1024 * 1024;
/// Most expressions in the task of one step.
pub const TEMPLATE_MAX_EXPRESSIONS: usize = 200;
/// Most bytes that the expressions of one task may put into it.
pub const TEMPLATE_MAX_BYTES: usize = 1024 * 1024;
