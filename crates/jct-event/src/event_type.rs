//! What kind of thing happened, and the patterns that choose among kinds.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::limits::{TYPE_MAX_CHARS, TYPE_MAX_SEGMENTS};
use crate::tower_event::TowerEventType;

/// The types that the tower has always known. Anybody may send them.
const REFERENCE: [&str; 28] = [
    "infrastructure.alert",
    "infrastructure.scaling",
    "infrastructure.deployment",
    "infrastructure.failure",
    "security.vulnerability",
    "security.breach",
    "security.scan_complete",
    "development.code_commit",
    "development.code_review",
    "development.build_started",
    "development.build_completed",
    "development.build_failed",
    "deployment.started",
    "deployment.completed",
    "deployment.failed",
    "deployment.rollback",
    "monitoring.metric_threshold",
    "monitoring.health_check_failed",
    "monitoring.service_down",
    "monitoring.service_recovered",
    "user.action",
    "user.request",
    "system.startup",
    "system.shutdown",
    "system.agent_started",
    "system.agent_stopped",
    "system.workflow_triggered",
    "system.workflow_completed",
];

/// The type of an event: `domain.name`, two to eight segments of letters, digits, `_` and `-`, separated by full stops.
///
/// Types are compared as they are written; `com.example.Built` and `com.example.built` are two. The domains of the
/// tower's own events ([`TowerEventType`]) are reserved: an event from outside that claims one is refused at the door,
/// so that whoever is told `task.state_changed` was told by the tower.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventType(Cow<'static, str>);

/// The text is not the type of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a type is `domain.name`: 2 to {TYPE_MAX_SEGMENTS} segments of letters, digits, `_` and `-`, each beginning with a \
     letter or digit, at most {TYPE_MAX_CHARS} characters"
)]
pub struct InvalidEventType;

impl EventType {
    /// The types of the reference, which are offered to people who look for one.
    pub fn reference() -> impl Iterator<Item = Self> {
        REFERENCE.into_iter().map(|name| Self(Cow::Borrowed(name)))
    }

    pub(crate) const fn of_tower(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first segment.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.split('.').next().unwrap_or_default()
    }

    /// Whether only the tower itself may say this.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        TowerEventType::ALL.into_iter().any(|kind| kind.event_type().domain() == self.domain())
    }
}

fn is_segment(segment: &str) -> bool {
    segment.starts_with(|first: char| first.is_ascii_alphanumeric())
        && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for EventType {
    type Err = InvalidEventType;

    fn from_str(text: &str) -> Result<Self, InvalidEventType> {
        let segments = text.split('.').count();
        let fits = text.len() <= TYPE_MAX_CHARS
            && (2..=TYPE_MAX_SEGMENTS).contains(&segments)
            && text.split('.').all(is_segment);
        if fits { Ok(Self(Cow::Owned(text.to_owned()))) } else { Err(InvalidEventType) }
    }
}

impl Serialize for EventType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Chooses types: `*` is every type, `task.*` is every type below `task`, `task.state_changed` is just that one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeFilter(String);

impl TypeFilter {
    /// Whether the type is among those chosen.
    #[must_use]
    pub fn matches(&self, event_type: &EventType) -> bool {
        match self.0.strip_suffix('*') {
            // With the full stop, so that `task.*` leaves `tasks.made` alone.
            Some(prefix) => event_type.as_str().starts_with(prefix),
            None => event_type.as_str() == self.0,
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TypeFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for TypeFilter {
    type Err = InvalidEventType;

    fn from_str(text: &str) -> Result<Self, InvalidEventType> {
        let fits = match text.strip_suffix(".*") {
            Some(prefix) => {
                text.len() <= TYPE_MAX_CHARS
                    && prefix.split('.').count() < TYPE_MAX_SEGMENTS
                    && prefix.split('.').all(is_segment)
            }
            None => text == "*" || text.parse::<EventType>().is_ok(),
        };
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidEventType) }
    }
}

impl Serialize for TypeFilter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_the_reference_are_types_and_free() {
        for known in EventType::reference() {
            assert_eq!(known.as_str().parse(), Ok(known.clone()));
            assert!(!known.is_reserved(), "{known}");
        }
    }

    #[track_caller]
    fn check(text: &str, fits: bool) {
        assert_eq!(text.parse::<EventType>().is_ok(), fits, "{text}");
    }

    #[test]
    fn a_type_is_a_domain_and_a_name() {
        check("task.made", true);
        check("com.github.pull_request.opened", true);
        check("com.microsoft.Storage-v2.BlobCreated", true);
        check("a.b.c.d.e.f.g.h", true);
        check("a.b.c.d.e.f.g.h.i", false);
        for bad in ["", "task", ".", "a.", ".a", "a..b", "a b.c", "a.*", "a.-b", "a.b\n", "ä.b", "_a.b"] {
            check(bad, false);
        }
        check(&format!("a.{}", "b".repeat(126)), true);
        check(&format!("a.{}", "b".repeat(127)), false);
    }

    #[test]
    fn only_the_tower_speaks_for_its_own_domains() {
        for (text, reserved) in [("task.state_changed", true), ("task.anything", true), ("tasks.made", false)] {
            assert_eq!(text.parse::<EventType>().map(|kind| kind.is_reserved()), Ok(reserved), "{text}");
        }
    }

    #[track_caller]
    fn check_filter(filter: &str, event_type: &str, expect: bool) {
        let filter: TypeFilter = filter.parse().unwrap();
        assert_eq!(filter.matches(&event_type.parse().unwrap()), expect, "{filter} on {event_type}");
    }

    #[test]
    fn a_filter_is_one_type_or_everything_below() {
        check_filter("*", "user.action", true);
        check_filter("task.*", "task.state_changed", true);
        check_filter("task.*", "tasks.made", false);
        check_filter("com.github.*", "com.github.push.made", true);
        check_filter("com.github.*", "com.gitlab.push", false);
        check_filter("user.action", "user.action", true);
        check_filter("user.action", "user.action.more", false);
        for bad in ["", "task", "**", "*.made", "task*", "task.*.made", ".*", "a.b.c.d.e.f.g.h.*"] {
            assert_eq!(bad.parse::<TypeFilter>(), Err(InvalidEventType), "{bad}");
        }
    }
}
