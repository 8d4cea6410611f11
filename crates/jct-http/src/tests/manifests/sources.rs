//! Manifests from a folder of the operator's and from repositories.

use std::sync::Arc;

use async_trait::async_trait;
use jct_tower::TowerOptions;
use jct_tower::manifests::{ManifestFolder, ManifestOptions, ManifestRepos, RepoFile, RepoFileError};
use serde_json::{Value, json};

use super::support::{HASH, SAMPLE, submit};
use crate::HttpOptions;
use crate::tests::app::TestApp;

/// Repositories that hold what the tests want them to.
#[derive(Debug)]
struct Repos;

#[async_trait]
impl ManifestRepos for Repos {
    async fn read(&self, file: &RepoFile, most: usize) -> Result<Vec<u8>, RepoFileError> {
        assert_eq!(most, 1 << 20);
        match (file.repo.as_str(), file.reference.as_deref(), file.path.as_str()) {
            ("myorg/notes", None, "manifests/harbor.yaml") => Ok(SAMPLE.into()),
            ("myorg/notes", Some("v2"), "manifests/harbor.yaml") => Ok(SAMPLE.replace('\n', "\r\n").into()),
            ("myorg/notes", Some(_), _) => Err(RepoFileError::RefNotFound),
            ("myorg/slow", ..) => Err(RepoFileError::Unreachable("host unreachable: git.internal".into())),
            ("myorg/notes", ..) => Err(RepoFileError::NotFound),
            _ => Err(RepoFileError::UnknownRepo),
        }
    }
}

async fn app() -> (TestApp, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("manifests");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(root.join("harbor.yaml"), SAMPLE).unwrap();
    std::fs::write(folder.path().join("secret.yaml"), SAMPLE).unwrap();
    std::os::unix::fs::symlink("../secret.yaml", root.join("out.yaml")).unwrap();
    let manifests = ManifestOptions {
        folder: Some(ManifestFolder::new(root)),
        repos: Some(Arc::new(Repos)),
        base_capabilities: vec!["gpu".parse().unwrap()],
    };
    let options = TowerOptions { manifests, ..TowerOptions::default() };
    (TestApp::with(HttpOptions::default(), options).await, folder)
}

async fn from(app: &TestApp, source: Value) -> crate::tests::app::Answer {
    submit(app, "harbor-notes", &source, &json!({})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_below_the_configured_folder_is_read_and_nothing_else() {
    let (app, folder) = app().await;
    let job = from(&app, json!({"kind": "path", "path": "harbor.yaml"})).await;
    assert_eq!(job.status, 201, "{}", job.text);
    let job = job.json();
    assert_eq!(
        (&job["payload"]["manifestHash"], &job["payload"]["manifest"]["source"]["path"]),
        (&HASH.into(), &"harbor.yaml".into())
    );
    let needed = job["requiredCapabilities"].as_array().unwrap();
    assert_eq!(needed[..2], [json!("manifest"), json!("gpu")], "what the operator adds comes behind `manifest`");
    for path in ["none.yaml", "out.yaml", "harbor.yaml/x"] {
        let answer = from(&app, json!({"kind": "path", "path": path})).await;
        assert_eq!(answer.status, 422, "{path}");
        assert!(!answer.text.contains(folder.path().to_str().unwrap()), "{}", answer.text);
        let problem = answer.problem("MANIFEST_SOURCE_UNREADABLE");
        assert_eq!(problem["violations"][0]["pointer"], "/payload/manifest/source/path", "{path}");
    }
    for path in ["../secret.yaml", "/etc/passwd", "a/../../secret.yaml", "a\\b", "a\u{0}b", ""] {
        let answer = from(&app, json!({"kind": "path", "path": path})).await;
        assert_eq!(answer.status, 422, "{path:?}: {}", answer.text);
        answer.problem("INVALID_MANIFEST");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_configured_repository_is_read_at_a_ref() {
    let (app, _folder) = app().await;
    let job = from(&app, json!({"kind": "repo", "repo": "MyOrg/Notes", "path": "manifests/harbor.yaml"})).await;
    assert_eq!(job.status, 201, "{}", job.text);
    assert_eq!(job.json()["payload"]["manifestHash"], HASH);
    let at = json!({"kind": "repo", "repo": "myorg/notes", "path": "manifests/harbor.yaml", "ref": "v2"});
    let job = from(&app, at).await.json();
    assert_ne!(job["payload"]["manifestHash"], HASH);
    assert_eq!(job["payload"]["manifest"]["source"]["ref"], "v2");
    for (source, field) in [
        (json!({"kind": "repo", "repo": "myorg/notes", "path": "none.yaml"}), "path"),
        (json!({"kind": "repo", "repo": "myorg/notes", "path": "x", "ref": "none"}), "ref"),
        (json!({"kind": "repo", "repo": "myorg/none", "path": "x"}), "repo"),
        (json!({"kind": "repo", "repo": "notes", "path": "x"}), "repo"),
    ] {
        let problem = from(&app, source).await.problem("MANIFEST_SOURCE_UNREADABLE");
        assert_eq!(problem["violations"][0]["pointer"], format!("/payload/manifest/source/{field}"));
    }
    let foreign = from(&app, json!({"kind": "repo", "repo": "evil/notes", "path": "x"})).await;
    assert_eq!(foreign.status, 422);
    foreign.problem("REPO_NOT_ALLOWED");
    let slow = from(&app, json!({"kind": "repo", "repo": "myorg/slow", "path": "x"})).await;
    assert!(slow.status == 503 && !slow.text.contains("git.internal"), "{}", slow.text);
    slow.problem("MANIFEST_SOURCE_UNAVAILABLE");
}
