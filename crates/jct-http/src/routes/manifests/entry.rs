//! Entries of the registry.

use std::str::FromStr;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use jct_contract::{DocumentLimits, parse_document};
use jct_manifest::{ManifestName, RawManifest};
use jct_tower::manifests::PutManifest;

use super::name::{known_name, new_name};
use super::schemas::ManifestPageSchema;
use crate::auth::{Access, ManifestsRead, ManifestsWrite};
use crate::input::{
    DocumentBody, NameCursor, ObjectReader, QueryReader, RequestBody, expected_entry, expected_manifest, has_manifest,
};
use crate::openapi::PutManifestSchema;
use crate::problem::{ErrorCode, Problem};
use crate::wire::{self, ItemsBody, ManifestEntryBody, json, no_content};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

/// Lists manifests by name, without their texts.
#[utoipa::path(get, path = "/api/manifests", operation_id = "listManifests", tag = "manifests", security(("bearer" = ["manifests:read"])),
    params(
        ("search" = Option<String>, Query, description = "Only names that begin like this; capitals count."),
        ("limit" = Option<u32>, Query, description = "1 to 200, by default 50."),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the page before.")
    ),
    responses((status = 200, description = "A page.", body = ManifestPageSchema))
)]
pub(super) async fn list_manifests(
    access: Access<ManifestsRead>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = QueryReader::of(&request);
    let prefix = query.value::<NamePrefix>("search");
    let limit = query.integer("limit", 1, MAX_LIMIT).unwrap_or(DEFAULT_LIMIT);
    let after = query.value::<NameCursor<ManifestName>>("cursor");
    query.finish()?;
    let after = after.map(|NameCursor(name)| name.as_str().to_owned());
    let page = access.tower().manifests(prefix.and_then(NamePrefix::into_text), after, limit).await?;
    let items = page.items.iter().map(ManifestEntryBody::of).collect();
    json(StatusCode::OK, &ItemsBody::named(items, page.next.map(|name| NameCursor(name).to_string())))
}

/// One manifest with its text, its last run and what that left. The `ETag` is the hash of the text, in quotes.
#[utoipa::path(get, path = "/api/manifests/{name}", operation_id = "getManifest", tag = "manifests", security(("bearer" = ["manifests:read"])),
    params(
        ("name" = String, Path, description = "The name; capitals count."),
        ("If-None-Match" = Option<String>, Header, description = "An `ETag` that the caller has already.")
    ),
    responses(
        (status = 200, description = "The manifest.", body = wire::StoredManifestBody<'static>),
        (status = 304, description = "It has the version that the caller has."),
        (status = 404, description = "No such manifest.")
    )
)]
pub(super) async fn get_manifest(access: Access<ManifestsRead>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let record = access.tower().manifest(&known_name(&request)?).await?;
    if has_manifest(&request, &record.entry.hash) {
        wire::manifest_unchanged(&record.entry.hash)
    } else {
        wire::manifest(&record)
    }
}

/// Puts a manifest: a new one, or a new version of one. It is judged first; the same bytes again change nothing.
#[utoipa::path(put, path = "/api/manifests/{name}", operation_id = "putManifest", tag = "manifests", security(("bearer" = ["manifests:write"])),
    params(
        ("name" = String, Path, description = "The name; the document's `metadata.name` has to be the same."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the manifest has to have, or `*` if it only has to be there."),
        ("If-None-Match" = Option<String>, Header, description = "`*`: only if there is no such manifest. Nothing else is taken.")
    ),
    request_body(content((PutManifestSchema = "application/json"), (String = "application/yaml"))),
    responses(
        (status = 201, description = "The name was free.", body = wire::StoredManifestBody<'static>),
        (status = 200, description = "A new version, or the same as before.", body = wire::StoredManifestBody<'static>),
        (status = 412, description = "The manifest is not the version that was expected."),
        (status = 422, description = "The manifest breaks its contract; `violations` has every place.")
    )
)]
pub(super) async fn put_manifest(
    access: Access<ManifestsWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let (name, expect) = (new_name(&request)?, expected_entry(&request)?);
    let (content, document) = match body.document().await? {
        DocumentBody::Yaml(bytes) => (bytes.to_vec(), ""),
        DocumentBody::Json(bytes) => (content_of(&access, &name, &bytes).await?.into_bytes(), CONTENT),
    };
    let put = PutManifest { name, content: RawManifest::new(content), expect, principal: access.principal() };
    let kept = access.tower().manifest_put(put).await.map_err(|error| Problem::of_put_manifest(error, document))?;
    wire::manifest_kept(&kept, request.path())
}

/// Takes a manifest out of the registry. Its versions are kept for the jobs that ran it.
#[utoipa::path(delete, path = "/api/manifests/{name}", operation_id = "deleteManifest", tag = "manifests", security(("bearer" = ["manifests:write"])),
    params(
        ("name" = String, Path, description = "The name; capitals count."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the manifest has to have.")
    ),
    responses(
        (status = 204, description = "Gone."),
        (status = 404, description = "No such manifest."),
        (status = 409, description = "Runs of it are not over; `jobs` names some."),
        (status = 412, description = "The manifest is not the version that was expected.")
    )
)]
pub(super) async fn delete_manifest(
    access: Access<ManifestsWrite>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let expect = expected_manifest(&request)?;
    access.tower().manifest_delete(&known_name(&request)?, &expect, &access.principal()).await?;
    Ok(no_content())
}

/// Where the document stands in a body of JSON.
const CONTENT: &str = "/content";

/// The document in a body of JSON. If the body is refused the document is judged all the same, so that everything is told
/// at once.
async fn content_of(access: &Access<ManifestsWrite>, name: &ManifestName, bytes: &Bytes) -> Result<String, Problem> {
    let document = parse_document(bytes, DocumentLimits::default())?;
    let mut body = ObjectReader::of(&document);
    let content = body.text("content");
    if document.root().as_object().is_some() && body.field("content").is_none() {
        body.refuse("content", "REQUIRED", "`content` is required".to_owned());
    }
    let found = body.finish_into();
    match content {
        Some(content) if found.is_empty() => Ok(content),
        Some(content) => Err(match access.tower().manifest_check(name, RawManifest::new(content.into_bytes())).await {
            Ok(()) => Problem::invalid(ErrorCode::InvalidRequest, found),
            Err(error) => Problem::of_put_manifest(error, CONTENT).beside(found),
        }),
        None => Err(Problem::invalid(ErrorCode::InvalidRequest, found)),
    }
}

/// The beginning of a name.
struct NamePrefix(String);

/// The text begins no name.
#[derive(Debug, thiserror::Error)]
#[error("`search` is the beginning of a name: letters, digits, `.`, `_` and `-`")]
struct InvalidPrefix;

impl NamePrefix {
    /// The text; none if every name begins with it.
    fn into_text(self) -> Option<String> {
        Some(self.0).filter(|text| !text.is_empty())
    }
}

impl FromStr for NamePrefix {
    type Err = InvalidPrefix;

    fn from_str(text: &str) -> Result<Self, InvalidPrefix> {
        if text.is_empty() || text.parse::<ManifestName>().is_ok() || is_inner(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidPrefix)
        }
    }
}

/// A text of the characters of names that no name begins with: it is a fair question with an empty answer.
fn is_inner(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}
