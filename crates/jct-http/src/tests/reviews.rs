//! Reviews over HTTP: who decides about what, and what follows.

use actix_web::http::Method;
use jct_cwom::{EvidenceFindings, Verdict};
use jct_tower::TowerOptions;
use jct_tower::access::Scope;
use jct_tower::reviews::ReviewOptions;
use serde_json::{Value, json};

use super::app::{TRACE, TestApp};
use super::evidence::{EndedRun, decide, ended, findings, run_next};
use crate::HttpOptions;

const OPERATOR: [(&str, &str); 1] = [("authorization", "Bearer operator-key")];

/// A tower with a run of the operator's that waits, and the key of a reviewer.
struct Case {
    app: TestApp,
    run: EndedRun,
    reviewer: String,
}

impl Case {
    async fn new() -> Self {
        Self::of(findings(), TowerOptions::default()).await
    }

    async fn of(findings: EvidenceFindings, options: TowerOptions) -> Self {
        let operator_key = Some("operator-key".to_owned());
        let app = TestApp::with(HttpOptions::default(), TowerOptions { operator_key, ..options }).await;
        let scopes = [Scope::ReviewsDecide, Scope::CwomRead, Scope::TasksRead];
        let reviewer = format!("Bearer {}", app.key("rita", &scopes).await);
        let run = ended(&app, &OPERATOR, findings, None).await;
        Self { app, run, reviewer }
    }

    fn headers(&self) -> [(&str, &str); 1] {
        [("authorization", &self.reviewer)]
    }

    async fn decide(&self, body: &Value) -> super::app::Answer {
        decide(&self.app, &self.headers(), body).await
    }

