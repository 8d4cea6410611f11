//! Defect 40: files are verified, never overwritten, bounded, and nothing is left of what was refused.

use jct_contract::Sha256Digest;
use serde_json::{Value, json};

use super::support::{Bench, MAX_BYTES, QUOTA_BYTES, upload_path};

/// A form with these fields, in this order.
fn form(fields: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let file = if *name == "file" { "; filename=\"evil/../x\"\r\nContent-Type: text/csv" } else { "" };
        body.extend(format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").into_bytes());
        body.extend(*value);
        body.extend(b"\r\n");
    }
    body.extend(b"--X--\r\n");
    body
}

const FORM: &str = "multipart/form-data; boundary=X";

#[tokio::test(flavor = "multi_thread")]
async fn a_file_comes_back_byte_for_byte() {
    let bench = Bench::new().await;
    let id = bench.job("gpu").await;
    let worker = bench.worker("w").await;
    let job = worker.claim("gpu").await.unwrap();
    let content = b"<script>alert(1)</script>\x00\xff";
    let digest = Sha256Digest::of(content).to_string();
    let raw =
        worker.upload(&job, &format!("name=out/page%201.html&contentType=text/html&digest={digest}"), content).await;
    assert_eq!(raw.status, 201, "{}", raw.text);
    let kept = raw.json();
    assert_eq!((&kept["name"], &kept["contentType"]), (&"out/page 1.html".into(), &"text/html".into()));
    assert_eq!((&kept["sizeBytes"], &kept["digest"]), (&content.len().into(), &digest.as_str().into()));
    let (lease, fence) = (job["lease"]["id"].as_str().unwrap(), job["lease"]["fence"].as_str().unwrap());
    let body = form(&[
        ("leaseId", lease.as_bytes()),
        ("fence", fence.as_bytes()),
        ("name", b"table.csv"),
        ("file", b"a,b\n1,2\n"),
    ]);
    let path = format!("/api/queue/jobs/{id}/artifacts/upload");
    let formed = worker.send(&path, FORM, &body).await;
    assert_eq!((formed.status, &formed.json()["contentType"]), (201, &"text/csv".into()), "{}", formed.text);
    // The same again is the same; another content is refused.
    for (answer, expect) in [
        (worker.send(&path, FORM, &body).await, &formed),
        (worker.upload(&job, "name=out/page%201.html", content).await, &raw),
    ] {
        assert_eq!((answer.status, &answer.json()["id"]), (200, &expect.json()["id"]));
    }
    assert_eq!(
        worker.upload(&job, "name=table.csv", b"other").await.problem("ARTIFACT_NAME_TAKEN")["name"],
        "table.csv"
    );
    assert_eq!(bench.files().len(), 2);

    worker.call(&job, "complete", json!({})).await;
    worker.upload(&job, "name=late", b"late").await.problem("JOB_STATE_CONFLICT");
    let list = bench.app.get(&format!("/api/queue/jobs/{id}/artifacts")).await.json();
    let names: Vec<_> = list["items"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["table.csv", "out/page 1.html"]);
    assert!(!list.to_string().contains("storagePath"));
    let download = format!("/api/queue/jobs/{id}/artifacts/{}/download", kept["id"].as_str().unwrap());
    let answer = bench.app.get(&download).await;
    assert_eq!(answer.text.as_bytes(), String::from_utf8_lossy(content).as_bytes());
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename*=UTF-8''page%201.html"));
    assert_eq!(
        (answer.header("content-type"), answer.header("x-content-type-options")),
        (Some("text/html"), Some("nosniff"))
    );
    assert!(answer.headers["content-security-policy"].contains("sandbox"));
    assert_eq!(answer.header("etag"), Some(format!("\"{digest}\"").as_str()));
    let told = bench.told(&id).await;
    assert!(told.contains(&"info artifact `table.csv` kept".to_owned()), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_belongs_to_its_job_and_is_shown_only_as_it_was_kept() {
    let bench = Bench::new().await;
    let worker = bench.worker("w").await;
    let (first, second) = (bench.job("gpu").await, bench.job("gpu").await);
    let job = worker.claim("gpu").await.unwrap();
    let file = worker.upload(&job, "name=a", b"content").await.json()["id"].as_str().unwrap().to_owned();
    let path = |job: &str, file: &str| format!("/api/queue/jobs/{job}/artifacts/{file}/download");
    bench.app.get(&path(&second, &file)).await.problem("ARTIFACT_NOT_FOUND");
    for unknown in ["018f0000-0000-7000-8000-000000000000", "nope", "..%2f..%2fjct.db"] {
        bench.app.get(&path(&first, unknown)).await.problem("ARTIFACT_NOT_FOUND");
    }
    std::fs::write(&bench.files()[0], "altered").unwrap();
    bench.app.get(&path(&first, &file)).await.problem("ARTIFACT_FILE_MISSING");
    std::fs::remove_file(&bench.files()[0]).unwrap();
    bench.app.get(&path(&first, &file)).await.problem("ARTIFACT_FILE_MISSING");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_leaves_nothing() {
    let bench = Bench::new().await;
    let id = bench.job("gpu").await;
    let worker = bench.worker("w").await;
    let job = worker.claim("gpu").await.unwrap();
    let size = usize::try_from(MAX_BYTES).unwrap();
    let wrong = Sha256Digest::of(b"other");
    let found = worker.upload(&job, &format!("name=a&digest={wrong}"), b"content").await.problem("DIGEST_MISMATCH");
    assert_eq!(found["actual_digest"], Sha256Digest::of(b"content").to_string());
    let large = worker.upload(&job, "name=a", &vec![b'x'; size + 1]).await;
    assert_eq!((large.status, &large.problem("ARTIFACT_TOO_LARGE")["limit_bytes"]), (413, &MAX_BYTES.into()));
    let empty = worker.upload(&job, "name=a", b"").await.problem("INVALID_REQUEST");
    assert_eq!(empty["violations"][0]["pointer"], "/file");
    for name in
        ["", "%2Fetc%2Fpasswd", "..", "a%2F..%2Fb", ".", "a%2F%2Fb", "a%5Cb", "a%00b", "a%0Ab", &"x".repeat(513)]
    {
        let problem = worker.upload(&job, &format!("name={name}"), b"content").await.problem("INVALID_REQUEST");
        assert_eq!(problem["violations"][0]["pointer"], "/name", "{name}");
    }
    for query in ["", "name=a&name=b", "name=a&digest=md5:0", "name=a&contentType=x", "name=a&Name=b"] {
        worker.upload(&job, query, b"content").await.problem("INVALID_REQUEST");
    }
    assert!(bench.files().is_empty(), "{:?}", bench.files());

    for (name, bytes) in [("one", size), ("two", size)] {
        assert_eq!(worker.upload(&job, &format!("name={name}"), &vec![b'x'; bytes]).await.status, 201);
    }
    let over = worker.upload(&job, "name=three", &vec![b'y'; 501]).await;
    let problem = over.problem("ARTIFACT_QUOTA_EXCEEDED");
    assert_eq!((over.status, &problem["limit_bytes"]), (413, &QUOTA_BYTES.into()));
    // Both have the same content, and with it one file.
    assert_eq!(bench.files().len(), 1);
    assert_eq!(worker.upload(&job, "name=three", &[b'y'; 500]).await.status, 201);
    let list = bench.app.get(&format!("/api/queue/jobs/{id}/artifacts")).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_none_is_refused_by_what_is_wrong_with_it() {
    let bench = Bench::new().await;
    let id = bench.job("gpu").await;
    let worker = bench.worker("w").await;
    let job = worker.claim("gpu").await.unwrap();
    let lease = ("leaseId", job["lease"]["id"].as_str().unwrap().as_bytes());
    let (fence, name, file) = (("fence", &b"1.1"[..]), ("name", &b"a"[..]), ("file", &b"content"[..]));
    let path = format!("/api/queue/jobs/{id}/artifacts/upload");
    let long = vec![b'x'; 5_000];
    for (fields, pointer) in [
        (vec![lease, fence, name], "/file"),
        (vec![lease, fence, file], "/name"),
        (vec![file], "/leaseId"),
        (vec![lease, fence, name, file, ("digest", b"sha256:00")], "/file"),
        (vec![lease, fence, name, name, file], "/name"),
        (vec![lease, fence, name, ("Name", b"b"), file], "/Name"),
        (vec![lease, fence, ("name", &long), file], "/name"),
        (vec![lease, fence, ("name", b"\xff"), file], "/name"),
    ] {
        let answer = worker.send(&path, FORM, &form(&fields)).await;
        let problem = answer.problem("INVALID_REQUEST");
        assert_eq!(
            (&problem["violations"][0]["pointer"], &problem["violations"][0]["in"]),
            (&pointer.into(), &"body".into())
        );
    }
    let good = form(&[lease, fence, name, file]);
    for cut in [10, 60, good.len() - 40, good.len() - 12] {
        let answer = worker.send(&path, FORM, &good[..cut]).await;
        assert!((400..500).contains(&answer.status), "{cut}: {}", answer.text);
    }
    worker.send(&path, "multipart/form-data", &good).await.problem("MALFORMED_REQUEST");
    worker.send(&path, FORM, b"nothing like it").await.problem("MALFORMED_REQUEST");
    assert!(bench.files().is_empty(), "{:?}", bench.files());
    assert_eq!(worker.send(&path, FORM, &good).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_folder_says_so() {
    let app = crate::tests::app::TestApp::new().await;
    let token = super::token(&app, json!({"workerId": "w"})).await;
    let id = app.enqueue(&crate::tests::app::task()).await;
    let headers = [("x-jct-worker-token", token.as_str())];
    let ask = br#"{"workerCapabilities": ["survey"]}"#;
    let post = actix_web::http::Method::POST;
    let claimed = app.call(post.clone(), "/api/queue/jobs/claim", &headers, Some(ask)).await.json();
    let job: &Value = &claimed["job"];
    assert_eq!(job["id"], id.as_str());
    let answer = app.call(post, &upload_path(job, "name=a"), &headers, Some(b"content")).await;
    assert_eq!(answer.status, 503);
    answer.problem("ARTIFACTS_UNAVAILABLE");
}
