//! The closed lists of words: each an enum whose text form is the same on the wire, in the database and in messages.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The text is none of the words of its list; matching is exact, upper case included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{list} is one of {}", Quoted(.expected))]
pub struct UnknownWord {
    /// What the list is of, with its article.
    pub list: &'static str,
    /// Every word of the list.
    pub expected: &'static [&'static str],
}

/// Words in backticks, for messages.
pub(crate) struct Quoted<'a>(pub(crate) &'a [&'static str]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.0.iter().enumerate() {
            write!(f, "{}`{word}`", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

macro_rules! words {
    ($($(#[$doc:meta])+ $name:ident: $list:literal { $($(#[$variant_doc:meta])+ $variant:ident = $word:literal,)+ })+) => {$(
        $(#[$doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])+ $variant,)+
        }

        impl $name {
            /// Every value, in the order of the model.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The text form of every value, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($word,)+];

            /// The text form: on the wire and in the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                let found = Self::ALL.iter().find(|value| value.as_str() == text).copied();
                found.ok_or(UnknownWord { list: $list, expected: Self::WORDS })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

words! {
    /// What an object is.
    ObjectKind: "a kind of object" {
        /// Where work happens.
        Repo = "Repo",
        /// What somebody wants done: intent, not execution.
        Issue = "Issue",
        /// What was known when work began; never changes.
        ContextPacket = "ContextPacket",
        /// One execution of an issue.
        Run = "Run",
        /// What a run left behind.
        Artifact = "Artifact",
        /// The limits that held at one moment; never changes.
        ConstraintSnapshot = "ConstraintSnapshot",
        /// One version of a rule for how work is done.
        DoctrineRef = "DoctrineRef",
        /// What was found out about a run by somebody who did not do it; never changes.
        EvidencePack = "EvidencePack",
        /// What somebody decided about a run; never changes.
        ReviewDecision = "ReviewDecision",
    }

    /// Where an issue or a run is in its life. Note the spelling of `canceled`: a task is `cancelled`.
    Status: "a status" {
        /// Wanted, not yet ready to be worked on.
        Planned = "planned",
        /// May be worked on.
        Ready = "ready",
        /// Being worked on.
        Running = "running",
        /// Cannot go on until something else happens.
        Blocked = "blocked",
        /// Worked on to the end, waiting for a review.
        UnderReview = "under_review",
        /// Ended well.
        Done = "done",
        /// Ended badly. An issue may still be tried again.
        Failed = "failed",
        /// Given up on purpose.
        Canceled = "canceled",
    }

    /// What sort of work an issue asks for.
    IssueType: "a type of issue" {
        /// Something new.
        Feature = "feature",
        /// Something broken.
        Bug = "bug",
        /// Upkeep.
        Chore = "chore",
        /// Finding something out.
        Research = "research",
        /// Operating something.
        Ops = "ops",
        /// Documentation.
        Doc = "doc",
        /// Something that is going wrong now.
        Incident = "incident",
    }

    /// How urgent an issue is.
    Priority: "a priority" {
        /// Before everything else.
        P0 = "P0",
        /// Next.
        P1 = "P1",
        /// In its turn.
        P2 = "P2",
        /// When there is time.
        P3 = "P3",
        /// Some day.
        P4 = "P4",
    }

    /// Who executes a run.
    RunMode: "a mode of a run" {
        /// A person.
        Human = "human",
        /// An agent.
        Agent = "agent",
        /// A person and an agent together.
        Hybrid = "hybrid",
        /// A program that decides nothing.
        System = "system",
    }

    /// What an artifact is.
    ArtifactType: "a type of artifact" {
        /// A change to code, not yet committed.
        CodePatch = "code_patch",
        /// A commit.
        Commit = "commit",
        /// A request to merge a branch.
        PullRequest = "pr",
        /// What a build produced.
        Build = "build",
        /// An image of a container.
        ContainerImage = "container_image",
        /// A document.
        Doc = "doc",
        /// A report.
        Report = "report",
        /// Data.
        Dataset = "dataset",
        /// A log.
        Log = "log",
        /// A record of how something ran.
        Trace = "trace",
        /// Any other file.
        Binary = "binary",
        /// Something that lies elsewhere.
        Link = "link",
    }

    /// Whether an artifact, or one check of it, held.
    VerificationStatus: "a verification status" {
        /// Nobody has looked.
        Unverified = "unverified",
        /// It held.
        Passed = "passed",
        /// It did not.
        Failed = "failed",
    }

    /// What sort of rule a doctrine is.
    DoctrineType: "a type of doctrine" {
        /// What we believe.
        Principle = "principle",
        /// What is allowed.
        Policy = "policy",
        /// How something is done, step by step.
        Procedure = "procedure",
        /// A rule of thumb.
        Heuristic = "heuristic",
        /// A shape of solution that has worked.
        Pattern = "pattern",
    }

    /// How binding a doctrine is.
    DoctrinePriority: "a priority of doctrine" {
        /// No exception.
        Must = "must",
        /// Exceptions need a reason.
        Should = "should",
        /// Advice.
        May = "may",
    }

    /// Who may see a repository.
    Visibility: "a visibility" {
        /// Everybody.
        Public = "public",
        /// Those who are named.
        Private = "private",
        /// The organisation.
        Internal = "internal",
    }

    /// What a snapshot of constraints holds for.
    ConstraintScope: "a scope of constraints" {
        /// One person.
        Personal = "personal",
        /// One repository.
        Repo = "repo",
        /// One organisation.
        Org = "org",
        /// The whole tower.
        System = "system",
        /// One run.
        Run = "run",
    }

    /// How well connected the place of work is.
    Connectivity: "a connectivity" {
        /// Not at all.
        Offline = "offline",
        /// With gaps or limits.
        Limited = "limited",
        /// Well.
        Ok = "ok",
    }

    /// How much risk is accepted.
    RiskTolerance: "a tolerance of risk" {
        /// Little.
        Low = "low",
        /// Some.
        Medium = "medium",
        /// Much.
        High = "high",
    }

    /// What somebody who did not do the work says about it.
    Verdict: "a verdict" {
        /// Nothing that is required is unmet, and nothing is unverified.
        Pass = "pass",
        /// Something that is required is not met.
        Fail = "fail",
        /// Nothing speaks against it, but not everything is proven.
        Partial = "partial",
        /// Nobody has looked yet.
        Pending = "pending",
    }

    /// Whether an acceptance criterion holds.
    CriterionStatus: "a status of a criterion" {
        /// It holds.
        Satisfied = "satisfied",
        /// It does not.
        NotSatisfied = "not_satisfied",
        /// Nobody knows.
        Unverified = "unverified",
        /// It was left out on purpose.
        Skipped = "skipped",
    }

    /// How a check ended.
    CheckEnd: "an end of a check" {
        /// It ran and exited with a status.
        Exited = "exited",
        /// It was ended by a signal that the tower did not send.
        Signalled = "signalled",
        /// It ran out of time.
        TimedOut = "timed_out",
        /// It used up more memory, processes, disk or output than it may.
        LimitExceeded = "limit_exceeded",
        /// There is no such program, or it could not be run.
        NotStarted = "not_started",
        /// It was not run, because there was nothing to run it on or no time left.
        NotRun = "not_run",
    }

    /// What a reviewer decides.
    ReviewDecisionStatus: "a decision" {
        /// The work is accepted.
        Approved = "approved",
        /// It is not.
        Rejected = "rejected",
        /// It is not yet: it is to be done again with what the reviewer says.
        NeedsChanges = "needs_changes",
    }

    /// Why a run failed.
    FailureCategory: "a category of failure" {
        /// A rule forbade it.
        Policy = "policy",
        /// It did not build.
        Build = "build",
        /// Its tests failed.
        Test = "test",
        /// It broke while running.
        Runtime = "runtime",
        /// Something it needs was not there.
        Dependency = "dependency",
        /// None of these, or nobody knows.
        Unknown = "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_and_no_other_does() {
        macro_rules! check {
            ($($name:ident)+) => {$(
                for (value, word) in $name::ALL.iter().zip($name::WORDS) {
                    assert_eq!(value.to_string(), *word);
                    assert_eq!(word.parse(), Ok(*value));
                    let json = serde_json::to_string(value).unwrap();
                    assert_eq!(serde_json::from_str::<$name>(&json).unwrap(), *value);
                    assert!(format!("{word} ").parse::<$name>().is_err());
                }
                assert!("".parse::<$name>().is_err());
            )+};
        }
        check!(ObjectKind Status IssueType Priority RunMode ArtifactType VerificationStatus DoctrineType);
        check!(DoctrinePriority Visibility ConstraintScope Connectivity RiskTolerance FailureCategory);
        check!(Verdict CriterionStatus CheckEnd ReviewDecisionStatus);
    }

    #[test]
    fn a_refusal_names_the_whole_list() {
        let refused = "cancelled".parse::<RiskTolerance>().unwrap_err();
        assert_eq!(refused.to_string(), "a tolerance of risk is one of `low`, `medium`, `high`");
    }
}
