//! The secret of a key or of a worker's token: made here, shown once, kept nowhere.

use std::fmt;

use jct_contract::Sha256Digest;

/// Makes a leaked key recognisable for scanners.
const KEY_PREFIX: &str = "jctk_";
/// The same for the token of a worker; what does not begin like this is none, and is not even looked up.
pub(super) const WORKER_PREFIX: &str = "jctw_";
const RANDOM_BYTES: usize = 32;

/// A fresh secret: `jctk_` for a key or `jctw_` for the token of a worker, and 256 random bits in hexadecimal. Its
/// `Debug` form hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct KeySecret(String);

impl KeySecret {
    pub(crate) fn generate() -> Result<Self, getrandom::Error> {
        Self::with_prefix(KEY_PREFIX)
    }

    /// The secret of a worker's token.
    pub(crate) fn for_worker() -> Result<Self, getrandom::Error> {
        Self::with_prefix(WORKER_PREFIX)
    }

    fn with_prefix(prefix: &str) -> Result<Self, getrandom::Error> {
        let mut random = [0_u8; RANDOM_BYTES];
        getrandom::fill(&mut random)?;
        Ok(Self(format!("{prefix}{}", hex::encode(random))))
    }

    /// The secret, to be shown to its owner.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub(crate) fn digest(&self) -> Sha256Digest {
        Sha256Digest::of(self.0.as_bytes())
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySecret(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_256_random_bits_and_is_hidden_in_debug_output() {
        let (one, two) = (KeySecret::generate().unwrap(), KeySecret::generate().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.reveal().len(), KEY_PREFIX.len() + 2 * RANDOM_BYTES);
        assert!(one.reveal().starts_with(KEY_PREFIX));
        assert!(KeySecret::for_worker().unwrap().reveal().starts_with(WORKER_PREFIX));
        assert_eq!(format!("{one:?}"), "KeySecret(hidden)");
    }
}
