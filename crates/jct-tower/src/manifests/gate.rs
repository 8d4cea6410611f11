//! The policy for runs of manifests: the one in force, and beside it the place where manifests stand for repositories.

use std::sync::Arc;

use jct_contract::RepoName;
use jct_manifest::ManifestName;
use jct_policy::PolicyConfig;

/// Where manifests stand among the repositories. No task of a caller's making gets there, unless a policy says so.
const NAMESPACE: &str = "manifests";

/// The policy that admits runs of manifests. An admission names it by its own digest, and its text is kept.
#[derive(Clone, Debug)]
pub(crate) struct ManifestGate {
    policy: PolicyConfig,
    canonical: Arc<str>,
}

impl ManifestGate {
    /// The gate that follows from the policy in force.
    pub(crate) fn of(policy: &PolicyConfig) -> Self {
        let seconds = (policy.min_time_budget_seconds(), policy.max_time_budget_seconds());
        let builder = PolicyConfig::builder().time_budget_seconds(seconds.0, seconds.1);
        let own = NAMESPACE.parse().ok();
        let prefixes = policy.allowed_repo_prefixes().iter().cloned().chain(own);
        let derived = prefixes.fold(builder, |builder, prefix| builder.allow(prefix)).build();
        // The budgets are those of a policy, so that this is one as well; if not, nothing more is admitted than before.
        let policy = derived.unwrap_or_else(|_| policy.clone());
        Self { canonical: policy.canonical_json().into(), policy }
    }

    pub(crate) const fn policy(&self) -> &PolicyConfig {
        &self.policy
    }

    pub(crate) fn canonical(&self) -> Arc<str> {
        Arc::clone(&self.canonical)
    }
}

/// The repository that a manifest stands for, in lower case as all are.
pub(crate) fn repo_of(name: &ManifestName) -> String {
    let lower = name.as_str().to_ascii_lowercase();
    // What ends like a bare repository would lose its end.
    let plain = lower.strip_suffix(".git").map_or_else(|| lower.clone(), |start| format!("{start}_git"));
    format!("{NAMESPACE}/{plain}")
}

/// Whether the policy in force allows a repository.
pub(crate) fn allows(policy: &PolicyConfig, repo: &RepoName) -> bool {
    policy.allowed_repo_prefixes().iter().any(|prefix| prefix.contains(repo))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_derived_policy_adds_one_prefix_and_nothing_else() {
        let policy =
            PolicyConfig::builder().time_budget_seconds(5, 50).allow("myorg".parse().unwrap()).build().unwrap();
        let gate = ManifestGate::of(&policy);
        let prefixes: Vec<_> = gate.policy().allowed_repo_prefixes().iter().map(ToString::to_string).collect();
        assert_eq!(prefixes, ["manifests/", "myorg/"]);
        assert_eq!((gate.policy().min_time_budget_seconds(), gate.policy().max_time_budget_seconds()), (5, 50));
        assert_ne!(gate.policy().digest(), policy.digest());
        assert_eq!(&*gate.canonical(), gate.policy().canonical_json());
    }

    #[track_caller]
    fn check(name: &str, expect: &str) {
        let repo = repo_of(&name.parse().unwrap());
        assert_eq!(repo, expect);
        assert_eq!(repo.parse::<RepoName>().unwrap().as_str(), expect, "it is its own spelling");
    }

    #[test]
    fn every_name_of_a_manifest_stands_for_a_repository() {
        check("harbor-notes", "manifests/harbor-notes");
        check("Harbor.Notes_2", "manifests/harbor.notes_2");
        check("notes.git", "manifests/notes_git");
        check("notes.git.GIT", "manifests/notes.git_git");
        check(&"x".repeat(128), &format!("manifests/{}", "x".repeat(128)));
    }
}
