//! Where repositories come from: configured at all, and reachable as far as a name is known.

use jct_config::{Config, RepoMatch};
use jct_exec::{Prober, RepoSources};

use super::check::{Check, with_causes};
use jct_wiring::repo_sources;

pub(super) async fn checks(config: &Config, asked: &[String]) -> Vec<Check> {
    if config.repo_sources.is_empty() {
        let fix = "add `[[repo_sources]]` with `prefix` or `repo`, and `url`, to jct.toml";
        return vec![Check::warning("sources", "no repository source is configured; no task can be run", fix)];
    }
    let sources = match repo_sources(config) {
        Ok(sources) => sources,
        Err(error) => {
            return vec![Check::problem("sources", with_causes(&error), "mend `[[repo_sources]]` in jct.toml")];
        }
    };
    let mut checks = Vec::new();
    for source in &config.repo_sources {
        match source.matches() {
            RepoMatch::Exact(repo) => checks.push(reach(&sources, repo).await),
            RepoMatch::Prefix(prefix) => {
                checks.push(Check::ok(
                    format!("source {prefix}"),
                    "configured; name a repository with --repo to see whether it answers",
                ));
            }
        }
    }
    for repo in asked {
        checks.push(reach(&sources, &repo.to_lowercase()).await);
    }
    checks
}

async fn reach(sources: &RepoSources, repo: &str) -> Check {
    let name = format!("source {repo}");
    match Prober.repository(sources, repo).await {
        Ok(()) => Check::ok(name, "answers"),
        Err(error) => Check::problem(
            name,
            with_causes(&error),
            "check its address in `[[repo_sources]]`, the network, and the access of this user",
        ),
    }
}
