//! Runs over HTTP: what they changed, and pushing it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use actix_web::http::Method;
use jct_contract::{RunId, Sha256Digest};
use jct_cwom::{EvidenceFindings, Subject, Verdict};
use jct_evidence::attestation::Envelope;
use jct_exec::git::{RepoCache, RepoSource, RepoSources};
use jct_store::model::NewAuditKey;
use jct_tower::TowerOptions;
use jct_tower::access::{Grant, Scope};
use jct_tower::audit::KeyFile;
use jct_tower::evidence::{ExportError, StatementError, export};
use jct_tower::runs::GitPublisher;
use jct_trace::TraceRoot;
use serde_json::{Value, json};

use super::app::{Answer, TestApp};
use super::evidence::{EndedRun, Files, decide, ended, findings};
use crate::HttpOptions;

/// An id that no run has.
const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";
const OPERATOR: [(&str, &str); 1] = [("authorization", "Bearer operator-key")];

/// A real repository with one change in it that is not pushed, and a tower that knows where it comes from.
struct Case {
    app: TestApp,
    root: TraceRoot,
    folder: tempfile::TempDir,
    reviewer: String,
    patch: Vec<u8>,
    bundle: Vec<u8>,
    subject: Subject,
}

fn git(folder: &Path, args: &[&str]) -> Vec<u8> {
    let name = |kind: &str| [(format!("GIT_{kind}_NAME"), "Ana"), (format!("GIT_{kind}_EMAIL"), "ana@example.org")];
    let output = Command::new("git")
        .current_dir(folder)
        .args(args)
        .envs(name("AUTHOR").into_iter().chain(name("COMMITTER")))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn line(output: Vec<u8>) -> String {
    String::from_utf8(output).unwrap().trim().to_owned()
}

impl Case {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (remote, work) = (folder.path().join("remote.git"), folder.path().join("work"));
        std::fs::create_dir(&work).unwrap();
        git(&work, &["init", "--quiet", "--initial-branch=main"]);
        std::fs::write(work.join("README.md"), "hi\n").unwrap();
        git(&work, &["add", "--all"]);
        git(&work, &["commit", "--quiet", "--message", "first"]);
        git(folder.path(), &["clone", "--quiet", "--bare", "work", "remote.git"]);
        let base_commit = line(git(&work, &["rev-parse", "HEAD"]));
        std::fs::write(work.join("README.md"), "hello\n").unwrap();
        git(&work, &["commit", "--quiet", "--all", "--message", "greet"]);
        let head_commit = line(git(&work, &["rev-parse", "HEAD"]));
        let patch = git(&work, &["diff", "--binary", "--full-index", &base_commit, &head_commit]);
        git(&work, &["bundle", "create", "--quiet", "../changes.bundle", "HEAD", &format!("^{base_commit}")]);
        let bundle = std::fs::read(folder.path().join("changes.bundle")).unwrap();
        let subject = Subject {
            base_commit,
            head_commit,
            diff_digest: Sha256Digest::of(&patch),
            bundle_digest: Some(Sha256Digest::of(&bundle)),
        };
        let source = RepoSource::new(None, Some("myorg/app"), remote.to_str().unwrap()).unwrap();
        let cache = RepoCache::new(&folder.path().join("cache"), RepoSources::new([source]).unwrap()).unwrap();
        let root = TraceRoot::open(&folder.path().join("traces")).unwrap();
        let options = TowerOptions {
            operator_key: Some("operator-key".to_owned()),
            traces: Some(root.clone()),
            publisher: Some(Arc::new(GitPublisher::new(Arc::new(cache)))),
            ..TowerOptions::default()
        };
        let app = TestApp::with(HttpOptions::default(), options).await;
        let reviewer = format!("Bearer {}", app.key("rita", &[Scope::ReviewsDecide]).await);
        Self { app, root, folder, reviewer, patch, bundle, subject }
    }

    fn findings(&self) -> EvidenceFindings {
        EvidenceFindings { subject: Some(self.subject.clone()), ..findings() }
    }

    /// A run that changed the repository, with its files.
    async fn run(&self) -> EndedRun {
        let files = Files { root: &self.root, patch: Some(&self.patch), bundle: Some(&self.bundle), commits: None };
        ended(&self.app, &OPERATOR, self.findings(), Some(&files)).await
    }

    async fn decided(&self, run: &EndedRun, decision: &str) {
        let headers = [("authorization", self.reviewer.as_str())];
        let answer = decide(&self.app, &headers, &run.decision(decision)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
    }

    async fn approved(&self) -> EndedRun {
        let run = self.run().await;
        self.decided(&run, "approved").await;
        run
    }

    async fn get(&self, path: &str) -> Answer {
        self.app.call(Method::GET, path, &OPERATOR, None).await
    }

    async fn push(&self, run: &EndedRun, body: Option<Value>) -> Answer {
        let body = body.map(|body| body.to_string());
        let body = body.as_ref().map(String::as_bytes);
        self.app.call(Method::POST, &format!("/runs/{}/push", run.run_id), &OPERATOR, body).await
    }

    fn remote(&self) -> PathBuf {
        self.folder.path().join("remote.git")
    }

    /// The branches of the remote.
    fn branches(&self) -> String {
        line(git(&self.remote(), &["for-each-ref", "--format=%(refname:short) %(objectname)"]))
    }

    /// A file of the sealed trace of the first attempt.
    fn sealed(&self, run: &EndedRun, name: &str) -> PathBuf {
        self.folder.path().join("traces").join(&run.task_id).join("attempt-1/artifacts").join(name)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_about_a_run_is_in_one_answer() {
    let case = Case::new().await;
    let run = case.run().await;
    let path = format!("/runs/{}", run.run_id);
    let view = case.get(&path).await.json();
    assert_eq!((&view["run"]["id"], &view["run"]["status"]), (&json!(run.run_id), &"under_review".into()));
    assert_eq!((&view["task_id"], &view["attempt"]), (&json!(run.task_id), &1.into()));
    assert_eq!((&view["issue"]["id"], &view["issue"]["status"]), (&json!(run.issue_id), &"under_review".into()));
    assert_eq!((&view["evidence_pack"], &view["review"]), (&run.pack, &Value::Null));
    assert_eq!(view["links"]["diff"], format!("{path}/diff"));
    let trace = view["links"]["trace"].as_str().unwrap();
    assert_eq!(case.get(trace).await.status, 200, "{trace}");
    case.decided(&run, "approved").await;
    let view = case.get(&path).await.json();
    assert_eq!((&view["review"]["decision"], &view["run"]["status"]), (&"approved".into(), &"done".into()));
    for bad in [NOBODY, "nope", &run.task_id] {
        for rest in ["", "/diff", "/bundle"] {
            case.get(&format!("/runs/{bad}{rest}")).await.problem("OBJECT_NOT_FOUND");
        }
        let path = format!("/runs/{bad}/push");
        case.app.call(Method::POST, &path, &OPERATOR, None).await.problem("OBJECT_NOT_FOUND");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_diff_and_the_bundle_are_those_that_the_evidence_names() {
    let case = Case::new().await;
    let run = case.run().await;
    let diff = case.get(&format!("/runs/{}/diff", run.run_id)).await;
    assert_eq!((diff.status, diff.text.as_bytes()), (200, case.patch.as_slice()));
    assert_eq!(diff.header("content-type"), Some("text/x-diff; charset=utf-8"));
    assert_eq!(diff.header("etag"), Some(format!("\"{}\"", case.subject.diff_digest).as_str()));
    let bundle = case.get(&format!("/runs/{}/bundle", run.run_id)).await;
    assert_eq!((bundle.status, bundle.header("content-disposition")), (200, Some("attachment")));

    std::fs::write(case.sealed(&run, "changes.patch"), "something else").unwrap();
    case.get(&format!("/runs/{}/diff", run.run_id)).await.problem("TRACE_ALTERED");
    // Sealed as it is, and still not what the evidence is about.
    let files = Files { root: &case.root, patch: Some(b"another patch"), bundle: Some(&case.bundle), commits: None };
    let foreign = ended(&case.app, &OPERATOR, case.findings(), Some(&files)).await;
    let answer = case.get(&format!("/runs/{}/diff", foreign.run_id)).await;
    assert_eq!((answer.status, &answer.problem("NOT_PRESERVED")["file"]), (404, &"artifacts/changes.patch".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_kept_is_not_served_as_if_nothing_was_changed() {
    let case = Case::new().await;
    let files = Files { root: &case.root, patch: None, bundle: None, commits: None };
    let gone = ended(&case.app, &OPERATOR, case.findings(), Some(&files)).await;
    for (name, file) in [("diff", "artifacts/changes.patch"), ("bundle", "artifacts/changes.bundle")] {
        let answer = case.get(&format!("/runs/{}/{name}", gone.run_id)).await;
        assert_eq!((answer.status, &answer.problem("NOT_PRESERVED")["file"]), (404, &file.into()));
    }
    let unchanged = Subject { head_commit: case.subject.base_commit.clone(), ..case.subject.clone() };
    for subject in [None, Some(unchanged)] {
        let findings = EvidenceFindings { subject, ..findings() };
        let run = ended(&case.app, &OPERATOR, findings, Some(&files)).await;
        assert_eq!(case.get(&format!("/runs/{}/diff", run.run_id)).await.problem("NO_CHANGES")["status"], 404);
        case.decided(&run, "approved").await;
        case.push(&run, None).await.problem("NO_CHANGES");
    }
    let elsewhere = ended(&case.app, &OPERATOR, case.findings(), None).await;
    case.get(&format!("/runs/{}/diff", elsewhere.run_id)).await.problem("TRACE_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_run_is_pushed_once_and_again_without_effect() {
    let case = Case::new().await;
    let run = case.approved().await;
    let branch = format!("jct/{}", run.task_id);
    let pushed = case.push(&run, None).await;
    let expect = json!({
        "run_id": run.run_id, "task_id": run.task_id, "repo": "myorg/app", "branch": branch,
        "commit": case.subject.head_commit, "created": true,
    });
    assert_eq!((pushed.status, pushed.json()), (200, expect));
    let branches = case.branches();
    assert!(branches.contains(&format!("{branch} {}", case.subject.head_commit)), "{branches}");
    let again = case.push(&run, Some(json!({}))).await;
    assert_eq!((again.status, &again.json()["created"]), (200, &false.into()));
    let named = case.push(&run, Some(json!({"branch": "jct/greeting"}))).await;
    assert_eq!((named.status, &named.json()["branch"]), (200, &"jct/greeting".into()));
    // Each branch is noted once, however often it was asked for, and without the place on this machine.
    let noted = case.get(&format!("/cwom/runs/{}/artifacts?type=link", run.run_id)).await;
    let told: Vec<_> = noted
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|link| (link["meta"]["branch"].clone(), link["uri"].clone()))
        .collect();
    assert_eq!(told, [("jct/greeting".into(), "myorg/app".into()), (json!(branch), "myorg/app".into())]);
    let audited = case.get(&format!("/audit?actor=operator&entity_id={}", run.run_id)).await.json();
    assert_eq!(audited.as_array().unwrap().len(), 2, "{audited:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_pushes_at_once_are_one() {
    let case = Case::new().await;
    let run = case.approved().await;
    let answers = futures_util::future::join_all((0..4).map(|_| case.push(&run, None))).await;
    for answer in &answers {
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let links = case.get(&format!("/cwom/runs/{}/artifacts?type=link", run.run_id)).await.json();
    assert_eq!(links.as_array().unwrap().len(), 1);
    assert!(case.branches().contains(&format!("jct/{} {}", run.task_id, case.subject.head_commit)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_approved_is_not_pushed() {
    let case = Case::new().await;
    let before = case.branches();
    let waiting = case.run().await;
    let answer = case.push(&waiting, None).await;
    assert_eq!((answer.status, &answer.problem("NOT_APPROVED")["decision"]), (409, &Value::Null));
    for decision in ["rejected", "needs_changes"] {
        let run = case.run().await;
        case.decided(&run, decision).await;
        assert_eq!(case.push(&run, None).await.problem("NOT_APPROVED")["decision"], decision);
        // The task that follows would be the next to run.
        if decision == "needs_changes" {
            super::evidence::run_next(&case.app, &OPERATOR, findings(), None).await;
        }
    }
    let failed = ended(&case.app, &OPERATOR, EvidenceFindings::new(Verdict::Fail, "no"), None).await;
    assert!(case.push(&failed, None).await.status >= 400);
    assert_eq!(case.branches(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_void_for_anything_else_than_what_was_approved() {
    let case = Case::new().await;
    let before = case.branches();
    for (patch, bundle, file) in [
        (b"another patch".as_slice(), case.bundle.as_slice(), "artifacts/changes.patch"),
        (&case.patch, b"another bundle", "artifacts/changes.bundle"),
    ] {
        let files = Files { root: &case.root, patch: Some(patch), bundle: Some(bundle), commits: None };
        let run = ended(&case.app, &OPERATOR, case.findings(), Some(&files)).await;
        case.decided(&run, "approved").await;
        let answer = case.push(&run, None).await;
        assert_eq!((answer.status, &answer.problem("APPROVAL_VOID")["file"]), (409, &file.into()));
    }
    let run = case.approved().await;
    std::fs::write(case.sealed(&run, "changes.bundle"), "something else").unwrap();
    assert_eq!(case.push(&run, None).await.problem("APPROVAL_VOID")["file"], "artifacts/changes.bundle");
    assert_eq!(case.branches(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_too_large_for_a_patch_is_pushed_by_its_commits() {
    let case = Case::new().await;
    let Subject { base_commit, head_commit, .. } = &case.subject;
    let named = format!("jct-change-between-commits-v1\n{base_commit}\n{head_commit}\n");
    let subject = Subject { diff_digest: Sha256Digest::of(named.as_bytes()), ..case.subject.clone() };
    let findings = EvidenceFindings { subject: Some(subject), ..findings() };
    let files = Files { root: &case.root, patch: None, bundle: Some(&case.bundle), commits: None };
    let run = ended(&case.app, &OPERATOR, findings, Some(&files)).await;
    case.get(&format!("/runs/{}/diff", run.run_id)).await.problem("NOT_PRESERVED");
    case.decided(&run, "approved").await;
    assert_eq!(case.push(&run, None).await.status, 200);
    // Commits that change nothing are no lost patch.
    let subject = Subject { diff_digest: Sha256Digest::of(b""), ..case.subject.clone() };
    let findings = EvidenceFindings { subject: Some(subject), ..super::evidence::findings() };
    let empty = ended(&case.app, &OPERATOR, findings, Some(&files)).await;
    case.get(&format!("/runs/{}/diff", empty.run_id)).await.problem("NO_CHANGES");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outsider_verifies_what_the_tower_says_about_a_run() {
    let case = Case::new().await;
    let commits = json!([{
        "id": case.subject.head_commit, "authored_at": 1_700_000_000, "author": "Ana", "subject": "greet",
    }]);
    let commits = commits.to_string();
    let files = Files {
        root: &case.root,
        patch: Some(&case.patch),
        bundle: Some(&case.bundle),
        commits: Some(commits.as_bytes()),
    };
    let run = ended(&case.app, &OPERATOR, case.findings(), Some(&files)).await;
    let run_id: RunId = run.run_id.parse().unwrap();
    let key_file = KeyFile::new(case.folder.path().join("audit.key"));
    let key = key_file.load_or_make().unwrap();
    let traces = || Some(case.root.clone());
    let foreign = export(&case.app.store, traces(), &key, run_id).await.unwrap_err();
    assert!(matches!(foreign, ExportError::KeyNotInForce { .. }), "{foreign}");
    let by = Grant::operator().principal().clone();
    case.app.store.audit_key_keep(NewAuditKey::First { key: key.public(), by }).await.unwrap();

    for decision in [None, Some("approved")] {
        if let Some(decision) = decision {
            case.decided(&run, decision).await;
        }
        let text = export(&case.app.store, traces(), &key, run_id).await.unwrap().to_text();
        let verified = Envelope::parse(text.as_bytes()).unwrap().verify(&[key.public()]).unwrap();
        let said = verified.statement.predicate;
        assert_eq!((said.task.id.to_string(), said.run.id), (run.task_id.clone(), run_id));
        assert_eq!(said.review.map(|review| review.decision.decision.as_str()), decision);
        assert_eq!(said.commits.len(), 1);
        let named: Vec<_> = verified.statement.subject.iter().map(|subject| subject.name.as_str()).collect();
        assert!(["myorg/app", "artifacts/changes.patch", "manifest.json"].iter().all(|name| named.contains(name)));
        let tampered = text.replacen("eyJ", "eyK", 1);
        let is_genuine = Envelope::parse(tampered.as_bytes()).is_ok_and(|read| read.verify(&[key.public()]).is_ok());
        assert!(!is_genuine);
    }
    let without = export(&case.app.store, None, &key, run_id).await.unwrap_err();
    assert!(matches!(without, ExportError::Statement(StatementError::Trace(_))), "{without}");
    let nobody = export(&case.app.store, traces(), &key, NOBODY.parse().unwrap()).await.unwrap_err();
    assert!(matches!(nobody, ExportError::Statement(StatementError::NotFound)), "{nobody}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_of_somebody_else_is_never_overwritten() {
    let case = Case::new().await;
    let run = case.approved().await;
    git(&case.remote(), &["update-ref", "refs/heads/jct/taken", &case.subject.base_commit]);
    let before = case.branches();
    let answer = case.push(&run, Some(json!({"branch": "jct/taken"}))).await;
    assert_eq!((answer.status, answer.problem("BRANCH_EXISTS")["branch"].as_str()), (409, Some("jct/taken")));
    for bad in ["main", "refs/heads/main", "jct/../main", "jct/", "jct/a b", "+jct/x", "--force", ""] {
        let problem = case.push(&run, Some(json!({"branch": bad}))).await.problem("INVALID_REQUEST");
        assert_eq!(problem["violations"][0]["pointer"], "/branch", "{bad}");
    }
    for bad in [json!([]), json!({"branch": 1}), json!({"force": true}), json!("jct/x")] {
        case.push(&run, Some(bad)).await.problem("INVALID_REQUEST");
    }
    assert_eq!(case.branches(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_refuses_is_told_without_a_path_of_this_machine() {
    let case = Case::new().await;
    let run = case.approved().await;
    let hook = case.remote().join("hooks/pre-receive");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\necho branches are frozen >&2\nexit 1\n").unwrap();
    Command::new("chmod").arg("+x").arg(&hook).status().unwrap();
    let answer = case.push(&run, None).await;
    let problem = answer.problem("PUSH_REFUSED");
    assert_eq!(answer.status, 409);
    assert!(!answer.text.contains(case.folder.path().to_str().unwrap()), "{problem:#}");
    std::fs::remove_file(&hook).unwrap();
    assert_eq!(case.push(&run, None).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_repositories_says_so() {
    let app = TestApp::keyed().await;
    let run = ended(&app, &OPERATOR, findings(), None).await;
    let path = format!("/runs/{}/push", run.run_id);
    let answer = app.call(Method::POST, &path, &OPERATOR, None).await;
    assert_eq!((answer.status, &answer.problem("PUSH_UNAVAILABLE")["error"]), (503, &"unavailable".into()));
}
