//! What messages are signed with. It is shown to its owner once and to nobody else ever.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

const PREFIX: &str = "whsec_";
/// Fewest bytes of a secret.
const MIN_BYTES: usize = 24;
/// Most bytes of a secret.
const MAX_BYTES: usize = 64;
/// Most secrets of one endpoint at once: the one in use, its successor, and one that was given up in a hurry.
const MAX_SECRETS: usize = 3;

/// A secret of 24 to 64 bytes; as text `whsec_` and their base64. Wiped from memory when it is dropped; its `Debug`
/// form hides it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Zeroizing<Vec<u8>>);

/// The text is not a secret. The message does not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a webhook secret is `{PREFIX}` and the base64 of {MIN_BYTES} to {MAX_BYTES} bytes")]
pub struct InvalidSecret;

impl WebhookSecret {
    /// A secret of these bytes, which are to come from a generator made for this.
    ///
    /// # Errors
    /// If they are fewer than 24 or more than 64.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, InvalidSecret> {
        let bytes = Zeroizing::new(bytes);
        if (MIN_BYTES..=MAX_BYTES).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(InvalidSecret) }
    }

    /// The text, to be shown to its owner once and to be kept encrypted or not at all.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{PREFIX}{}", STANDARD.encode(self.0.as_slice())))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(hidden)")
    }
}

impl FromStr for WebhookSecret {
    type Err = InvalidSecret;

    fn from_str(text: &str) -> Result<Self, InvalidSecret> {
        let encoded = text.strip_prefix(PREFIX).ok_or(InvalidSecret)?;
        Self::from_bytes(STANDARD.decode(encoded).map_err(|_| InvalidSecret)?)
    }
}

/// The secrets of one endpoint, 1 to 3. Messages are signed with all of them, so that a receiver can go from one to the
/// next whenever it likes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSecrets(Vec<WebhookSecret>);

/// An endpoint has 1 to 3 secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an endpoint has 1 to {MAX_SECRETS} secrets, not {0}")]
pub struct WrongNumberOfSecrets(pub usize);

impl WebhookSecrets {
    /// These, the newest first.
    ///
    /// # Errors
    /// If there is none, or more than three.
    pub fn new(secrets: Vec<WebhookSecret>) -> Result<Self, WrongNumberOfSecrets> {
        let fits = (1..=MAX_SECRETS).contains(&secrets.len());
        if fits { Ok(Self(secrets)) } else { Err(WrongNumberOfSecrets(secrets.len())) }
    }

    /// The same with a new one before them; the oldest goes when there would be too many.
    #[must_use]
    pub fn rotated(&self, newest: WebhookSecret) -> Self {
        let older = self.0.iter().take(MAX_SECRETS - 1).cloned();
        Self(std::iter::once(newest).chain(older).collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &WebhookSecret> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(byte: u8, length: usize) -> Result<WebhookSecret, InvalidSecret> {
        WebhookSecret::from_bytes(vec![byte; length])
    }

    #[test]
    fn a_secret_reads_back_and_hides() {
        let made = secret(7, 32).unwrap();
        assert_eq!(made.reveal().parse().as_ref(), Ok(&made));
        assert_eq!(format!("{made:?}"), "WebhookSecret(hidden)");
        let all = WebhookSecrets::new(vec![made.clone()]).unwrap();
        assert!(!format!("{all:?}").contains(made.reveal().as_str()));
    }

    #[test]
    fn short_long_and_odd_ones_are_none() {
        for length in [0, 23, 65] {
            assert_eq!(secret(1, length), Err(InvalidSecret), "{length}");
        }
        assert!(secret(1, 24).is_ok() && secret(1, 64).is_ok());
        for text in ["", "whsec_", "whsec_!!!!", "WHSEC_AAAA", "c2VjcmV0"] {
            assert_eq!(text.parse::<WebhookSecret>(), Err(InvalidSecret), "{text}");
        }
    }

    #[test]
    fn rotation_keeps_the_newest_three() {
        let of = |byte| secret(byte, 24).unwrap();
        assert_eq!(WebhookSecrets::new(Vec::new()), Err(WrongNumberOfSecrets(0)));
        let mut all = WebhookSecrets::new(vec![of(1)]).unwrap();
        for byte in 2..=4 {
            all = all.rotated(of(byte));
        }
        assert_eq!(all, WebhookSecrets::new(vec![of(4), of(3), of(2)]).unwrap());
        assert_eq!(WebhookSecrets::new(vec![of(1); 4]), Err(WrongNumberOfSecrets(4)));
    }
}
