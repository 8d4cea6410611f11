//! The HTTP server: limits, addresses and times; and the rules of reviews that it lifts.

use std::time::Duration;

use jct_config::Config;
use jct_http::HttpOptions;
use jct_tower::reviews::ReviewOptions;

/// The configured HTTP server.
#[must_use]
pub fn http_options(config: &Config) -> HttpOptions {
    let api = &config.api;
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    HttpOptions {
        host: api.host,
        port: api.port,
        cors_origins: api.cors_origins.iter().map(ToString::to_string).collect(),
        body_limit: size(api.body_limit_bytes),
        batch_body_limit: size(api.batch_body_limit_bytes),
        job_body_limit: size(config.manifests.body_limit_bytes),
        request_timeout: Duration::from_secs(api.request_timeout_seconds),
        max_connections: size(api.max_connections.into()),
        keep_alive: Duration::from_secs(api.keep_alive_seconds),
        shutdown_grace: Duration::from_secs(api.shutdown_grace_seconds),
        workers: size(api.workers.into()),
        base_url: api.base_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned()),
    }
}

/// The configured rules of reviews.
#[must_use]
pub fn review_options(config: &Config) -> ReviewOptions {
    ReviewOptions { allow_self_approval: config.review.allow_self_approval }
}

#[cfg(test)]
mod tests {
    use jct_config::Sources;

    use super::*;

    #[test]
    fn the_defaults_of_the_configuration_are_those_of_the_server() {
        let defaults = HttpOptions::default();
        let options = http_options(&Config::resolve(&Sources::default()).unwrap());
        assert_eq!(HttpOptions { workers: defaults.workers, ..options }, defaults);
    }
}
