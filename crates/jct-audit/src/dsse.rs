//! Signatures for what leaves the tower in an envelope of the common form (DSSE, version 1.0.2), made with the key of
//! the log, so that whoever verifies the one can verify the other.
//!
//! What is signed begins with `DSSEv1`, and no statement of the log does: neither can be taken for the other.

use crate::key::SIGNATURE_BYTES;
use crate::{InvalidSignature, PublicKey, SigningKey};

impl SigningKey {
    /// Signs a payload and its type, as DSSE says.
    #[must_use]
    pub fn sign_envelope(&self, payload_type: &str, payload: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.sign_bytes(&pre_authentication_encoding(payload_type, payload))
    }
}

impl PublicKey {
    /// Checks the signature of a payload and its type.
    ///
    /// # Errors
    ///
    /// [`InvalidSignature`] if this key did not sign them.
    pub fn verify_envelope(
        &self,
        payload_type: &str,
        payload: &[u8],
        signature: &[u8; SIGNATURE_BYTES],
    ) -> Result<(), InvalidSignature> {
        self.verify_bytes(&pre_authentication_encoding(payload_type, payload), signature)
    }
}

/// `DSSEv1 <length of type> <type> <length of payload> <payload>`.
fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut text = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    text.extend_from_slice(payload);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the standard.
    #[test]
    fn the_encoding_is_that_of_the_standard() {
        let encoded = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world");
        assert_eq!(encoded, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn a_signature_is_for_one_payload_of_one_type() {
        let key = SigningKey::from_entropy(&[7; 32]);
        let signature = key.sign_envelope("a", b"b");
        assert_eq!(key.public().verify_envelope("a", b"b", &signature), Ok(()));
        for (payload_type, payload) in [("a", b"c".as_slice()), ("b", b"b"), ("a 1 b", b""), ("", b"")] {
            assert_eq!(key.public().verify_envelope(payload_type, payload, &signature), Err(InvalidSignature));
        }
        let other = SigningKey::from_entropy(&[8; 32]).public();
        assert_eq!(other.verify_envelope("a", b"b", &signature), Err(InvalidSignature));
    }
}
