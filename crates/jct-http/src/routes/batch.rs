//! Many tasks in, one answer each.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use jct_contract::{DocumentLimits, JsonDocument, JsonValue, TaskSpec, parse_document};
use jct_tower::intake::{Enqueue, EnqueueError, EnqueueRequest};

use crate::auth::{Access, TasksWrite};
use crate::edge::Edge;
use crate::input::{ObjectReader, QueryReader, RequestBody, idempotency_key};
use crate::openapi::BatchSchema;
use crate::problem::{ErrorCode, Place, Problem, Violation};
use crate::wire::{BatchItemBody, json};

const MAX_ITEMS: usize = 1000;

/// Hands in 1 to 1000 independent tasks. The answer is `200` with one result an item, in order, each with the status it
/// would have had alone; a refused item undoes no other.
#[utoipa::path(post, path = "/tasks/enqueue/batch", operation_id = "enqueueBatch", tag = "tasks", security(("bearer" = ["tasks:write"])),
    params(
        ("hold" = Option<bool>, Query, description = "Keep the tasks `pending` until they are released."),
        ("create_cwom" = Option<bool>, Query, description = "Whether to create the tasks' work objects with them; by default as the tower is configured.")
    ),
    request_body = BatchSchema,
    responses((status = 200, description = "One result an item, in order.", body = Vec<BatchItemBody<'static>>))
)]
pub(crate) async fn enqueue_batch(
    access: Access<TasksWrite>,
    edge: web::Data<Edge>,
    request: HttpRequest,
    body: RequestBody,
) -> Result<HttpResponse, Problem> {
    let mut query = QueryReader::of(&request);
    let modes = Modes { hold: query.flag("hold"), create_objects: query.choice("create_cwom") };
    query.finish()?;
    no_header_key(&request)?;
    let bytes = body.batch_json().await?;
    let document = parse_document(&bytes, DocumentLimits::default())?;
    let (requests, refused) = sort_out(items(&document)?, &access, modes);
    let answers = access.tower().enqueue_batch(requests).await?;
    respond(&access, &edge, &merge(answers, refused, &access))
}

/// How every item is to be taken.
#[derive(Clone, Copy)]
struct Modes {
    hold: bool,
    create_objects: Option<bool>,
}

type Answer = Result<Enqueue, Problem>;

/// Items that passed the contract, and the refusals of the others by place.
fn sort_out(
    items: &[JsonValue<'_>],
    access: &Access<TasksWrite>,
    Modes { hold, create_objects }: Modes,
) -> (Vec<EnqueueRequest>, Vec<Option<Problem>>) {
    let mut requests = Vec::with_capacity(items.len());
    let refused = items.iter().map(|item| match TaskSpec::from_document(item) {
        Ok(spec) => {
            let (trace_id, principal) = (access.trace_id().clone(), access.principal());
            requests.push(EnqueueRequest { spec, trace_id, principal, hold, create_objects });
            None
        }
        Err(violations) => {
            Some(Problem::invalid(ErrorCode::InvalidTask, violations.into_iter().map(Violation::from).collect()))
        }
    });
    let refused = refused.collect();
    (requests, refused)
}

fn merge(
    answers: Vec<Result<Enqueue, EnqueueError>>,
    refused: Vec<Option<Problem>>,
    access: &Access<TasksWrite>,
) -> Vec<Answer> {
    let mut answers = answers.into_iter();
    let of_tower = |answer: Result<Enqueue, EnqueueError>| {
        answer.map_err(|error| Problem::of_enqueue(error, access.may_read_policy()))
    };
    let none = || Err(Problem::internal("the tower answered fewer items than it was given"));
    let item = |refusal: Option<Problem>| match refusal {
        Some(problem) => Err(problem),
        None => answers.next().map_or_else(none, of_tower),
    };
    refused.into_iter().map(item).collect()
}

fn respond(access: &Access<TasksWrite>, edge: &Edge, answers: &[Answer]) -> Result<HttpResponse, Problem> {
    let mut bodies = Vec::with_capacity(answers.len());
    for (index, answer) in answers.iter().enumerate() {
        bodies.push(match answer {
            Ok(enqueue) => {
                edge.metrics.intake.taken(enqueue.replayed);
                BatchItemBody::taken(index, enqueue)?
            }
            Err(problem) => {
                edge.metrics.intake.refused(problem.code());
                BatchItemBody::refused(index, problem.to_members(access.trace_id()))
            }
        });
    }
    json(StatusCode::OK, &bodies)
}

/// The `tasks` of the body.
fn items<'d>(document: &'d JsonDocument<'d>) -> Result<&'d [JsonValue<'d>], Problem> {
    let mut body = ObjectReader::of(document);
    let field = body.field("tasks");
    let items = field.and_then(JsonValue::as_array);
    match (field, items) {
        (_, Some(items)) if (1..=MAX_ITEMS).contains(&items.len()) => {}
        (_, Some(items)) => {
            let message = format!("`tasks` has 1 to {MAX_ITEMS} items, not {}", items.len());
            body.refuse("tasks", if items.is_empty() { "TOO_SHORT" } else { "TOO_MANY_ITEMS" }, message);
        }
        (None, None) if document.root().as_object().is_some() => {
            body.refuse("tasks", "REQUIRED", "`tasks` is required".to_owned());
        }
        (None, None) => {}
        (Some(other), None) => {
            body.refuse("tasks", "WRONG_TYPE", format!("`tasks` must be an array, not {}", other.kind()));
        }
    }
    body.finish()?;
    Ok(items.unwrap_or_default())
}

/// One key cannot stand for many tasks.
fn no_header_key(request: &HttpRequest) -> Result<(), Problem> {
    if idempotency_key(request)?.is_none() {
        return Ok(());
    }
    let message = "a batch takes no `Idempotency-Key` header; give each task its own `idempotency_key`".to_owned();
    let pointer = "/Idempotency-Key".to_owned();
    let violation = Violation { place: Place::Header, pointer, code: "VALUE_NOT_ALLOWED", message };
    Err(Problem::invalid(ErrorCode::InvalidRequest, vec![violation]))
}
