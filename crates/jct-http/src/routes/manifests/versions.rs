//! Versions of manifests.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use jct_manifest::ManifestHash;

use super::name::known_name;
use super::schemas::VersionPageSchema;
use crate::auth::{Access, ManifestsRead};
use crate::input::{PageQuery, QueryReader, path_text};
use crate::problem::{ErrorCode, Problem};
use crate::wire::{ItemsBody, ManifestVersionBody, json, manifest_version};

/// Lists the versions of a manifest, newest first, without their texts.
#[utoipa::path(get, path = "/api/manifests/{name}/versions", operation_id = "listManifestVersions", tag = "manifests", security(("bearer" = ["manifests:read"])),
    params(
        ("name" = String, Path, description = "The name; capitals count."),
        ("limit" = Option<u32>, Query, description = "1 to 500, by default 100."),
        ("offset" = Option<u32>, Query, description = "Skip this many, at most 10000; use `cursor` to go further."),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the page before.")
    ),
    responses(
        (status = 200, description = "A page.", body = VersionPageSchema),
        (status = 404, description = "No such manifest.")
    )
)]
pub(super) async fn list_manifest_versions(
    access: Access<ManifestsRead>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let PageQuery { start, limit } = PageQuery::of(&request)?;
    let page = access.tower().manifest_versions(&known_name(&request)?, start, limit).await?;
    let items = page.items.iter().map(ManifestVersionBody::of).collect();
    json(StatusCode::OK, &ItemsBody::new(items, page.next))
}

/// One version with its text, found by the hash of it. It never changes.
#[utoipa::path(get, path = "/api/manifests/{name}/versions/{hash}", operation_id = "getManifestVersion", tag = "manifests", security(("bearer" = ["manifests:read"])),
    params(
        ("name" = String, Path, description = "The name; capitals count."),
        ("hash" = String, Path, description = "`sha256:` and 64 hexadecimal digits.")
    ),
    responses(
        (status = 200, description = "The version.", body = ManifestVersionBody<'static>),
        (status = 404, description = "No such manifest, or it never had these bytes.")
    )
)]
pub(super) async fn get_manifest_version(
    access: Access<ManifestsRead>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let hash = path_text(&request, "hash").parse::<ManifestHash>();
    let hash = hash.map_err(|_| Problem::plain(ErrorCode::ManifestNotFound))?;
    let (version, content) = access.tower().manifest_version(&known_name(&request)?, &hash).await?;
    manifest_version(&version, &content)
}
