//! Bodies as schemas only: they are read by stricter readers than a derive could give.

#![expect(dead_code, reason = "these types describe bodies; nothing ever holds one")]

use utoipa::ToSchema;

/// A webhook to be set up.
#[derive(ToSchema)]
#[schema(as = NewWebhook)]
pub(super) struct NewWebhookSchema {
    /// Unique.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// `https`, to a public address, unless the operator has allowed the host.
    #[schema(max_length = 2048, example = "https://example.org/hooks")]
    url: String,
    #[schema(max_length = 500)]
    description: Option<String>,
    /// Types and patterns of types: `*`, `task.*`, `review.due`.
    #[schema(min_items = 1, max_items = 64)]
    event_types: Vec<String>,
    /// `true` if absent.
    active: Option<bool>,
}

/// A change of a webhook; what is absent stays.
#[derive(ToSchema)]
#[schema(as = WebhookChange)]
pub(super) struct WebhookChangeSchema {
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    #[schema(max_length = 2048)]
    url: Option<String>,
    /// An empty text takes it away.
    #[schema(max_length = 500)]
    description: Option<String>,
    #[schema(min_items = 1, max_items = 64)]
    event_types: Option<Vec<String>>,
    active: Option<bool>,
}

/// How long the old secrets stay valid.
#[derive(ToSchema)]
#[schema(as = SecretRotation)]
pub(super) struct RotationSchema {
    /// 86400, a day, if absent; 0 gives them up at once.
    #[schema(minimum = 0, maximum = 2592000)]
    keep_old_seconds: Option<u64>,
}
