//! Who can reach the tower and what it would let in.

use std::net::TcpListener;

use jct_config::Config;

use super::check::Check;
use crate::client::Client;

pub(super) fn checks(config: &Config, client: &Client) -> Vec<Check> {
    vec![tower(config, client), access(config), policy(config)]
}

/// A tower answers, or could be started.
fn tower(config: &Config, client: &Client) -> Check {
    if client.get(&["health"]).is_ok() {
        return Check::ok("tower", format!("{} answers", client.base()));
    }
    let (host, port) = (config.api.host, config.api.port);
    match TcpListener::bind((host, port)) {
        Ok(_) => Check::ok("tower", format!("{} does not answer; {host} port {port} is free for one", client.base())),
        Err(error) => Check::problem(
            "tower",
            format!("{} does not answer, and {host} port {port} cannot be used: {error}", client.base()),
            "stop what holds the port, or choose another with API_PORT",
        ),
    }
}

fn access(config: &Config) -> Check {
    let api = &config.api;
    if api.key.is_some() {
        return Check::ok("access", "JCT_API_KEY is set");
    }
    let open = "no JCT_API_KEY is set; unless the database holds keys, every caller acts as `operator`";
    if api.host.is_loopback() {
        return Check::ok("access", format!("{open}, from this machine only"));
    }
    let fix = "set JCT_API_KEY, or make keys with `jct keys create`, or listen on 127.0.0.1";
    if api.allow_unauthenticated {
        Check::warning("access", format!("{open}, from anywhere"), fix)
    } else {
        Check::warning("access", open, fix)
    }
}

fn policy(config: &Config) -> Check {
    let allowed = &config.policy.allowed_repo_prefixes;
    if allowed.is_empty() {
        let fix = "list the namespaces that may be worked on in JCT_ALLOWED_REPO_PREFIXES, such as `myorg/`";
        return Check::warning("policy", "no repository is allowed; every task is refused", fix);
    }
    Check::ok("policy", format!("{} allowed namespace(s)", allowed.len()))
}
