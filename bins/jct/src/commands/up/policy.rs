//! The policy of `up`: the configured one, and the demo's namespace while it runs.

use jct_config::Config;
use jct_policy::{PolicyConfig, RepoPrefix};

use crate::exit::Exit;
use crate::failure::Failure;

/// The configured policy, with one more allowed prefix if there is one.
pub(super) fn policy(config: &Config, prefix: Option<RepoPrefix>) -> Result<PolicyConfig, Failure> {
    let mut policy = config.policy.clone();
    policy.allowed_repo_prefixes.extend(prefix);
    policy.gate().map_err(|error| Failure::caused(Exit::Usage, "the configured policy is not one", &error))
}

#[cfg(test)]
mod tests {
    use jct_config::Sources;
    use jct_contract::RepoName;

    use super::*;

    #[test]
    fn the_demo_adds_its_prefix_to_what_is_configured() {
        let overrides = vec![("policy.allowed_repo_prefixes".to_owned(), "myorg/".to_owned())];
        let config = Config::resolve(&Sources { overrides, ..Sources::default() }).expect("a configuration");
        let allows = |policy: &PolicyConfig, repo: &str| {
            let repo: RepoName = repo.parse().expect("a name");
            policy.allowed_repo_prefixes().iter().any(|prefix| prefix.contains(&repo))
        };
        let (plain, demo) =
            (policy(&config, None).expect("a policy"), policy(&config, "local/".parse().ok()).expect("a policy"));
        assert!(allows(&plain, "myorg/app") && !allows(&plain, "local/demo"));
        assert!(allows(&demo, "myorg/app") && allows(&demo, "local/demo") && !allows(&demo, "other/app"));
    }
}
