//! Work objects over a socket, on both engines: the chain, what is unique, versions under contention, and the examples
//! of the document.

use std::process::Command;
use std::thread;

use jct_tests::{Answer, Client, Engine, OPERATOR_KEY, TestTower, on_both_engines};
use serde_json::{Value, json};

on_both_engines![
    the_chain_reads_from_both_ends,
    one_of_many_creates_a_slug_and_one_of_many_changes_a_version,
    what_never_changes_and_what_cannot_move_is_refused,
    pages_cover_every_object_once,
    the_examples_of_the_document_run_as_they_stand,
];

fn reference(object: &Value) -> Value {
    json!({"kind": object["kind"], "id": object["id"]})
}

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

fn create(client: &Client, collection: &str, body: &Value) -> Value {
    client.post(&format!("/cwom/{collection}"), body).expect(201)
}

fn repo(client: &Client, slug: &str) -> Value {
    create(client, "repos", &json!({"name": "App", "slug": slug, "source": {"system": "git"}}))
}

fn issue(client: &Client, repo: &Value) -> Value {
    create(client, "issues", &json!({"repo": reference(repo), "title": "Look around", "type": "research"}))
}

fn the_chain_reads_from_both_ends(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let repo = repo(&client, "myorg/chain");
    let owner = json!({"actor_kind": "human", "actor_id": "ana"});
    let deadline = json!({"time": {"deadline": "2030-01-01T00:00:00Z"}});
    let snapshot = json!({"scope": "repo", "owner": owner, "constraints": deadline});
    let snapshot = create(&client, "constraint-snapshots", &snapshot);
    let issue = issue(&client, &repo);
    let packet = json!({"for_issue": reference(&issue), "version": "1", "summary": "Two crates"});
    let packet = create(&client, "context-packets", &packet);
    let inputs = json!({"context_packets": [reference(&packet)], "constraint_snapshot": reference(&snapshot)});
    let executor = json!({"actor": owner, "runtime": "local"});
    let run = json!({
        "for_issue": reference(&issue), "repo": reference(&repo), "mode": "human", "executor": executor, "inputs": inputs
    });
    let run = create(&client, "runs", &run);
    let artifact = json!({
        "produced_by": reference(&run), "for_issue": reference(&issue), "type": "doc", "title": "Notes", "uri": "notes.md"
    });
    let artifact = create(&client, "artifacts", &artifact);

    let graph = client.get(&format!("/cwom/issues/{}/graph", id(&issue))).expect(200);
    assert_eq!(graph["issue"]["runs"][0]["id"], run["id"]);
    assert_eq!(graph["issue"]["context_packets"][0]["id"], packet["id"]);
    assert_eq!(graph["runs"][0]["outputs"]["artifacts"][0]["id"], artifact["id"]);
    assert_eq!((&graph["constraint_snapshots"], &graph["context_packets"]), (&json!([snapshot]), &json!([packet])));
    assert_eq!((&graph["repo"], &graph["artifacts"]), (&repo, &json!([artifact])));
    for (path, object) in [("context-packets", &packet), ("runs", &run), ("artifacts", &artifact)] {
        let parts = client.get(&format!("/cwom/issues/{}/{path}", id(&issue))).expect(200);
        assert_eq!(parts[0]["id"], object["id"], "{path}");
    }
    tower.reader().get("/cwom/repos").problem(403, "FORBIDDEN");
    tower.anonymous().get("/cwom/repos").problem(401, "UNAUTHORIZED");
}

