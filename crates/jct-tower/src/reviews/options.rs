//! What an operator decides about reviews.

/// Rules of reviews that a tower can lift.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReviewOptions {
    /// Whether whoever handed a task in may decide about what came of it; the review then says so. Never lifted: who ran
    /// it may not.
    pub allow_self_approval: bool,
}
