//! Where a page of a list begins that is ordered by name.

use std::fmt;
use std::str::FromStr;

/// What cursors of such lists begin with.
const PREFIX: &str = "n1";

/// The place behind a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NameCursor<N>(pub(crate) N);

/// The text is not a cursor of this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor returned by this list")]
pub(crate) struct InvalidNameCursor;

impl<N: FromStr> FromStr for NameCursor<N> {
    type Err = InvalidNameCursor;

    fn from_str(text: &str) -> Result<Self, InvalidNameCursor> {
        let name = text.strip_prefix(PREFIX).ok_or(InvalidNameCursor)?;
        name.parse().map(Self).map_err(|_| InvalidNameCursor)
    }
}

impl<N: fmt::Display> fmt::Display for NameCursor<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use jct_workflow::WorkflowName;

    use super::*;

    #[test]
    fn a_cursor_reads_back_and_what_names_nothing_is_none() {
        let name: WorkflowName = "nightly".parse().unwrap();
        let cursor = NameCursor(name).to_string();
        assert_eq!(cursor, "n1nightly");
        assert_eq!(cursor.parse::<NameCursor<WorkflowName>>().unwrap().to_string(), cursor);
        for other in ["", "n1", "nightly", "n2nightly", "n1No Name"] {
            assert_eq!(other.parse::<NameCursor<WorkflowName>>(), Err(InvalidNameCursor), "{other}");
        }
    }
}
