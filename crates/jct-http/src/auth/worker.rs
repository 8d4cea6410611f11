//! The extractor of workers that come over HTTP: their token, and nothing else, lets them at the jobs they may have.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::{FromRequest, HttpRequest, web};
use jct_tower::Tower;
use jct_tower::access::{WorkerAuthError, WorkerGrant};

use super::Guarded;
use super::bearer::{Bearer, bearer};
use crate::problem::Problem;

/// For clients that cannot set `Authorization`.
const TOKEN: HeaderName = HeaderName::from_static("x-jct-worker-token");

/// The tower in the hands of a worker.
pub(crate) struct WorkerAccess {
    tower: Tower,
    grant: Arc<WorkerGrant>,
}

impl WorkerAccess {
    pub(crate) const fn tower(&self) -> &Tower {
        &self.tower
    }

    pub(crate) fn worker(&self) -> &WorkerGrant {
        &self.grant
    }
}

impl FromRequest for WorkerAccess {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let app = request.app_data::<web::Data<Guarded>>().ok_or_else(|| Problem::internal("no application"))?;
            let grant = app.authenticate_worker(token(request.headers())?).await?;
            Ok(Self { tower: app.unlocked().clone(), grant })
        })
    }
}

/// The one token of a request, in either header; a request that says two things is not believed.
fn token(headers: &HeaderMap) -> Result<Option<&str>, WorkerAuthError> {
    let in_bearer = match bearer(headers) {
        Bearer::Absent => None,
        Bearer::Token(token) => Some(token),
        Bearer::Unusable => return Err(WorkerAuthError::Invalid),
    };
    let mut values = headers.get_all(TOKEN);
    let in_own = match (values.next(), values.next()) {
        (None, _) => None,
        (Some(value), None) => Some(value.to_str().map_err(|_| WorkerAuthError::Invalid)?.trim()),
        (Some(_), Some(_)) => return Err(WorkerAuthError::Invalid),
    };
    match (in_bearer, in_own) {
        (Some(one), Some(other)) if one != other => Err(WorkerAuthError::Invalid),
        (one, other) => Ok(one.or(other)),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{AUTHORIZATION, HeaderValue};

    use super::*;

    #[track_caller]
    fn check(bearer: &[&'static str], own: &[&'static [u8]], expect: Option<Option<&str>>) {
        let mut headers = HeaderMap::new();
        for value in bearer {
            headers.append(AUTHORIZATION, HeaderValue::from_static(value));
        }
        for value in own {
            headers.append(TOKEN, HeaderValue::from_bytes(value).unwrap());
        }
        assert_eq!(token(&headers).ok(), expect);
    }

    #[test]
    fn one_token_in_either_header_counts() {
        check(&[], &[], Some(None));
        check(&["Bearer jctw_a"], &[], Some(Some("jctw_a")));
        check(&[], &[b" jctw_a "], Some(Some("jctw_a")));
        check(&["Bearer jctw_a"], &[b"jctw_a"], Some(Some("jctw_a")));
        check(&["Bearer jctw_a"], &[b"jctw_b"], None);
        check(&["Basic jctw_a"], &[b"jctw_a"], None);
        check(&[], &[b"jctw_a", b"jctw_a"], None);
        check(&[], &[b"\xff"], None);
    }
}
