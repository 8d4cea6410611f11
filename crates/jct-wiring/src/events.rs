//! Events: where webhooks may lead, and what this process does about events while it runs.

use std::io;
use std::time::Duration;

use jct_config::Config;
use jct_event::webhook::AddressRules;
use jct_lifecycle::RetryPolicy;
use jct_store::Store;
use jct_tower::events::{EventOptions, EventServiceOptions, EventServices, TaskChanges};
use jct_webhook::Sender;

/// Where webhooks may lead.
#[must_use]
pub fn event_options(config: &Config) -> EventOptions {
    EventOptions { addresses: address_rules(config) }
}

fn address_rules(config: &Config) -> AddressRules {
    AddressRules {
        allow_http: config.events.webhook_allow_http,
        allowed_hosts: config.events.webhook_allowed_hosts.iter().map(|host| host.as_str().to_owned()).collect(),
    }
}

fn service_options(config: &Config) -> EventServiceOptions {
    let events = &config.events;
    let defaults = EventServiceOptions::default();
    EventServiceOptions {
        consumer: format!("{}/{}", config.worker.name.as_str(), std::process::id()),
        retry: RetryPolicy { max_attempts: events.max_attempts, ..defaults.retry },
        task_changes: match events.task_changes {
            jct_config::TaskChanges::Subscribed => TaskChanges::Subscribed,
            jct_config::TaskChanges::Always => TaskChanges::Always,
            jct_config::TaskChanges::Never => TaskChanges::Never,
        },
        worker_lost_after: Duration::from_secs(events.worker_lost_seconds),
    }
}

/// What this process does about events: processes them, tells webhooks, follows the audit log.
///
/// # Errors
/// [`io::Error`] if TLS cannot be prepared.
pub fn event_services(config: &Config, store: &Store) -> io::Result<EventServices> {
    Ok(EventServices::new(store, Sender::new(address_rules(config))?, &service_options(config)))
}

#[cfg(test)]
mod tests {
    use jct_config::Sources;

    use super::*;

    fn config(overrides: &[(&str, &str)]) -> Config {
        let overrides = overrides.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Config::resolve(&Sources { overrides: overrides.collect(), ..Sources::default() }).unwrap()
    }

    #[test]
    fn webhooks_lead_to_public_addresses_unless_hosts_are_named() {
        assert_eq!(address_rules(&config(&[])), AddressRules::default());
        let named =
            config(&[("events.webhook_allow_http", "true"), ("events.webhook_allowed_hosts", "hooks.internal,::1")]);
        let rules = event_options(&named).addresses;
        assert!(rules.allow_http);
        assert_eq!(rules.allowed_hosts.into_iter().collect::<Vec<_>>(), ["[::1]", "hooks.internal"]);
    }

    #[test]
    fn the_defaults_of_both_sides_agree() {
        let (options, defaults) = (service_options(&config(&[])), EventServiceOptions::default());
        assert_eq!((options.retry, options.task_changes), (defaults.retry, defaults.task_changes));
        assert_eq!(options.worker_lost_after, defaults.worker_lost_after);
        let never = service_options(&config(&[("events.task_changes", "never"), ("events.max_attempts", "2")]));
        assert_eq!((never.retry.max_attempts, never.task_changes), (2, TaskChanges::Never));
    }
}
