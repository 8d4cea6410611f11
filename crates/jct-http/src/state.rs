//! What the server is given to serve.

use jct_tower::Tower;

/// The application behind the routes.
#[derive(Clone, Debug)]
pub struct AppState {
    pub(crate) tower: Tower,
    pub(crate) version: &'static str,
}

impl AppState {
    /// An application over a tower; `version` is that of the binary that serves it.
    #[must_use]
    pub const fn new(tower: Tower, version: &'static str) -> Self {
        Self { tower, version }
    }
}
