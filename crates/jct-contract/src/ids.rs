//! Identifiers: one registry of newtypes, so that no signature takes a bare UUID or string.
//!
//! Every kind is a UUID of version 7 that carries its creation time to the microsecond (RFC 9562, section 6.2,
//! method 3). The order of the ids is therefore the order of creation: "newest first" needs no second column, and
//! database inserts stay local.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use uuid::{Builder, Uuid};

use crate::Timestamp;

/// The text is not an identifier: 36 characters, lower case, hyphenated UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier in canonical UUID form")]
pub struct InvalidId;

/// Bits of a version 7 UUID that hold the fraction of the millisecond.
const FRACTION_STEPS: i64 = 1 << 12;
const MICROS_PER_MILLI: i64 = 1_000;

fn uuid_at(at: Timestamp) -> Uuid {
    let micros = at.as_micros().max(0);
    // Rounded up, so that rounding down on the way back returns the same microsecond.
    let fraction = (micros % MICROS_PER_MILLI * FRACTION_STEPS + MICROS_PER_MILLI - 1) / MICROS_PER_MILLI;
    let [high, low] = u16::try_from(fraction).unwrap_or(u16::MAX).to_be_bytes();
    let [_, _, r2, r3, r4, r5, _, _, _, r9, r10, r11, r12, ..] = Uuid::new_v4().into_bytes();
    let counter_and_random = [high, low, r2, r3, r4, r5, r9, r10, r11, r12];
    Builder::from_unix_timestamp_millis((micros / MICROS_PER_MILLI).unsigned_abs(), &counter_and_random).into_uuid()
}

fn created_at(id: Uuid) -> Timestamp {
    let [m0, m1, m2, m3, m4, m5, f0, f1, ..] = *id.as_bytes();
    let millis = i64::from_be_bytes([0, 0, m0, m1, m2, m3, m4, m5]);
    let fraction = i64::from(u16::from_be_bytes([f0 & 0x0f, f1]));
    Timestamp::from_micros(millis * MICROS_PER_MILLI + fraction * MICROS_PER_MILLI / FRACTION_STEPS)
}

fn parse_canonical(text: &str) -> Result<Uuid, InvalidId> {
    let id = Uuid::try_parse(text).map_err(|_| InvalidId)?;
    let mut buffer = Uuid::encode_buffer();
    if id.as_hyphenated().encode_lower(&mut buffer) == text { Ok(id) } else { Err(InvalidId) }
}

macro_rules! id_kinds {
    ($($(#[$doc:meta])+ $name:ident;)+) => {$(
        $(#[$doc])+
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh id whose creation time is `at`.
            #[must_use]
            pub fn at(at: Timestamp) -> Self {
                Self(uuid_at(at))
            }

            /// The creation time carried by the id, exact to the microsecond for ids made by [`Self::at`].
            #[must_use]
            pub fn created_at(self) -> Timestamp {
                created_at(self.0)
            }

            /// The id as a plain UUID, for databases and wire formats.
            #[must_use]
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }

            /// Takes any UUID as an id of this kind, for values that come back from a database.
            #[must_use]
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse_canonical(text).map(Self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )+};
}

/// The kinds of work object, each of which is also an [`ObjectId`].
macro_rules! object_ids {
    ($($name:ident)+) => {$(
        impl From<$name> for ObjectId {
            fn from(id: $name) -> Self {
                Self(id.0)
            }
        }
    )+};
}

id_kinds! {
    /// A credential: one row of the key table, never the key itself.
    ApiKeyId;
    /// Something that a run produced.
    ArtifactId;
    /// One entry of the audit log.
    AuditId;
    /// The limits that held at one moment.
    ConstraintSnapshotId;
    /// Something that somebody held or stopped.
    ControlId;
    /// What was known when work on an issue began.
    ContextPacketId;
    /// One version of a rule for how work is done.
    DoctrineRefId;
    /// Something that happened, as the tower keeps it.
    EventId;
    /// What was found out about a run by somebody who did not do it.
    EvidencePackId;
    /// Something that somebody wants done.
    IssueId;
    /// A file that a worker handed in with a job.
    JobArtifactId;
    /// A work object of any kind; the kind stands beside it.
    ObjectId;
    /// A repository, as a work object.
    RepoId;
    /// What somebody decided about a run.
    ReviewDecisionId;
    /// One execution of an issue.
    RunId;
    /// A development task.
    TaskId;
    /// One event on its way to one webhook; the same for every try.
    WebhookDeliveryId;
    /// An address that events are sent to.
    WebhookId;
    /// One life of one worker process: a restart is a new id.
    WorkerId;
    /// A workflow, in all its versions.
    WorkflowId;
    /// One run of one version of a workflow.
    WorkflowRunId;
}

object_ids! { ArtifactId ConstraintSnapshotId ContextPacketId DoctrineRefId EvidencePackId IssueId RepoId ReviewDecisionId RunId }

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_carries_its_creation_time(micros in 0i64..4_000_000_000_000_000) {
            let at = Timestamp::from_micros(micros);
            let id = TaskId::at(at);
            prop_assert_eq!(id.created_at(), at);
            prop_assert_eq!(id.as_uuid().get_version_num(), 7);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            let text = serde_json::to_string(&id).unwrap();
            prop_assert_eq!(serde_json::from_str::<TaskId>(&text).unwrap(), id);
        }

        #[test]
        fn ids_sort_by_creation_time(a in 0i64..4_000_000_000_000_000, step in 1i64..10_000) {
            let older = TaskId::at(Timestamp::from_micros(a));
            let newer = TaskId::at(Timestamp::from_micros(a + step));
            prop_assert!(older < newer);
            prop_assert!(older.to_string() < newer.to_string());
        }
    }

    #[test]
    fn only_the_canonical_text_is_an_id() {
        let id = TaskId::at(Timestamp::from_micros(1_700_000_000_000_000)).to_string();
        for bad in [id.to_uppercase(), id.replace('-', ""), format!("{{{id}}}"), format!(" {id}"), String::new()] {
            assert_eq!(bad.parse::<TaskId>(), Err(InvalidId), "{bad}");
        }
    }
}
