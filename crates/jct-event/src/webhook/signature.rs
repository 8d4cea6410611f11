//! The three headers of a message: made for what goes out, judged for what claims to have come from here.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jct_contract::Timestamp;
use sha2::Sha256;

use super::{MessageId, WebhookSecret, WebhookSecrets};

/// How far the time of a message may be from now, before or after, unless somebody says otherwise.
pub const DEFAULT_TOLERANCE: Duration = Duration::from_secs(300);

const VERSION: &str = "v1";
const MICROS_PER_SECOND: i64 = 1_000_000;
/// Signatures in a header that are looked at; the rest would only cost.
const MAX_SIGNATURES: usize = 16;

/// The headers that go with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHeaders {
    /// `webhook-id`: the name of the message, the same at every try.
    pub id: String,
    /// `webhook-timestamp`: seconds since 1970 at which this try was made.
    pub timestamp: String,
    /// `webhook-signature`: one signature for each secret, separated by spaces.
    pub signature: String,
}

/// Why a message is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The name is none.
    #[error("`webhook-id` is not the id of a message")]
    Id,
    /// The time is none.
    #[error("`webhook-timestamp` is not a whole number of seconds since 1970")]
    Timestamp,
    /// The message is older than the tolerance.
    #[error("the message is too old")]
    TooOld,
    /// The message is from further ahead than the tolerance.
    #[error("the message is from the future")]
    TooNew,
    /// No signature is of any of the secrets.
    #[error("no signature in `webhook-signature` fits")]
    NoMatch,
}

impl SignedHeaders {
    /// The headers with their names.
    #[must_use]
    pub fn as_pairs(&self) -> [(&'static str, &str); 3] {
        [("webhook-id", &self.id), ("webhook-timestamp", &self.timestamp), ("webhook-signature", &self.signature)]
    }
}

impl WebhookSecrets {
    /// Signs a try that is made now, with every secret. `body` must be sent byte by byte as it is here.
    #[must_use]
    pub fn sign(&self, id: &MessageId, now: Timestamp, body: &[u8]) -> SignedHeaders {
        let timestamp = seconds(now).to_string();
        let signatures: Vec<String> = self
            .iter()
            .filter_map(|secret| {
                let signature = mac(secret, id, &timestamp, body)?.finalize().into_bytes();
                Some(format!("{VERSION},{}", STANDARD.encode(signature)))
            })
            .collect();
        SignedHeaders { id: id.to_string(), timestamp, signature: signatures.join(" ") }
    }

    /// Whether a message was signed with one of the secrets at most `tolerance` before or after `now`. Signatures of
    /// other versions are passed over. Comparing takes the same time whatever is compared.
    ///
    /// # Errors
    /// The first of [`SignatureError`] that applies, in the order of its variants.
    pub fn verify(
        &self,
        headers: &SignedHeaders,
        body: &[u8],
        now: Timestamp,
        tolerance: Duration,
    ) -> Result<(), SignatureError> {
        let id: MessageId = headers.id.parse().map_err(|_| SignatureError::Id)?;
        let at: i64 = headers.timestamp.parse().map_err(|_| SignatureError::Timestamp)?;
        if at.to_string() != headers.timestamp {
            return Err(SignatureError::Timestamp);
        }
        let tolerance = i64::try_from(tolerance.as_secs()).unwrap_or(i64::MAX);
        let age = seconds(now).saturating_sub(at);
        if age > tolerance {
            return Err(SignatureError::TooOld);
        }
        if age < tolerance.saturating_neg() {
            return Err(SignatureError::TooNew);
        }
        let signatures = headers.signature.split(' ').take(MAX_SIGNATURES);
        let mut signatures = signatures.filter_map(|signature| {
            let encoded = signature.strip_prefix(VERSION)?.strip_prefix(',')?;
            STANDARD.decode(encoded).ok()
        });
        let is_of = |secret: &WebhookSecret, signature: &[u8]| {
            mac(secret, &id, &headers.timestamp, body).is_some_and(|mac| mac.verify_slice(signature).is_ok())
        };
        let fits = signatures.any(|signature| self.iter().any(|secret| is_of(secret, &signature)));
        if fits { Ok(()) } else { Err(SignatureError::NoMatch) }
    }
}

fn seconds(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(MICROS_PER_SECOND)
}

/// `None` never happens: HMAC takes keys of any length.
fn mac(secret: &WebhookSecret, id: &MessageId, timestamp: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(id.as_str().as_bytes());
    mac.update(b".");
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"test": 2432232314}"#;

