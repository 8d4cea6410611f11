//! The operations on work objects: from the table of the routes, with the schemas of the model itself.

use jct_cwom::{IssueChange, ObjectKind, RunChange, Status, schema};
use serde_json::{Map, Value, json};

use super::parts::{Direction, name};
use crate::routes::cwom::{Filter, PARTS, Takes, filters, is_created, owned_by, segment};

/// Adds the schemas and operations to the document.
pub(super) fn describe(document: &mut Value) {
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        describe_bodies(schemas);
    }
    let paths = &mut document["paths"];
    for kind in ObjectKind::ALL {
        let path = format!("/cwom/{}", segment(*kind));
        paths[&path] = json!({"get": list(*kind)});
        if is_created(*kind) {
            paths[&path]["post"] = create(*kind);
        }
        paths[format!("{path}/{{id}}")] = json!({"get": get(*kind)});
    }
    for (owner, kind) in PARTS {
        paths[format!("/cwom/{}/{{id}}/{}", segment(owner), segment(kind))] = json!({"get": parts(owner, kind)});
    }
    for kind in [ObjectKind::Issue, ObjectKind::Run] {
        let path = format!("/cwom/{}/{{id}}", segment(kind));
        paths[&path]["patch"] = change(kind);
        paths[format!("{path}/status")] = json!({"patch": change_status(kind)});
    }
    paths["/cwom/issues/{id}/graph"] = json!({"get": graph()});
    paths["/cwom/reviews"]["post"] = decide();
}

fn describe_bodies(schemas: &mut Map<String, Value>) {
    for kind in ObjectKind::ALL {
        name(schemas, kind.as_str(), schema::of_object(*kind), Direction::Answered);
        if *kind != ObjectKind::EvidencePack {
            name(schemas, &format!("New{kind}"), schema::of_new(*kind), Direction::Sent);
        }
    }
    name(schemas, "IssueChange", schema::of::<IssueChange>(), Direction::Sent);
    name(schemas, "RunChange", schema::of::<RunChange>(), Direction::Sent);
    schemas.insert("IssueGraph".to_owned(), issue_graph());
    let status = json!({
        "type": "object",
        "required": ["status"],
        "properties": {"status": {"type": "string", "enum": Status::WORDS}},
        "additionalProperties": false,
    });
    schemas.insert("ObjectStatus".to_owned(), status);
}

fn list(kind: ObjectKind) -> Value {
    let mut parameters: Vec<_> = filters(kind).iter().map(filter).collect();
    parameters.extend(paging());
    let mut operation = operation(&format!("list{kind}s"), &format!("Lists objects of the kind {kind}, newest first."));
    operation["description"] = "The body is an array; where the next page begins is in the headers `Link` (relation \
        `next`) and `X-Next-Cursor`, both absent on the last page."
        .into();
    operation["parameters"] = parameters.into();
    operation["responses"] = json!({"200": page(kind)});
    operation
}

fn parts(owner: ObjectKind, kind: ObjectKind) -> Value {
    let mut parameters = vec![id(owner)];
    parameters.extend(filters(kind).iter().filter(|filter| filter.name != owned_by(owner)).map(filter));
    parameters.extend(paging());
    let summary = format!("Lists what a {owner} has of the kind {kind}, newest first.");
    let mut operation = operation(&format!("list{owner}{kind}s"), &summary);
    operation["parameters"] = parameters.into();
    operation["responses"] = json!({"200": page(kind), "404": not_found(owner)});
    operation
}

fn create(kind: ObjectKind) -> Value {
    let mut operation = operation(&format!("create{kind}"), &format!("Creates an object of the kind {kind}."));
    operation["security"] = writing();
    operation["requestBody"] = json!({"required": true, "content": content(&format!("New{kind}"))});
    let mut responses = json!({
        "201": answer("Created.", kind),
        "422": {"description": "The body breaks the model, or refers to what does not exist or does not belong there."},
    });
    responses["201"]["headers"]["Location"] = json!({"description": "Its path.", "schema": {"type": "string"}});
    if let Some(unique) = unique(kind) {
        responses["409"] = json!({"description": format!("{unique} is taken; `existing_id` says by whom.")});
    }
    operation["responses"] = responses;
    operation
}