    /// What the reviewer reads there.
    async fn get(&self, path: &str) -> Value {
        let answer = self.app.call(Method::GET, path, &self.headers(), None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    /// Where the run and the issue stand.
    async fn standing(&self) -> (String, String) {
        let run = self.get(&format!("/cwom/runs/{}", self.run.run_id)).await;
        let issue = self.get(&format!("/cwom/issues/{}", self.run.issue_id)).await;
        (run["status"].as_str().unwrap().to_owned(), issue["status"].as_str().unwrap().to_owned())
    }

    #[track_caller]
    fn waits(standing: &(String, String)) {
        assert_eq!((standing.0.as_str(), standing.1.as_str()), ("under_review", "under_review"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_ends_the_run_and_its_issue_and_is_answered_again_when_repeated() {
    let case = Case::new().await;
    Case::waits(&case.standing().await);
    let body = case.run.decision("approved");
    let first = case.decide(&body).await;
    let review = first.json();
    assert_eq!(
        (first.status, &review["kind"], &review["decision"]),
        (201, &"ReviewDecision".into(), &"approved".into())
    );
    assert_eq!(review["reviewer"], json!({"actor_kind": "agent", "actor_id": "rita", "display": null}));
    assert_eq!((&review["self_review"], &review["follow_up_task_id"]), (&false.into(), &Value::Null));
    assert_eq!(review["trace_id"], TRACE);
    let location = first.header("location").unwrap().to_owned();
    assert_eq!(location, format!("/cwom/reviews/{}", review["id"].as_str().unwrap()));
    assert_eq!(first.header("etag"), Some("\"1\""));
    assert_eq!(case.standing().await, ("done".to_owned(), "done".to_owned()));

    let again = case.decide(&body).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (200, Some("true")));
    assert_eq!(again.json(), review);
    let read = case.get(&location).await;
    assert_eq!((&read["id"], &read["decision_reason"]), (&review["id"], &"because".into()));

    let other = case.decide(&case.run.decision("rejected")).await;
    let problem = other.problem("ALREADY_REVIEWED");
    assert_eq!((other.status, &problem["review_id"]), (409, &review["id"]));
    let colleague = format!("Bearer {}", case.app.key("carl", &[Scope::ReviewsDecide]).await);
    decide(&case.app, &[("authorization", &colleague)], &body).await.problem("ALREADY_REVIEWED");
    assert_eq!(case.standing().await, ("done".to_owned(), "done".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completed_task_says_that_it_waits_for_a_review_until_it_does_not() {
    let case = Case::new().await;
    let path = format!("/tasks/{}/explain", case.run.task_id);
    let waits = case.get(&path).await;
    assert_eq!((&waits["status"], &waits["under_review"]), (&"completed".into(), &json!(case.run.run_id)));
    let summary = waits["summary"].as_str().unwrap();
    assert!(summary.contains(&format!("jct review show {}", case.run.run_id)), "{summary}");
    case.decide(&case.run.decision("approved")).await;
    let decided = case.get(&path).await;
    assert_eq!((&decided["state"], &decided["under_review"]), (&"finished".into(), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_fails_the_run_and_its_issue() {
    let case = Case::new().await;
    assert_eq!(case.decide(&case.run.decision("rejected")).await.status, 201);
    assert_eq!(case.standing().await, ("failed".to_owned(), "failed".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_changes_is_done_again_with_the_reviewers_words_for_the_same_issue() {
    let case = Case::new().await;
    let mut body = case.run.decision("needs_changes");
    body["decision_reason"] = "say it in French".into();
    body["criteria_overrides"] = json!([{
        "criterion_index": 0, "original_status": "unverified", "override_status": "not_satisfied", "reason": "English",
    }]);
    let answer = case.decide(&body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let follow_up = answer.json()["follow_up_task_id"].as_str().unwrap().to_owned();
    assert_eq!(case.standing().await, ("failed".to_owned(), "ready".to_owned()));
    let replayed = case.decide(&body).await;
    assert_eq!((replayed.status, &replayed.json()["follow_up_task_id"]), (200, &json!(follow_up)));

    let task = case.get(&format!("/tasks/{follow_up}")).await;
    let first = case.get(&format!("/tasks/{}", case.run.task_id)).await;
    assert_eq!((&task["status"], &task["objective"]), (&"queued".into(), &first["objective"]));
    assert_eq!((&task["idempotency_key"], &task["cwom_issue_id"]), (&Value::Null, &json!(case.run.issue_id)));
    assert_eq!(task["submitted_by"], first["submitted_by"], "who wanted it still cannot approve it");
    let inputs = &task["inputs"];
    assert_eq!(inputs["follows"], json!({"task_id": case.run.task_id, "run_id": case.run.run_id}));
    assert_eq!(inputs["review"]["reason"], "say it in French");
    assert_eq!(
        (&inputs["review"]["criteria"][0]["status"], &inputs["review"]["criteria"][0]["reason"]),
        (&"not_satisfied".into(), &"English".into())
    );

    let second = run_next(&case.app, &OPERATOR, findings(), None).await;
    assert_eq!((second.task_id.as_str(), second.issue_id.as_str()), (follow_up.as_str(), case.run.issue_id.as_str()));
    assert_ne!(second.run_id, case.run.run_id);
    assert_eq!(case.decide(&second.decision("approved")).await.status, 201);
    let graph = case.get(&format!("/cwom/issues/{}/graph", case.run.issue_id)).await;
    let count = |list: &str| graph[list].as_array().unwrap().len();
    assert_eq!((count("runs"), count("evidence_packs"), count("review_decisions")), (2, 2, 2));
    assert_eq!(graph["issue"]["status"], "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_up_that_the_gate_refuses_decides_nothing() {
    let case = Case::new().await;
    let app = case.app.with_stricter_policy();
    let strict = Case { app, run: case.run, reviewer: case.reviewer };
    let answer = strict.decide(&strict.run.decision("needs_changes")).await;
    assert_eq!((answer.status, &answer.problem("REPO_NOT_ALLOWED")["error"]), (422, &"policy_violation".into()));
    Case::waits(&strict.standing().await);
    // No task follows from a rejection, so that the policy has no say in it.
    assert_eq!(strict.decide(&strict.run.decision("rejected")).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_their_own_work() {
    let case = Case::new().await;
    let body = case.run.decision("approved");
    let own = decide(&case.app, &OPERATOR, &body).await;
    assert_eq!((own.status, &own.problem("OWN_WORK")["role"]), (403, &"enqueued_by".into()));
    // The worker's name is not free to be the reviewer's.
    let worker = format!("Bearer {}", case.app.key("worker-1", &[Scope::ReviewsDecide]).await);
    let ran = decide(&case.app, &[("authorization", &worker)], &body).await;
    assert_eq!((ran.status, ran.problem("OWN_WORK")["role"].is_string()), (403, true));
    Case::waits(&case.standing().await);
    assert_eq!(decide(&case.app, &OPERATOR, &case.run.decision("rejected")).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tower_of_one_person_approves_its_own_work_for_all_to_see() {
    let review = ReviewOptions { allow_self_approval: true };
    let case = Case::of(findings(), TowerOptions { review, ..TowerOptions::default() }).await;
    let worker = format!("Bearer {}", case.app.key("worker-1", &[Scope::ReviewsDecide]).await);
    let body = case.run.decision("approved");
    decide(&case.app, &[("authorization", &worker)], &body).await.problem("OWN_WORK");
    let answer = decide(&case.app, &OPERATOR, &body).await;
    assert_eq!((answer.status, &answer.json()["self_review"]), (201, &true.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_holds_for_what_the_reviewer_saw_and_nothing_else() {
    let case = Case::new().await;
    for field in ["evidence_pack_digest", "diff_digest"] {
        let mut body = case.run.decision("approved");
        body[field] = format!("sha256:{}", "0".repeat(64)).into();
        let answer = case.decide(&body).await;
        assert_eq!((answer.status, &answer.problem("EVIDENCE_CHANGED")["field"]), (409, &field.into()));
    }
    let mut without = case.run.decision("approved");
    without.as_object_mut().unwrap().remove("diff_digest");
    let answer = case.decide(&without).await;
    assert!((400..500).contains(&answer.status), "{}", answer.text);
    Case::waits(&case.standing().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn pack_run_and_issue_belong_together_and_exist() {
    let case = Case::new().await;
    let other = ended(&case.app, &OPERATOR, findings(), None).await;
    for (member, id) in [("for_run", &other.run_id), ("for_issue", &other.issue_id)] {
        let mut body = case.run.decision("approved");
        body[member]["id"] = id.as_str().into();
        let answer = case.decide(&body).await;
        let problem = answer.problem("INVALID_OBJECT");
        let violation = &problem["violations"][0];
        assert_eq!((answer.status, &violation["code"]), (422, &"REFERENCE_MISMATCH".into()));
        assert!(violation["pointer"].as_str().unwrap().starts_with(&format!("/{member}")), "{violation}");
    }
    let mut body = case.run.decision("approved");
    body["for_evidence_pack"]["id"] = case.run.run_id.as_str().into();
    let answer = case.decide(&body).await;
    assert_eq!((answer.status, &answer.problem("OBJECT_NOT_FOUND")["kind"]), (404, &"EvidencePack".into()));
    let mut body = case.run.decision("approved");
    body["criteria_overrides"] = json!([{
        "criterion_index": 7, "original_status": "unverified", "override_status": "satisfied", "reason": "I looked",
    }]);
    let problem = case.decide(&body).await.problem("INVALID_OBJECT");
    assert_eq!(problem["violations"][0]["pointer"], "/criteria_overrides/0/criterion_index");
    Case::waits(&case.standing().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_failed_waits_for_nobody() {
    let failed = EvidenceFindings::new(Verdict::Fail, "the diff is empty");
    let case = Case::of(failed, TowerOptions::default()).await;
    let answer = case.decide(&case.run.decision("approved")).await;
    assert_eq!((answer.status, &answer.problem("NOT_UNDER_REVIEW")["run_status"]), (409, &"failed".into()));
    assert_eq!(case.get("/reviews/pending").await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_decide_at_once_one_does() {
    let case = Case::new().await;
    let mut keys = Vec::new();
    for number in 0..8 {
        keys.push(format!("Bearer {}", case.app.key(&format!("reviewer-{number}"), &[Scope::ReviewsDecide]).await));
    }
    let decisions = ["approved", "rejected", "needs_changes", "approved"];
    let asked = keys.iter().zip(decisions.iter().cycle()).map(|(key, decision)| {
        let body = case.run.decision(decision);
        let app = &case.app;
        async move { decide(app, &[("authorization", key)], &body).await }
    });
    let answers = futures_util::future::join_all(asked).await;
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    let [won] = won.as_slice() else { panic!("{} won", won.len()) };
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(answer.problem("ALREADY_REVIEWED")["review_id"], won.json()["id"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_listed_oldest_first_with_what_the_asker_may_do() {
    let case = Case::new().await;
    let mut runs = vec![case.run.run_id.clone()];
    for _ in 0..3 {
        runs.push(ended(&case.app, &OPERATOR, findings(), None).await.run_id);
    }
    let page = |path: String| {
        let (app, reviewer) = (&case.app, case.headers());
        async move { app.call(Method::GET, &path, &reviewer, None).await }
    };
    let named = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|item| item["run_id"].as_str().unwrap().to_owned()).collect()
    };
    let first = page("/reviews/pending?limit=3".to_owned()).await;
    assert_eq!(named(&first.json()), runs[..3]);
    let cursor = first.header("x-next-cursor").unwrap();
    let second = page(format!("/reviews/pending?limit=3&cursor={cursor}")).await;
    assert_eq!((named(&second.json()), second.header("link")), (runs[3..].to_vec(), None));

    let waits = &first.json()[0];
    assert_eq!((&waits["task_id"], &waits["issue_id"]), (&json!(case.run.task_id), &json!(case.run.issue_id)));
    assert_eq!((&waits["issue_title"], &waits["verdict"]), (&"Look at this repository".into(), &"partial".into()));
    assert_eq!(
        (&waits["evidence_pack_id"], &waits["evidence_pack_digest"]),
        (&case.run.pack["id"], &case.run.pack["digest"])
    );
    assert_eq!(waits["diff_digest"], case.run.pack["subject"]["diff_digest"]);
    assert_eq!(waits["enqueued_by"], json!({"kind": "human", "name": "operator"}));
    assert_eq!((&waits["you_may_decide"], &waits["why_not"]), (&true.into(), &Value::Null));
    let own = case.app.call(Method::GET, "/reviews/pending?limit=1", &OPERATOR, None).await.json();
    assert_eq!(own[0]["you_may_decide"], false);
    assert!(own[0]["why_not"].as_str().unwrap().contains("enqueued_by"), "{own}");
    let reader = format!("Bearer {}", case.app.key("reader", &[Scope::CwomRead]).await);
    let read = case.app.call(Method::GET, "/reviews/pending", &[("authorization", &reader)], None).await.json();
    assert_eq!(read[0]["you_may_decide"], false);
    assert!(read[0]["why_not"].as_str().unwrap().contains("reviews:decide"), "{read}");

    case.decide(&case.run.decision("approved")).await;
    assert_eq!(named(&case.get("/reviews/pending").await), runs[1..]);
    for bad in ["limit=0", "x=1", "cursor=1", "status=failed"] {
        let answer = page(format!("/reviews/pending?{bad}")).await;
        assert_eq!(answer.problem("INVALID_REQUEST")["status"], 422, "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn packs_and_reviews_are_filtered_and_never_change() {
    let case = Case::new().await;
    ended(&case.app, &OPERATOR, findings(), None).await;
    let review = case.decide(&case.run.decision("approved")).await.json();
    let (run, issue) = (&case.run.run_id, &case.run.issue_id);
    for (list, matching, id) in [
        ("evidence-packs", format!("run_id={run}"), &case.run.pack["id"]),
        ("evidence-packs", format!("issue_id={issue}&verdict=partial"), &case.run.pack["id"]),
        ("reviews", format!("run_id={run}"), &review["id"]),
        ("reviews", format!("issue_id={issue}&decision=approved"), &review["id"]),
    ] {
        let found = case.get(&format!("/cwom/{list}?{matching}")).await;
        assert_eq!((found.as_array().unwrap().len(), &found[0]["id"]), (1, id), "{list}?{matching}");
    }
    assert_eq!(case.get(&format!("/cwom/reviews?run_id={run}&decision=rejected")).await, json!([]));
    assert_eq!(case.get("/cwom/evidence-packs?verdict=pass").await, json!([]));
    for bad in ["evidence-packs?verdict=good", "reviews?decision=no", "reviews?for_run=x"] {
        let answer = case.app.call(Method::GET, &format!("/cwom/{bad}"), &OPERATOR, None).await;
        answer.problem("INVALID_REQUEST");
    }
    for (list, id) in [("evidence-packs", &case.run.pack["id"]), ("reviews", &review["id"])] {
        let path = format!("/cwom/{list}/{}", id.as_str().unwrap());
        for method in [Method::PUT, Method::PATCH, Method::DELETE] {
            let answer = case.app.call(method, &path, &OPERATOR, Some(b"{}")).await;
            assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")), "{path}");
            answer.problem("IMMUTABILITY_VIOLATION");
        }
    }
    let answer = case.app.call(Method::POST, "/cwom/evidence-packs", &OPERATOR, Some(b"{}")).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_moves_work_past_its_review_by_hand() {
    let case = Case::new().await;
    for status in ["done", "failed", "canceled"] {
        let path = format!("/cwom/runs/{}/status?status={status}", case.run.run_id);
        let answer = case.app.call(Method::PATCH, &path, &OPERATOR, None).await;
        assert_eq!(answer.problem("ILLEGAL_TRANSITION")["status"], 409, "{status}");
    }
    Case::waits(&case.standing().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_no_body_breaks_a_decision() {
    let case = Case::new().await;
    let good = case.run.decision("approved").to_string();
    let mut bodies: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"{\"reviewer\":".to_vec(),
        b"{\"reviewer\":{}}".to_vec(),
        b"{\"reviewer\":null,\"reviewer\":null}".to_vec(),
        format!("{{\"meta\":{}1{}}}", "{\"a\":".repeat(50_000), "}".repeat(50_000)).into_bytes(),
        good.replace("\"because\"", "\"\\u0000\"").into_bytes(),
        good.replace("\"because\"", &format!("\"{}\"", "x".repeat(5_000))).into_bytes(),
        good.replace("\"because\"", "\"  \"").into_bytes(),
        good.replace("\"approved\"", "\"maybe\"").into_bytes(),
        good.replace("\"EvidencePack\"", "\"Run\"").into_bytes(),
    ];
    bodies.extend((0..good.len()).map(|end| good.as_bytes()[..end].to_vec()));
    for body in &bodies {
        let answer = case.app.call(Method::POST, "/cwom/reviews", &case.headers(), Some(body)).await;
        let what = String::from_utf8_lossy(body).chars().take(80).collect::<String>();
        assert!((400..500).contains(&answer.status), "{what}: {} {}", answer.status, answer.text);
    }
    Case::waits(&case.standing().await);
}
