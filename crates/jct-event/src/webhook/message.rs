//! The name of a message, which stays the same however often it is tried.

use std::fmt;
use std::str::FromStr;

use jct_contract::WebhookDeliveryId;

const MAX_CHARS: usize = 128;

/// The name of a message: 1 to 128 characters of `A-Z a-z 0-9 _ -`. It never has a full stop, because the signature is
/// taken over name, time and body with full stops between them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(String);

/// The text is not the name of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message id has 1 to {MAX_CHARS} characters of `A-Z a-z 0-9 _ -`")]
pub struct InvalidMessageId;

impl MessageId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<WebhookDeliveryId> for MessageId {
    fn from(id: WebhookDeliveryId) -> Self {
        Self(id.to_string())
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for MessageId {
    type Err = InvalidMessageId;

    fn from_str(text: &str) -> Result<Self, InvalidMessageId> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let fits = (1..=MAX_CHARS).contains(&text.len()) && text.bytes().all(plain);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidMessageId) }
    }
}
