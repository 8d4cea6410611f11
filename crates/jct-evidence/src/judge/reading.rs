//! What a rule says.

/// What one look at the facts showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// The rule that looked.
    pub(super) rule: &'static str,
    /// What it means for the verdict.
    pub(super) outcome: Outcome,
    /// Why, in one line; empty if there is nothing to say.
    pub(super) reason: String,
}

/// What a reading means for the verdict, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Outcome {
    /// The work is not what was asked for.
    Fails,
    /// Something is missing or not known: the work may be right, but that is not proven.
    Open,
    /// Nobody could look: neither for nor against the work by itself.
    Skipped,
    /// Not decisive, but whoever reviews should know.
    Noted,
    /// As it should be.
    Held,
}

impl Reading {
    pub(super) fn held(rule: &'static str) -> Self {
        Self { rule, outcome: Outcome::Held, reason: String::new() }
    }

    pub(super) fn skipped(rule: &'static str) -> Self {
        Self { rule, outcome: Outcome::Skipped, reason: String::new() }
    }

    pub(super) fn fails(rule: &'static str, reason: impl Into<String>) -> Self {
        Self { rule, outcome: Outcome::Fails, reason: reason.into() }
    }

    pub(super) fn open(rule: &'static str, reason: impl Into<String>) -> Self {
        Self { rule, outcome: Outcome::Open, reason: reason.into() }
    }

    pub(super) fn noted(rule: &'static str, reason: impl Into<String>) -> Self {
        Self { rule, outcome: Outcome::Noted, reason: reason.into() }
    }
}

/// Names in backticks, at most ten of them, and how many more there are.
pub(super) fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    const MOST: usize = 10;
    let mut text = String::new();
    let mut more = 0_usize;
    for (index, name) in names.into_iter().enumerate() {
        if index >= MOST {
            more += 1;
            continue;
        }
        let separator = if index == 0 { "" } else { ", " };
        text.push_str(separator);
        text.push('`');
        text.push_str(&excerpt(name, 200));
        text.push('`');
    }
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

/// The beginning of a text, on one line and without characters that a terminal would obey.
pub(super) fn excerpt(text: &str, most: usize) -> String {
    let clean = |character: char| if character.is_control() { ' ' } else { character };
    let mut short: String = text.chars().take(most).map(clean).collect();
    if text.chars().nth(most).is_some() {
        short.push('…');
    }
    short
}
