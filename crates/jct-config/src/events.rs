//! The section of events: how they are processed, and where webhooks may lead.

use std::fmt;
use std::str::FromStr;

use url::Host;

use crate::InvalidText;
use crate::key::{Fallback, section};
use crate::setting::{Item, choice};

const DAY_SECONDS: u64 = 86_400;

section! {
    /// Events: how they are processed, and where webhooks may lead.
    pub struct Events("events") {
        /// When changes of tasks become events: `subscribed` while an active webhook or workflow wants them, `always`, or `never`.
        task_changes: TaskChanges = Fallback::Text("subscribed"), "JCT_EVENTS_TASK_CHANGES";
        /// Tries an event gets before it is dead.
        max_attempts: u32 = Fallback::Text("5"), "JCT_EVENTS_MAX_ATTEMPTS", 1..=100;
        /// Time without a sign of life after which a worker is lost, in seconds; a sign of life comes every 30.
        worker_lost_seconds: u64 = Fallback::Text("90"), "JCT_EVENTS_WORKER_LOST_SECONDS", 45..=DAY_SECONDS;
        /// Whether webhooks may be sent over `http` as well as `https`.
        webhook_allow_http: bool = Fallback::Text("false"), "JCT_EVENTS_WEBHOOK_ALLOW_HTTP";
        /// Hosts, as they stand in the URLs of webhooks, that are spoken to although they are not on the public internet.
        webhook_allowed_hosts: Vec<WebhookHost> = Fallback::Text(""), "JCT_EVENTS_WEBHOOK_ALLOWED_HOSTS";
    }
}

/// When changes of tasks become events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskChanges {
    /// While somebody wants them.
    Subscribed,
    /// Whether anybody wants them or not.
    Always,
    /// Never.
    Never,
}

choice! { TaskChanges { Subscribed = "subscribed", Always = "always", Never = "never" } }

/// A host as it stands in a URL: a name or an address, without scheme and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookHost(String);

impl WebhookHost {
    /// The host, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WebhookHost {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        // IPv6 addresses are taken with their brackets and without.
        let bare = text.parse::<std::net::Ipv6Addr>().map(|address| format!("[{address}]"));
        let host = Host::parse(bare.as_deref().unwrap_or(text)).map_err(|_| InvalidText(Self::RULE))?;
        Ok(Self(host.to_string()))
    }
}

impl fmt::Display for WebhookHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Item for WebhookHost {
    const RULE: &'static str = "must hold names or addresses of hosts, without scheme and port";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<&str>) {
        assert_eq!(text.parse::<WebhookHost>().ok().as_ref().map(WebhookHost::as_str), expect, "{text}");
    }

    #[test]
    fn a_host_is_a_name_or_an_address() {
        check("Hooks.Internal", Some("hooks.internal"));
        check("127.0.0.1", Some("127.0.0.1"));
        check("::1", Some("[::1]"));
        check("[::1]", Some("[::1]"));
        for bad in ["", "http://a", "a:80", "a/b", "a b", "[::1", "*.example.org/"] {
            check(bad, None);
        }
    }
}
