//! What surrounds an issue: when it counts as done, what it waits for, and what rules and repositories say about it.

use crate::limits::CRITERION_MAX_CHARS;
use crate::primitives::Ref;
use crate::shape::{EMPTY, OPTIONAL, Rule, reference, references, shape, text, texts};
use crate::words::ObjectKind;

shape! {
    /// When an issue counts as done.
    #[derive(Default)]
    Acceptance {
        /// What has to hold.
        criteria: Vec<String> = Rule::List(&text(1, CRITERION_MAX_CHARS)), EMPTY;
        /// Tests that should be there; absent if nobody has said.
        tests_expected: Option<Vec<String>> = texts(), OPTIONAL;
    }

    /// How an issue stands to others.
    #[derive(Default)]
    IssueRelationships {
        /// The issue that this one is a part of.
        parent: Option<Ref> = reference(ObjectKind::Issue), OPTIONAL;
        /// Issues that wait for this one.
        blocks: Vec<Ref> = references(ObjectKind::Issue), EMPTY;
        /// Issues that this one waits for.
        blocked_by: Vec<Ref> = references(ObjectKind::Issue), EMPTY;
        /// Issues that ask for the same.
        duplicates: Vec<Ref> = references(ObjectKind::Issue), EMPTY;
    }

    /// What is allowed in a repository.
    #[derive(Default)]
    RepoPolicy {
        /// Names of the tools that may be used; an empty list forbids nothing.
        allowed_tools: Vec<String> = texts(), EMPTY;
        /// The name of the set of secrets that runs may have.
        secrets_profile: Option<String> = text(0, 64), OPTIONAL;
    }

    /// What a doctrine applies to; an empty list does not narrow it.
    #[derive(Default)]
    DoctrineApplicability {
        /// Repositories.
        repo_refs: Vec<Ref> = references(ObjectKind::Repo), EMPTY;
        /// Types of issue.
        issue_types: Vec<String> = texts(), EMPTY;
        /// Issues with one of these tags.
        tags: Vec<String> = texts(), EMPTY;
    }
}
