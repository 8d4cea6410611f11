//! The envelope: a payload and who signed it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jct_audit::{KeyId, PublicKey, SIGNATURE_BYTES, SigningKey};
use serde::{Deserialize, Serialize};

use super::inconsistency::Inconsistency;
use super::statement::{InvalidStatement, RunStatement};

/// What the payload is, in the words of in-toto.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// No envelope is larger: 32 MiB.
pub const MAX_BYTES: usize = 32 << 20;

/// A signed statement about a run. That a signature fits is for [`Self::verify`] to say: parsing does not.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    statement: RunStatement,
    payload: String,
    key_id: KeyId,
    signature: [u8; SIGNATURE_BYTES],
}

/// The text is no envelope with a statement about a run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidEnvelope {
    /// It is larger than any envelope.
    #[error("an envelope has at most {MAX_BYTES} bytes")]
    TooLarge,
    /// It is not JSON of this form.
    #[error("not an envelope with a payload and its signature")]
    Shape(#[source] serde_json::Error),
    /// It is an envelope for something else.
    #[error("the envelope holds another type of payload than `{PAYLOAD_TYPE}`")]
    PayloadType,
    /// It has no signature, or more than the one that a tower makes.
    #[error("an envelope has one signature")]
    Signatures,
    /// The key's name or the signature is malformed.
    #[error("a signature is 64 bytes in Base64 beside the 16 digits of a key id")]
    Signature,
    /// The payload is not Base64.
    #[error("the payload is not Base64")]
    Encoding,
    /// The payload is no such statement.
    #[error("the payload is not a statement about a run")]
    Statement(#[source] InvalidStatement),
    /// It could be read, but its text is another one.
    #[error("the envelope is not in its one form")]
    Form,
}

/// A statement whose signature fits and whose parts fit each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// The key that signed it.
    pub key_id: KeyId,
    /// What is said.
    pub statement: RunStatement,
}

/// The envelope proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// None of the trusted keys is the one that is said to have signed.
    #[error("signed with the key {0}, which is not one of those that are trusted")]
    UnknownKey(KeyId),
    /// The key did not sign this.
    #[error("the signature does not fit: the statement was changed, or the key {0} did not sign it")]
    Signature(KeyId),
    /// It is signed, and contradicts itself.
    #[error("the statement contradicts itself")]
    Inconsistent(#[source] Inconsistency),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(rename = "payloadType")]
    payload_type: String,
    payload: String,
    signatures: Vec<WireSignature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSignature {
    keyid: String,
    sig: String,
}

impl Envelope {
    /// Signs a statement.
    #[must_use]
    pub fn sign(statement: RunStatement, key: &SigningKey) -> Self {
        let payload = statement.payload();
        let signature = key.sign_envelope(PAYLOAD_TYPE, payload.as_bytes());
        Self { statement, payload, key_id: key.public().id(), signature }
    }

    /// What is said, by whomever.
    #[must_use]
    pub const fn unverified(&self) -> &RunStatement {
        &self.statement
    }

    /// The key that is said to have signed.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The envelope as a file: one line of JSON.
    #[must_use]
    pub fn to_text(&self) -> String {
        let signature = WireSignature { keyid: self.key_id.to_string(), sig: STANDARD.encode(self.signature) };
        let wire = Wire {
            payload_type: PAYLOAD_TYPE.to_owned(),
            payload: STANDARD.encode(&self.payload),
            signatures: vec![signature],
        };
        // Texts only, which always have a form in JSON.
        let mut text = serde_json::to_string(&wire).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads an envelope. Strict: an envelope has one text only.
    ///
    /// # Errors
    ///
    /// [`InvalidEnvelope`].
    pub fn parse(text: &[u8]) -> Result<Self, InvalidEnvelope> {
        if text.len() > MAX_BYTES {
            return Err(InvalidEnvelope::TooLarge);
        }
        let Wire { payload_type, payload, signatures } =
            serde_json::from_slice(text).map_err(InvalidEnvelope::Shape)?;
        if payload_type != PAYLOAD_TYPE {
            return Err(InvalidEnvelope::PayloadType);
        }
        let [WireSignature { keyid, sig }] = signatures.as_slice() else { return Err(InvalidEnvelope::Signatures) };
        let key_id = keyid.parse().map_err(|_| InvalidEnvelope::Signature)?;
        let signature = STANDARD.decode(sig).ok().and_then(|bytes| bytes.try_into().ok());
        let signature = signature.ok_or(InvalidEnvelope::Signature)?;
        let payload = STANDARD.decode(payload).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let payload = payload.ok_or(InvalidEnvelope::Encoding)?;
        let statement = RunStatement::from_payload(payload.as_bytes()).map_err(InvalidEnvelope::Statement)?;
        let envelope = Self { statement, payload, key_id, signature };
        if envelope.to_text().as_bytes() == text { Ok(envelope) } else { Err(InvalidEnvelope::Form) }
    }

    /// Checks that one of `keys` signed this, and that its parts fit each other.
    ///
    /// # Errors
    ///
    /// [`VerifyError`].
    pub fn verify(self, keys: &[PublicKey]) -> Result<Verified, VerifyError> {
        let Self { statement, payload, key_id, signature } = self;
        let key = keys.iter().find(|key| key.id() == key_id).ok_or(VerifyError::UnknownKey(key_id))?;
        key.verify_envelope(PAYLOAD_TYPE, payload.as_bytes(), &signature)
            .map_err(|_| VerifyError::Signature(key_id))?;
        statement.check().map_err(VerifyError::Inconsistent)?;
        Ok(Verified { key_id, statement })
    }
}
