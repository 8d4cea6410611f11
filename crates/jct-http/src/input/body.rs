//! The body: read once, after the caller is known, within a size and a time.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use jct_contract::{DocumentLimits, parse_document};

use super::ObjectReader;
use crate::HttpOptions;
use crate::edge::{Deadline, Edge};
use crate::problem::{ErrorCode, Problem};

/// A body that was not read yet.
pub(crate) struct RequestBody {
    payload: Payload,
    declared_length: Option<u64>,
    is_plain_json: bool,
    is_plain_yaml: bool,
    is_plain_cloud_event: bool,
    is_encoded: bool,
    deadline: Option<Deadline>,
    options: Option<Arc<HttpOptions>>,
}

/// A document that people write, on its way in.
#[derive(Debug)]
pub(crate) enum DocumentBody {
    /// The document itself.
    Yaml(Bytes),
    /// JSON: the document, or an object that has it in a field.
    Json(Bytes),
}

impl FromRequest for RequestBody {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let headers = request.headers();
        let length =
            headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
        ready(Ok(Self {
            payload: payload.take(),
            declared_length: length,
            is_plain_json: is_plain(headers, &JSON),
            is_plain_yaml: is_plain(headers, &YAML),
            is_plain_cloud_event: is_plain(headers, &CLOUD_EVENTS),
            is_encoded: is_encoded(headers),
            deadline: request.extensions().get::<Deadline>().copied(),
            options: request.app_data::<web::Data<Edge>>().map(|edge| Arc::clone(&edge.options)),
        }))
    }
}

impl RequestBody {
    /// The bytes of a JSON body.
    pub(crate) async fn json(self) -> Result<Bytes, Problem> {
        let limit = self.options()?.body_limit;
        self.read(limit).await
    }

    /// The bytes of a CloudEvent, or of several, in structured form.
    pub(crate) async fn cloud_events(mut self) -> Result<Bytes, Problem> {
        if !self.is_plain_cloud_event {
            let detail = "send CloudEvents in UTF-8 and without content encoding";
            return Err(Problem::new(ErrorCode::UnsupportedMediaType, detail));
        }
        let limit = self.options()?.batch_body_limit;
        self.is_plain_json = true;
        self.read(limit).await
    }

    /// The bytes of a body that may be of any type, since headers that no page can send unasked say what it is.
    pub(crate) async fn any(mut self) -> Result<Bytes, Problem> {
        if self.is_encoded {
            return Err(Problem::new(ErrorCode::UnsupportedMediaType, "send the body without content encoding"));
        }
        let limit = self.options()?.body_limit;
        self.is_plain_json = true;
        self.read(limit).await
    }

    /// The bytes of a batch.
    pub(crate) async fn batch_json(self) -> Result<Bytes, Problem> {
        let limit = self.options()?.batch_body_limit;
        self.read(limit).await
    }

    /// The bytes of a JSON body that brings a job.
    pub(crate) async fn job_json(self) -> Result<Bytes, Problem> {
        let limit = self.options()?.job_body_limit;
        self.read(limit).await
    }

    /// The bytes of a document that may come as YAML or as JSON.
    pub(crate) async fn document(mut self) -> Result<DocumentBody, Problem> {
        let limit = self.options()?.job_body_limit;
        if self.is_plain_yaml {
            self.is_plain_json = true;
            return self.read(limit).await.map(DocumentBody::Yaml);
        }
        if !self.is_plain_json {
            let detail =
                "send `Content-Type: application/yaml` or `application/json`, in UTF-8 and without content encoding";
            return Err(Problem::new(ErrorCode::UnsupportedMediaType, detail));
        }
        self.read(limit).await.map(DocumentBody::Json)
    }

    /// The bytes of a JSON body, `None` if there is none.
    pub(crate) async fn optional_json(mut self) -> Result<Option<Bytes>, Problem> {
        let limit = self.options()?.body_limit;
        let is_plain_json = std::mem::replace(&mut self.is_plain_json, true);
        let bytes = self.read(limit).await?;
        match (bytes.is_empty(), is_plain_json) {
            (true, _) => Ok(None),
            (false, true) => Ok(Some(bytes)),
            (false, false) => Err(not_json()),
        }
    }

    /// A body that may be left out, and has nothing in it if it is there.
    pub(crate) async fn nothing(self) -> Result<(), Problem> {
        match self.optional_json().await? {
            Some(bytes) => ObjectReader::of(&parse_document(&bytes, DocumentLimits::default())?).finish(),
            None => Ok(()),
        }
    }

