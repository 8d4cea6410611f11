//! Signed texts, modelled on C2SP signed notes: readable lines, an empty line, and one line with the signature.
//!
//! ```text
//! jct-audit-checkpoint-v1
//! origin tower.example.org
//! ...
//!
//! — tower.example.org+21fe31dfa154a261 <64 bytes in Base64>
//! ```
//!
//! The signature covers everything above the empty line, with the end of the last line. A statement has one text only:
//! what is read must be what would be written.

use std::fmt;
use std::str::FromStr;

use jct_contract::Sha256Digest;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::key::{self, SIGNATURE_BYTES};
use crate::{InvalidSignature, KeyId, Origin, PublicKey, SigningKey};

/// What can be signed: a text of lines, and a way back.
pub trait Statement: Sized + private::Sealed {
    /// The lines, each with its end. The first names the kind of statement.
    fn body(&self) -> String;

    /// Reads the lines.
    ///
    /// # Errors
    ///
    /// [`InvalidStatement`] if they are not such a statement.
    fn from_body(body: &str) -> Result<Self, InvalidStatement>;

    /// The tower that says it.
    fn origin(&self) -> &Origin;
}

pub(crate) mod private {
    pub trait Sealed {}
}

/// A statement with its signature. That the signature fits is for [`Self::verify`] to say: parsing does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed<T> {
    statement: T,
    text: String,
    body_bytes: usize,
    key_id: KeyId,
    signature: [u8; SIGNATURE_BYTES],
}

/// The text is not a signed statement of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidStatement {
    /// No empty line, or not exactly one signature line after it.
    #[error("a signed text ends with an empty line and one signature line")]
    Signature,
    /// A line is missing or holds no such value.
    #[error("no valid line `{0}` where it belongs")]
    Line(&'static str),
    /// The values can be read, but their text is another one.
    #[error("the text is not in its one canonical form")]
    Form,
}

impl<T: Statement> Signed<T> {
    pub(crate) fn sign(statement: T, key: &SigningKey) -> Self {
        let body = statement.body();
        let signature = key.sign(&body);
        let key_id = key.public().id();
        let text = text(&body, statement.origin(), key_id, &signature);
        Self { statement, text, body_bytes: body.len(), key_id, signature }
    }

    /// What is said.
    #[must_use]
    pub const fn statement(&self) -> &T {
        &self.statement
    }

    /// The whole text, signature included.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Which key is said to have signed.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The SHA-256 of the whole text.
    #[must_use]
    pub fn digest(&self) -> Sha256Digest {
        Sha256Digest::of(self.text.as_bytes())
    }

    /// Checks the signature.
    ///
    /// # Errors
    ///
    /// [`InvalidSignature`] if `key` did not sign this text.
    pub fn verify(&self, key: &PublicKey) -> Result<(), InvalidSignature> {
        if key.id() != self.key_id {
            return Err(InvalidSignature);
        }
        key.verify(self.text.get(..self.body_bytes).ok_or(InvalidSignature)?, &self.signature)
    }
}

impl<T: Statement> FromStr for Signed<T> {
    type Err = InvalidStatement;

    fn from_str(signed: &str) -> Result<Self, InvalidStatement> {
        let (lines, signature_line) = signed.split_once("\n\n").ok_or(InvalidStatement::Signature)?;
        let body = format!("{lines}\n");
        let statement = T::from_body(&body)?;
        let (key_id, signature) =
            signature_parts(signature_line, statement.origin()).ok_or(InvalidStatement::Signature)?;
        let same = statement.body() == body && text(&body, statement.origin(), key_id, &signature) == signed;
        if !same {
            return Err(InvalidStatement::Form);
        }
        Ok(Self { statement, text: signed.to_owned(), body_bytes: body.len(), key_id, signature })
    }
}

fn text(body: &str, origin: &Origin, key_id: KeyId, signature: &[u8; SIGNATURE_BYTES]) -> String {
    format!("{body}\n— {origin}+{key_id} {}\n", key::encode(signature))
}

fn signature_parts(line: &str, origin: &Origin) -> Option<(KeyId, [u8; SIGNATURE_BYTES])> {
    let rest = line.strip_suffix('\n')?.strip_prefix("— ")?.strip_prefix(origin.as_str())?.strip_prefix('+')?;
    let (key_id, signature) = rest.split_once(' ')?;
    Some((key_id.parse().ok()?, key::decode(signature)?))
}

impl<T> fmt::Display for Signed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<T> Serialize for Signed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de, T: Statement> Deserialize<'de> for Signed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The lines of a statement, taken one after the other.
pub(crate) struct Lines<'a>(std::str::SplitTerminator<'a, char>);

impl<'a> Lines<'a> {
    pub(crate) fn of(body: &'a str, kind: &'static str) -> Result<Self, InvalidStatement> {
        let mut lines = body.split_terminator('\n');
        if lines.next() == Some(kind) { Ok(Self(lines)) } else { Err(InvalidStatement::Line(kind)) }
    }

    /// The value in the next line, which starts with `name` and a space.
    pub(crate) fn value<V: FromStr>(&mut self, name: &'static str) -> Result<V, InvalidStatement> {
        let value = self.0.next().and_then(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.and_then(|value| value.parse().ok()).ok_or(InvalidStatement::Line(name))
    }
}
