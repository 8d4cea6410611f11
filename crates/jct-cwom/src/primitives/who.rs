//! Who acts, and which system something comes from.

use jct_contract::RequesterKind;

use crate::shape::{OPTIONAL, REQUIRED, shape, text, word};

/// The words of [`RequesterKind`], which the task contract owns.
const ACTOR_KINDS: &[&str] =
    &[RequesterKind::Human.as_str(), RequesterKind::Agent.as_str(), RequesterKind::System.as_str()];

shape! {
    /// Who does, did or owns something.
    Actor {
        /// What stands behind the id.
        actor_kind: RequesterKind = word(ACTOR_KINDS), REQUIRED;
        /// Who, within that kind.
        actor_id: String = text(1, 128), REQUIRED;
        /// A name to show to people.
        display: Option<String> = text(1, 256), OPTIONAL;
    }

    /// Which system an object comes from, and what it is called there.
    Source {
        /// The system: `github`, `jct`.
        system: String = text(1, 64), REQUIRED;
        /// Its name or number in that system.
        external_id: Option<String> = text(1, 256), OPTIONAL;
        /// Where people find it.
        url: Option<String> = text(1, 2000), OPTIONAL;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_requester_is_a_kind_of_actor() {
        assert_eq!(RequesterKind::ALL.map(RequesterKind::as_str), ACTOR_KINDS);
    }
}