    fn options(&self) -> Result<&HttpOptions, Problem> {
        self.options.as_deref().ok_or_else(|| Problem::internal("no options"))
    }

    async fn read(self, limit: usize) -> Result<Bytes, Problem> {
        let Self { payload, declared_length, is_plain_json, deadline, .. } = self;
        if !is_plain_json {
            return Err(not_json());
        }
        if declared_length.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limit)) {
            return Err(too_large(limit));
        }
        match deadline {
            None => collect(payload, limit).await,
            Some(Deadline(deadline)) => match tokio::time::timeout_at(deadline, collect(payload, limit)).await {
                Ok(bytes) => bytes,
                Err(_) => Err(Problem::new(ErrorCode::RequestTimeout, "the body did not arrive in time")),
            },
        }
    }
}

async fn collect(mut payload: Payload, limit: usize) -> Result<Bytes, Problem> {
    // Most bodies arrive in one piece, which then is not copied.
    let Some(first) = payload.next().await else { return Ok(Bytes::new()) };
    let first = first.map_err(|error| broken(&error))?;
    if first.len() > limit {
        return Err(too_large(limit));
    }
    let Some(second) = payload.next().await else { return Ok(first) };
    let mut bytes = BytesMut::from(first);
    let mut piece = Some(second);
    while let Some(next) = piece {
        let next = next.map_err(|error| broken(&error))?;
        if bytes.len() + next.len() > limit {
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&next);
        piece = payload.next().await;
    }
    Ok(bytes.freeze())
}

/// The caller went away or sent something that is no HTTP body.
fn broken(error: &actix_web::error::PayloadError) -> Problem {
    Problem::new(ErrorCode::MalformedRequest, format!("the body cannot be read: {error}"))
}

fn too_large(limit: usize) -> Problem {
    Problem::new(ErrorCode::BodyTooLarge, format!("the body is larger than {limit} bytes")).with("limit_bytes", limit)
}

fn not_json() -> Problem {
    let detail = "send the body with `Content-Type: application/json` and no content encoding";
    Problem::new(ErrorCode::UnsupportedMediaType, detail)
}

const JSON: [&str; 1] = ["application/json"];
const YAML: [&str; 4] = ["application/yaml", "text/yaml", "application/x-yaml", "text/x-yaml"];

const CLOUD_EVENTS: [&str; 2] = ["application/cloudevents+json", "application/cloudevents-batch+json"];

fn is_encoded(headers: &HeaderMap) -> bool {
    let encoding = headers.get(CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?").trim());
    encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity"))
}

/// Whether a body is of one of these types. A page of another origin can send other types without asking first, so that
/// a missing type is refused too.
fn is_plain(headers: &HeaderMap, types: &[&str]) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?").trim());
    let Some(content_type) = text(CONTENT_TYPE) else { return false };
    let mut parts = content_type.split(';');
    let essence = parts.next().unwrap_or_default().trim();
    let utf8 = parts.all(|parameter| match parameter.trim().split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    types.iter().any(|known| essence.eq_ignore_ascii_case(known)) && utf8 && !is_encoded(headers)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(content_type: Option<&'static str>, encoding: Option<&'static str>, expect: bool) {
        let mut headers = HeaderMap::new();
        if let Some(value) = content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(value));
        }
        if let Some(value) = encoding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(value));
        }
        assert_eq!(is_plain(&headers, &JSON), expect);
    }

    #[test]
    fn only_json_in_utf8_without_encoding_is_read() {
        for good in ["application/json", "Application/JSON; charset=utf-8", "application/json;charset=\"UTF-8\""] {
            check(Some(good), None, true);
            check(Some(good), Some("identity"), true);
            check(Some(good), Some("gzip"), false);
        }
        for bad in [
            "text/json",
            "application/jsonl",
            "application/x-www-form-urlencoded",
            "application/json; charset=latin1",
            "",
        ] {
            check(Some(bad), None, false);
        }
        check(None, None, false);
    }

    #[test]
    fn a_document_has_a_type_of_its_own() {
        let mut headers = HeaderMap::new();
        for (content_type, expect) in [
            ("application/yaml", true),
            ("text/YAML; charset=utf-8", true),
            ("application/x-yaml", true),
            ("text/yaml; charset=utf-16", false),
            ("application/json", false),
            ("text/plain", false),
        ] {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            assert_eq!(is_plain(&headers, &YAML), expect, "{content_type}");
        }
    }
}
