//! Creating and reading objects of every kind.

use actix_web::{HttpRequest, HttpResponse};
use jct_contract::ObjectId;
use jct_cwom::{Body, ObjectKind, parse};
use jct_store::model::NewObject;
use jct_tower::objects::ObjectOwner;

use super::filter;
use crate::auth::{Access, CwomRead, CwomWrite};
use crate::input::{PageQuery, QueryReader, RequestBody, has_version, object_id};
use crate::problem::Problem;
use crate::wire::{created, object, objects, unchanged};

/// Creates an object.
pub(super) async fn create<New: Body + Into<NewObject>>(
    access: Access<CwomWrite>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let new: New = parse(&body.json().await?)?;
    let trace_id = access.trace_id().clone();
    let made = access.tower().object_create(new.into(), access.principal(), trace_id).await?;
    created(request.path(), &made)
}

/// One object.
pub(super) async fn get(
    kind: ObjectKind,
    access: Access<CwomRead>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    QueryReader::of(&request).finish()?;
    let found = access.tower().object(kind, object_id::<ObjectId>(&request, kind)?).await?;
    if has_version(&request, found.version) { Ok(unchanged(found.version)) } else { object(&found) }
}

/// A page of the objects of a kind.
pub(super) async fn list(
    kind: ObjectKind,
    access: Access<CwomRead>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    page(kind, None, &access, &request).await
}

/// A page of the parts of an object.
pub(super) async fn parts(
    owner: ObjectKind,
    kind: ObjectKind,
    access: Access<CwomRead>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let owner = if owner == ObjectKind::Run {
        ObjectOwner::Run(object_id(&request, owner)?)
    } else {
        ObjectOwner::Issue(object_id(&request, owner)?)
    };
    page(kind, Some(owner), &access, &request).await
}

async fn page(
    kind: ObjectKind,
    owner: Option<ObjectOwner>,
    access: &Access<CwomRead>,
    request: &HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = QueryReader::of(request);
    let filter = filter::take(kind, owner, &mut query);
    let PageQuery { start, limit } = PageQuery::take(&mut query);
    query.finish()?;
    objects(request, &access.tower().object_list(owner, filter, start, limit).await?)
}
