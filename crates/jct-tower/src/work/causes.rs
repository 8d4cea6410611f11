//! An error with its causes on one line, for logs: the error's own text does not repeat them.

use std::error::Error;
use std::fmt;

/// Shows an error followed by its causes, separated by colons.
#[derive(Clone, Copy, Debug)]
pub struct Causes<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the trace cannot be written")]
    struct Outer(#[source] io::Error);

    #[test]
    fn every_cause_is_shown_once() {
        let error = Outer(io::Error::other("no space left"));
        assert_eq!(Causes(&error).to_string(), "the trace cannot be written: no space left");
    }
}
