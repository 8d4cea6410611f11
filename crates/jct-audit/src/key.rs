//! The keys that checkpoints are signed with: Ed25519, deterministic, so that signing needs no randomness.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const PUBLIC_PREFIX: &str = "ed25519:";
const SECRET_PREFIX: &str = "ed25519-secret:";
/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 64;

/// The secret half of a key. It is wiped from memory when dropped and never shown by `Debug`.
pub struct SigningKey(ed25519_dalek::SigningKey);

/// The public half of a key; its text form is `ed25519:` and 32 bytes in Base64.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

/// A short name for a key: the first 16 hexadecimal digits of the SHA-256 of its public half.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 8]);

/// The text is not a key, or not one that is safe to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// A public key of another form.
    #[error("a public key is `ed25519:` followed by 32 bytes in Base64")]
    Public,
    /// A public key for which anybody can make signatures.
    #[error("the public key is one of those for which signatures prove nothing")]
    Weak,
    /// A secret key of another form.
    #[error("a secret key is `ed25519-secret:` followed by 32 bytes in Base64")]
    Secret,
    /// A key id of another form.
    #[error("a key id is 16 lower-case hexadecimal digits")]
    Id,
}

/// The signature was not made by this key over this text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not fit the text and the key")]
pub struct InvalidSignature;

impl SigningKey {
    /// The key that follows from 32 bytes of entropy, which the caller takes from the system.
    #[must_use]
    pub fn from_entropy(entropy: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(entropy))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The key as the text that [`FromStr`] reads, for a file that nobody else may read. Wiped when dropped.
    #[must_use]
    pub fn secret_text(&self) -> Zeroizing<String> {
        let bytes = Zeroizing::new(self.0.to_bytes());
        let digits = Zeroizing::new(STANDARD.encode(*bytes));
        Zeroizing::new(format!("{SECRET_PREFIX}{}", digits.as_str()))
    }

    pub(crate) fn sign(&self, text: &str) -> [u8; SIGNATURE_BYTES] {
        self.sign_bytes(text.as_bytes())
    }

    pub(crate) fn sign_bytes(&self, bytes: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.0.sign(bytes).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, ...)", self.public().id())
    }
}

impl FromStr for SigningKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let digits = text.strip_prefix(SECRET_PREFIX).ok_or(InvalidKey::Secret)?;
        let bytes = Zeroizing::new(decode::<32>(digits).ok_or(InvalidKey::Secret)?);
        Ok(Self::from_entropy(&bytes))
    }
}

impl PublicKey {
    /// The key's short name.
    #[must_use]
    pub fn id(&self) -> KeyId {
        let [b0, b1, b2, b3, b4, b5, b6, b7, ..] = <[u8; 32]>::from(Sha256::digest(self.0.as_bytes()));
        KeyId([b0, b1, b2, b3, b4, b5, b6, b7])
    }

    pub(crate) fn verify(&self, text: &str, signature: &[u8; SIGNATURE_BYTES]) -> Result<(), InvalidSignature> {
        self.verify_bytes(text.as_bytes(), signature)
    }

    pub(crate) fn verify_bytes(&self, bytes: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> Result<(), InvalidSignature> {
        // Strict, so that no second signature fits the same text.
        self.0.verify_strict(bytes, &Signature::from_bytes(signature)).map_err(|_| InvalidSignature)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PUBLIC_PREFIX}{}", STANDARD.encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PublicKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let digits = text.strip_prefix(PUBLIC_PREFIX).ok_or(InvalidKey::Public)?;
        let bytes = decode::<32>(digits).ok_or(InvalidKey::Public)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| InvalidKey::Public)?;
        if key.is_weak() { Err(InvalidKey::Weak) } else { Ok(Self(key)) }
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for KeyId {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let mut bytes = [0; 8];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidKey::Id)?;
        let id = Self(bytes);
        if id.to_string() == text { Ok(id) } else { Err(InvalidKey::Id) }
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Exactly `N` bytes in Base64, or nothing.
pub(crate) fn decode<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let bytes = Zeroizing::new(STANDARD.decode(digits).ok()?);
    <[u8; N]>::try_from(bytes.as_slice()).ok()
}

/// Bytes in Base64.
pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first test vector of RFC 8032, section 7.1.
    const SECRET: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    const SIGNATURE: &str = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";

    fn key() -> SigningKey {
        SigningKey::from_entropy(&hex::decode(SECRET).unwrap().try_into().unwrap())
    }

    #[test]
    fn the_standards_test_vector_stands() {
        assert_eq!(hex::encode(key().public().0.as_bytes()), PUBLIC);
        assert_eq!(hex::encode(key().sign("")), SIGNATURE);
        assert_eq!(key().public().verify("", &key().sign("")), Ok(()));
        assert_eq!(key().public().verify("x", &key().sign("")), Err(InvalidSignature));
    }

    #[test]
    fn the_text_forms_read_back() {
        let public = key().public();
        assert_eq!(public.to_string(), "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
        assert_eq!(public.to_string().parse(), Ok(public));
        assert_eq!(public.id().to_string(), "21fe31dfa154a261");
        assert_eq!("21fe31dfa154a261".parse(), Ok(public.id()));
        assert_eq!(key().secret_text().parse::<SigningKey>().unwrap().public(), public);
    }

    #[test]
    fn the_secret_does_not_show() {
        let shown = format!("{:?}", key());
        assert_eq!(shown, "SigningKey(21fe31dfa154a261, ...)");
    }

    #[test]
    fn any_other_text_is_refused() {
        let good = key().public().to_string();
        for text in ["", "ed25519:", &good[8..], &good[..20], &good.replace('=', ""), &format!("{good} ")] {
            assert_eq!(text.parse::<PublicKey>(), Err(InvalidKey::Public), "{text}");
        }
        let neutral = format!("ed25519:{}", encode(&[[1].as_slice(), &[0; 31]].concat()));
        assert_eq!(neutral.parse::<PublicKey>(), Err(InvalidKey::Weak));
        assert_eq!(good.parse::<SigningKey>().unwrap_err(), InvalidKey::Secret);
        for text in ["", "21FE31DFA154A261", "21fe31dfa154a2"] {
            assert_eq!(text.parse::<KeyId>(), Err(InvalidKey::Id), "{text}");
        }
    }
}