/// A decision is more than an object that is created: it is compared, and something follows from it.
fn decide() -> Value {
    let kind = ObjectKind::ReviewDecision;
    let mut operation = operation("decideReview", "Decides about a run, on the strength of its evidence.");
    operation["description"] = "The reviewer is the principal of the key; a `reviewer` in the body must name it. The \
        answer has, beside the members of the review, `follow_up_task_id`: the task that does the work again, after \
        `needs_changes`. The same decision by the same reviewer again is answered with the first."
        .into();
    operation["security"] = json!([{"bearer": ["reviews:decide"]}]);
    operation["requestBody"] = json!({"required": true, "content": content(&format!("New{kind}"))});
    let mut responses = json!({
        "200": answer("Decided before, by the same reviewer; nothing was written.", kind),
        "201": answer("Decided.", kind),
        "403": {"description": "The key lacks the scope, or the reviewer would approve their own work."},
        "404": not_found(ObjectKind::EvidencePack),
        "409": {"description": "It is decided already, waits for no review, is superseded, or is not what the reviewer saw."},
        "422": {"description": "Pack, run and issue do not belong together, or the task that follows is not admitted."},
    });
    let follow_up = json!({
        "type": "object",
        "required": ["follow_up_task_id"],
        "properties": {"follow_up_task_id": {"type": ["string", "null"], "format": "uuid"}},
    });
    for status in ["200", "201"] {
        let schema = json!({"allOf": [{"$ref": reference(kind.as_str())}, follow_up]});
        responses[status]["content"] = json!({"application/json": {"schema": schema}});
        responses[status]["headers"]["Location"] = json!({"description": "Its path.", "schema": {"type": "string"}});
    }
    operation["responses"] = responses;
    operation
}

/// What only one object of the kind can have.
const fn unique(kind: ObjectKind) -> Option<&'static str> {
    match kind {
        ObjectKind::Repo => Some("The slug"),
        ObjectKind::DoctrineRef => Some("This version of the doctrine"),
        ObjectKind::ContextPacket => Some("The version within the issue"),
        ObjectKind::Issue
        | ObjectKind::ConstraintSnapshot
        | ObjectKind::Run
        | ObjectKind::Artifact
        | ObjectKind::EvidencePack
        | ObjectKind::ReviewDecision => None,
    }
}

fn get(kind: ObjectKind) -> Value {
    let mut operation = operation(&format!("get{kind}"), &format!("One object of the kind {kind}."));
    let has =
        header("If-None-Match", "The `ETag` of an answer; if it still holds, the answer is `304` without a body.");
    operation["parameters"] = json!([id(kind), has]);
    operation["responses"] = json!({
        "200": answer("The object.", kind),
        "304": {"description": "The caller has this version."},
        "404": not_found(kind),
    });
    operation
}

fn change(kind: ObjectKind) -> Value {
    let summary = format!("Changes a {kind}: what is absent stays, what is there replaces the whole member.");
    let mut operation = operation(&format!("change{kind}"), &summary);
    operation["parameters"] = json!([id(kind), if_match()]);
    operation["requestBody"] = json!({"required": true, "content": content(&format!("{kind}Change"))});
    operation["security"] = writing();
    operation["responses"] = changed(kind);
    operation
}

fn change_status(kind: ObjectKind) -> Value {
    let summary = format!("Moves a {kind} to another state, named in the query or in the body.");
    let mut operation = operation(&format!("change{kind}Status"), &summary);
    let status = Filter { name: "status", takes: Takes::Word(Status::WORDS), doc: "Where to." };
    operation["parameters"] = json!([id(kind), if_match(), filter(&status)]);
    operation["requestBody"] = json!({"required": false, "content": content("ObjectStatus")});
    operation["security"] = writing();
    operation["responses"] = changed(kind);
    operation
}

fn changed(kind: ObjectKind) -> Value {
    json!({
        "200": answer("The object as it is now.", kind),
        "404": not_found(kind),
        "409": {"description": "It cannot go there from where it stands; `allowed` says where it can go."},
        "412": {"description": "It is not the version that `If-Match` names; `current_etag` says which it is."},
    })
}