    fn secrets(texts: &[&str]) -> WebhookSecrets {
        WebhookSecrets::new(texts.iter().map(|text| text.parse().unwrap()).collect()).unwrap()
    }

    fn known() -> (WebhookSecrets, MessageId, Timestamp) {
        let secrets = secrets(&["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]);
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek".parse().unwrap();
        (secrets, id, Timestamp::from_micros(1_614_265_330 * MICROS_PER_SECOND))
    }

    #[test]
    fn the_published_example_is_signed_as_it_is_published() {
        let (secrets, id, now) = known();
        let headers = secrets.sign(&id, now, BODY);
        assert_eq!(headers.timestamp, "1614265330");
        assert_eq!(headers.signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut SignedHeaders), late_seconds: i64, expect: Result<(), SignatureError>) {
        let (secrets, id, now) = known();
        let mut headers = secrets.sign(&id, now, BODY);
        change(&mut headers);
        let later = Timestamp::from_micros(now.as_micros() + late_seconds * MICROS_PER_SECOND);
        assert_eq!(secrets.verify(&headers, BODY, later, DEFAULT_TOLERANCE), expect);
    }

    #[test]
    fn only_what_was_signed_lately_is_believed() {
        check(|_| {}, 0, Ok(()));
        check(|_| {}, 300, Ok(()));
        check(|_| {}, -300, Ok(()));
        check(|_| {}, 301, Err(SignatureError::TooOld));
        check(|_| {}, -301, Err(SignatureError::TooNew));
        check(|headers| headers.id.push('x'), 0, Err(SignatureError::NoMatch));
        check(|headers| headers.id.push('.'), 0, Err(SignatureError::Id));
        check(|headers| headers.timestamp = "1614265331".to_owned(), 0, Err(SignatureError::NoMatch));
        check(|headers| headers.timestamp = "+1614265330".to_owned(), 0, Err(SignatureError::Timestamp));
        check(|headers| headers.timestamp = i64::MIN.to_string(), 0, Err(SignatureError::TooOld));
        check(|headers| headers.timestamp = i64::MAX.to_string(), 0, Err(SignatureError::TooNew));
        check(|headers| headers.signature = String::new(), 0, Err(SignatureError::NoMatch));
        check(|headers| headers.signature.insert_str(0, "v1a,AAAA v1,?? "), 0, Ok(()));
        check(|headers| headers.signature = headers.signature.replacen("v1", "v2", 1), 0, Err(SignatureError::NoMatch));
        check(|headers| headers.signature.insert_str(0, &"v1,AAAA ".repeat(16)), 0, Err(SignatureError::NoMatch));
    }

    #[test]
    fn while_secrets_change_either_side_may_be_first() {
        let (old, id, now) = known();
        let newest: WebhookSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX".parse().unwrap();
        let both = old.rotated(newest.clone());
        let only_new = WebhookSecrets::new(vec![newest]).unwrap();
        let headers = both.sign(&id, now, BODY);
        for receiver in [&old, &both, &only_new] {
            assert_eq!(receiver.verify(&headers, BODY, now, DEFAULT_TOLERANCE), Ok(()));
        }
        let headers = only_new.sign(&id, now, BODY);
        assert_eq!(old.verify(&headers, BODY, now, DEFAULT_TOLERANCE), Err(SignatureError::NoMatch));
        assert_eq!(both.verify(&headers, b"{}", now, DEFAULT_TOLERANCE), Err(SignatureError::NoMatch));
    }
}
