//! Which path takes which methods.

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource};
use jct_cwom::{
    Body, NewArtifact, NewConstraintSnapshot, NewContextPacket, NewDoctrineRef, NewIssue, NewRepo, NewRun, ObjectKind,
};
use jct_store::model::NewObject;

use super::{PARTS, change, graph, is_immutable, object, segment};
use crate::input::path_text;
use crate::problem::Problem;
use crate::routes::reviews;
use crate::routes::table::{read, reading, resource};

pub(crate) fn configure(config: &mut ServiceConfig) {
    collection::<NewRepo>(config, ObjectKind::Repo);
    collection::<NewIssue>(config, ObjectKind::Issue);
    collection::<NewContextPacket>(config, ObjectKind::ContextPacket);
    collection::<NewConstraintSnapshot>(config, ObjectKind::ConstraintSnapshot);
    collection::<NewDoctrineRef>(config, ObjectKind::DoctrineRef);
    collection::<NewRun>(config, ObjectKind::Run);
    collection::<NewArtifact>(config, ObjectKind::Artifact);
    let list = |access, request| object::list(ObjectKind::EvidencePack, access, request);
    config.service(reading("/cwom/evidence-packs").route(read().to(list)));
    let list = |access, request| object::list(ObjectKind::ReviewDecision, access, request);
    let decide = web::post().to(reviews::decide);
    config.service(resource("/cwom/reviews", "GET, HEAD, POST").route(read().to(list)).route(decide));
    for kind in ObjectKind::ALL {
        config.service(one(*kind));
    }
    for (owner, kind) in PARTS {
        let path = format!("/cwom/{}/{{id}}/{}", segment(owner), segment(kind));
        let parts = move |access, request| object::parts(owner, kind, access, request);
        config.service(reading(&path).route(read().to(parts)));
    }
    config
        .service(resource("/cwom/issues/{id}/status", "PATCH").route(web::patch().to(change::issue_status)))
        .service(resource("/cwom/runs/{id}/status", "PATCH").route(web::patch().to(change::run_status)))
        .service(reading("/cwom/issues/{id}/graph").route(read().to(graph::issue_graph)));
}

fn collection<New: Body + Into<NewObject> + 'static>(config: &mut ServiceConfig, kind: ObjectKind) {
    let path = format!("/cwom/{}", segment(kind));
    let list = move |access, request| object::list(kind, access, request);
    config.service(
        resource(&path, "GET, HEAD, POST").route(read().to(list)).route(web::post().to(object::create::<New>)),
    );
}

fn one(kind: ObjectKind) -> Resource {
    let path = format!("/cwom/{}/{{id}}", segment(kind));
    let get = move |access, request| object::get(kind, access, request);
    match kind {
        ObjectKind::Issue => resource(&path, "GET, HEAD, PATCH").route(web::patch().to(change::issue)),
        ObjectKind::Run => resource(&path, "GET, HEAD, PATCH").route(web::patch().to(change::run)),
        kind if is_immutable(kind) => {
            reading(&path).default_service(web::to(move |request| async move { immutable(kind, &request) }))
        }
        _ => reading(&path),
    }
    .route(read().to(get))
}

/// The answer to every method but those that read.
fn immutable(kind: ObjectKind, request: &HttpRequest) -> Result<HttpResponse, Problem> {
    const ALLOW: &str = "GET, HEAD";
    Err(match *request.method() {
        Method::PUT | Method::PATCH | Method::DELETE => {
            Problem::immutable(kind, &path_text(request, "id")).allowing(ALLOW)
        }
        _ => Problem::method_not_allowed(ALLOW),
    })
}