fn graph() -> Value {
    let mut operation =
        operation("getIssueGraph", "An issue with everything that hangs on it, each list oldest first.");
    operation["parameters"] = json!([id(ObjectKind::Issue)]);
    operation["responses"] = json!({
        "200": {"description": "The whole chain.", "content": content("IssueGraph")},
        "404": not_found(ObjectKind::Issue),
    });
    operation
}

fn issue_graph() -> Value {
    let one = |kind: ObjectKind| json!({"$ref": reference(kind.as_str())});
    let many = |kind: ObjectKind| json!({"type": "array", "items": one(kind)});
    let properties = json!({
        "issue": one(ObjectKind::Issue),
        "repo": one(ObjectKind::Repo),
        "context_packets": many(ObjectKind::ContextPacket),
        "constraint_snapshots": many(ObjectKind::ConstraintSnapshot),
        "doctrine_refs": many(ObjectKind::DoctrineRef),
        "runs": many(ObjectKind::Run),
        "artifacts": many(ObjectKind::Artifact),
        "evidence_packs": many(ObjectKind::EvidencePack),
        "review_decisions": many(ObjectKind::ReviewDecision),
    });
    let required: Vec<_> = properties.as_object().into_iter().flat_map(Map::keys).cloned().collect();
    json!({"type": "object", "required": required, "properties": properties})
}

/// What all operations have in common; reading unless said otherwise.
fn operation(id: &str, summary: &str) -> Value {
    json!({"tags": ["cwom"], "summary": summary, "operationId": id, "security": [{"bearer": ["cwom:read"]}]})
}

fn writing() -> Value {
    json!([{"bearer": ["cwom:write"]}])
}

fn answer(description: &str, kind: ObjectKind) -> Value {
    json!({
        "description": description,
        "headers": {"ETag": {"description": "The version of the object.", "schema": {"type": "string"}}},
        "content": content(kind.as_str()),
    })
}

fn page(kind: ObjectKind) -> Value {
    let schema = json!({"type": "array", "items": {"$ref": reference(kind.as_str())}});
    json!({"description": "A page.", "content": {"application/json": {"schema": schema}}})
}

fn not_found(kind: ObjectKind) -> Value {
    json!({"description": format!("No such {kind}, or not an id.")})
}

fn content(name: &str) -> Value {
    json!({"application/json": {"schema": {"$ref": reference(name)}}})
}

fn reference(name: &str) -> String {
    format!("#/components/schemas/{name}")
}

fn id(kind: ObjectKind) -> Value {
    json!({
        "name": "id", "in": "path", "required": true, "description": format!("The {kind}."),
        "schema": {"type": "string", "format": "uuid"},
    })
}

fn if_match() -> Value {
    header("If-Match", "The `ETag` of the version that the change is for; without it, any.")
}

fn header(name: &str, description: &str) -> Value {
    json!({"name": name, "in": "header", "required": false, "description": description, "schema": {"type": "string"}})
}

fn filter(filter: &Filter) -> Value {
    let schema = match filter.takes {
        Takes::Id => json!({"type": "string", "format": "uuid"}),
        Takes::Text => json!({"type": "string", "minLength": 1, "maxLength": 128}),
        Takes::Word(words) => json!({"type": "string", "enum": words}),
    };
    json!({"name": filter.name, "in": "query", "required": false, "description": filter.doc, "schema": schema})
}

fn paging() -> [Value; 3] {
    let parameter = |name: &str, description: &str, schema: Value| json!({"name": name, "in": "query", "required": false, "description": description, "schema": schema});
    [
        parameter("limit", "1 to 500, by default 100.", json!({"type": "integer", "minimum": 1, "maximum": 500})),
        parameter(
            "offset",
            "Skip this many, at most 10000; use `cursor` to go further.",
            json!({"type": "integer", "minimum": 0, "maximum": 10_000}),
        ),
        parameter("cursor", "Begin where a page before ended; not together with `offset`.", json!({"type": "string"})),
    ]
}
