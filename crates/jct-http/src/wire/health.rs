//! Health and version.

use serde::Serialize;
use utoipa::ToSchema;

/// The process answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
pub(crate) struct HealthBody {
    #[schema(example = "ok")]
    pub(crate) status: &'static str,
}

/// The process answers, and whether the database does.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Healthz)]
pub(crate) struct HealthzBody {
    /// `ok` or `unavailable`.
    #[schema(example = "ok")]
    pub(crate) status: &'static str,
    pub(crate) ok: bool,
    pub(crate) db: bool,
}

/// The version of the binary.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Version)]
pub(crate) struct VersionBody {
    pub(crate) version: &'static str,
}
