//! Whether a tower may listen on an address: one without keys is served to this machine alone, unless somebody says
//! otherwise in as many words.

use std::net::IpAddr;

/// A tower without keys was about to be served to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no key is configured, so that everybody who reaches {host} could do everything; set JCT_API_KEY, make a key with \
     `jct keys create`, listen on 127.0.0.1, or say --allow-unauthenticated"
)]
pub struct RefusedExposure {
    /// The address.
    pub host: IpAddr,
}

/// Decides whether to listen on `host`.
///
/// # Errors
/// [`RefusedExposure`] for an address other than loopback when there is no key and nobody allowed that.
pub fn check_exposure(host: IpAddr, keyed: bool, allow_unauthenticated: bool) -> Result<(), RefusedExposure> {
    if keyed || allow_unauthenticated || host.to_canonical().is_loopback() {
        Ok(())
    } else {
        Err(RefusedExposure { host })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(host: &str, keyed: bool, allow: bool, expect: bool) {
        let host: IpAddr = host.parse().unwrap();
        assert_eq!(check_exposure(host, keyed, allow).is_ok(), expect);
    }

    #[test]
    fn without_a_key_only_loopback_is_served_unless_allowed() {
        for loopback in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            check(loopback, false, false, true);
        }
        for open in ["0.0.0.0", "::", "10.0.0.1", "192.168.1.7", "::ffff:10.0.0.1"] {
            check(open, false, false, false);
            check(open, true, false, true);
            check(open, false, true, true);
        }
    }
}