fn one_of_many_creates_a_slug_and_one_of_many_changes_a_version(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let body = json!({"name": "App", "slug": "myorg/contended", "source": {"system": "git"}});
    let answers = at_once(|_| client.post("/cwom/repos", &body));
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!(won.len(), 1);
    let repo = won[0].json();
    for answer in lost {
        assert_eq!(answer.problem(409, "DUPLICATE_OBJECT")["existing_id"], repo["id"]);
    }

    let path = format!("/cwom/issues/{}", id(&issue(&client, &repo)));
    let tag = client.get(&path).header("etag").unwrap().to_owned();
    let answers = at_once(|number| {
        let body = json!({"title": format!("Title {number}")}).to_string();
        let headers = [("content-type", "application/json"), ("if-match", tag.as_str())];
        client.call("PATCH", &path, &headers, body.as_bytes())
    });
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(won.len(), 1);
    assert_eq!(client.get(&path).body, won[0].body);
    for answer in lost {
        let problem = answer.problem(412, "STALE_VERSION");
        assert_eq!(problem["current_etag"].as_str(), won[0].header("etag"));
    }
}

/// What sixteen callers were answered who came together.
fn at_once(call: impl Fn(usize) -> Answer + Sync) -> Vec<Answer> {
    thread::scope(|scope| {
        let call = &call;
        let callers: Vec<_> = (0..16).map(|number| scope.spawn(move || call(number))).collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    })
}

fn what_never_changes_and_what_cannot_move_is_refused(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let repo = repo(&client, "myorg/still");
    let issue = issue(&client, &repo);
    let packet = json!({"for_issue": reference(&issue), "version": "1", "summary": "Two crates"});
    let packet = create(&client, "context-packets", &packet);
    for method in ["PUT", "PATCH", "DELETE"] {
        let answer = client.call(method, &format!("/cwom/context-packets/{}", id(&packet)), &[], b"{}");
        assert_eq!(answer.problem(405, "IMMUTABILITY_VIOLATION")["object_id"], packet["id"]);
        assert_eq!(answer.header("allow"), Some("GET, HEAD"));
    }
    let status = format!("/cwom/issues/{}/status", id(&issue));
    assert_eq!(client.patch(&status, &json!({"status": "done"})).status, 200);
    let refused = client.patch(&status, &json!({"status": "running"})).problem(409, "ILLEGAL_TRANSITION");
    assert_eq!(refused["allowed"], json!(["planned", "ready"]));
    let missing = json!({"repo": {"kind": "Repo", "id": id(&issue)}, "title": "x", "type": "doc"});
    let refused = client.post("/cwom/issues", &missing).problem(422, "INVALID_OBJECT");
    assert_eq!(refused["violations"][0]["code"], "REFERENCE_NOT_FOUND");
    client.get("/cwom/constraint-snapshots?owner_id=%00").problem(422, "INVALID_REQUEST");
}

fn pages_cover_every_object_once(engine: Engine) {
    let tower = TestTower::idle(engine);
    let client = tower.operator();
    let mut created: Vec<String> =
        (0..7).map(|number| id(&repo(&client, &format!("myorg/{number}"))).to_owned()).collect();
    created.reverse();
    let (mut seen, mut path) = (Vec::new(), "/cwom/repos?limit=3&visibility=private".to_owned());
    loop {
        let page = client.get(&path);
        seen.extend(page.expect(200).as_array().unwrap().iter().map(|repo| id(repo).to_owned()));
        let Some(link) = page.header("link") else { break };
        path = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
    }
    assert_eq!(seen, created);
}

fn the_examples_of_the_document_run_as_they_stand(engine: Engine) {
    let page = include_str!("../../../docs/cwom.md");
    let (_, example) = page.split_once("<!-- example: begin -->").unwrap();
    let (example, _) = example.split_once("<!-- example: end -->").unwrap();
    let blocks: Vec<&str> = example.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap()).collect();
    assert_eq!(blocks.len(), 4);
    let tower = TestTower::idle(engine);
    // A function of the shell stands in for curl, so that the examples need no key of their own.
    let script =
        format!("curl() {{ command curl -H \"Authorization: Bearer {OPERATOR_KEY}\" \"$@\"; }}\n{}", blocks.concat());
    let ran = Command::new("sh").args(["-euc", &script]).env("TOWER", tower.base()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success() && err.is_empty(), "{out}\n{err}");
    assert!(out.contains("304\n") && out.ends_with("412\n"), "{out}");
}
