//! What a hostile executor leaves: never followed, never waited for, removed and recorded.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use jct_trace::{ArtifactLimits, Manifest, Refusal, TraceFolder, verify};
use rustix::fs::{CWD, FileType, Mode, mkdirat, mknodat};

use crate::support::{FINISHED, Tower, result, task_id};

/// Seals an attempt whose artifacts `leave` has made, and returns its manifest. The folder must verify.
#[track_caller]
fn sealed(tower: &Tower, leave: impl FnOnce(&Path)) -> Manifest {
    let trace = tower.begin(1);
    leave(&trace.artifacts_dir());
    let sealed = trace.finish(result(), FINISHED).seal().unwrap();
    let report = verify(&tower.root, task_id(), 1, Some(sealed.manifest_digest)).unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
    TraceFolder::open(&tower.root, task_id(), 1).unwrap().manifest().clone()
}

fn kept(manifest: &Manifest) -> Vec<&str> {
    let paths = manifest.files.iter().map(|file| file.path.as_str());
    paths.filter(|path| path.starts_with("artifacts/")).collect()
}

fn refused(manifest: &Manifest) -> Vec<(&str, Refusal)> {
    let listed = manifest.refused_artifacts.listed.iter();
    let mut refused: Vec<_> = listed.map(|refused| (refused.path.as_str(), refused.reason)).collect();
    refused.sort_by_key(|(path, _)| *path);
    refused
}

#[test]
fn regular_files_are_kept_with_size_and_digest() {
    let manifest = sealed(&Tower::new(), |artifacts| {
        std::fs::create_dir(artifacts.join("sub")).unwrap();
        std::fs::write(artifacts.join("sub/report.md"), "42").unwrap();
        std::fs::hard_link(artifacts.join("sub/report.md"), artifacts.join("same.md")).unwrap();
        std::fs::write(artifacts.join("empty"), "").unwrap();
    });
    assert_eq!(kept(&manifest), ["artifacts/empty", "artifacts/same.md", "artifacts/sub/report.md"]);
    assert_eq!(manifest.refused_artifacts.count, 0);
}

#[test]
fn links_pipes_and_sockets_are_refused_and_their_targets_untouched() {
    let tower = Tower::new();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), "secret").unwrap();
    let manifest = sealed(&tower, |artifacts| {
        symlink(outside.path().join("secret"), artifacts.join("file-link")).unwrap();
        symlink(outside.path(), artifacts.join("folder-link")).unwrap();
        symlink("nowhere", artifacts.join("dangling")).unwrap();
        symlink("loop", artifacts.join("loop")).unwrap();
        mknodat(CWD, artifacts.join("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
        let _socket = UnixListener::bind(artifacts.join("socket")).unwrap();
    });
    assert!(kept(&manifest).is_empty());
    let expected = [
        ("artifacts/dangling", Refusal::Symlink),
        ("artifacts/file-link", Refusal::Symlink),
        ("artifacts/folder-link", Refusal::Symlink),
        ("artifacts/loop", Refusal::Symlink),
        ("artifacts/pipe", Refusal::Fifo),
        ("artifacts/socket", Refusal::Socket),
    ];
    assert_eq!(refused(&manifest), expected);
    assert_eq!(std::fs::read_to_string(outside.path().join("secret")).unwrap(), "secret");
    assert_eq!(std::fs::read_dir(tower.attempt(1).join("artifacts")).unwrap().count(), 0);
}

#[test]
fn names_of_any_bytes_are_listed_and_served_safely() {
    let tower = Tower::new();
    let manifest = sealed(&tower, |artifacts| {
        for name in [&b"\xff\xfe"[..], b"a\nb", b"100%", b"-rf", "\u{202e}gpj".as_bytes()] {
            std::fs::write(artifacts.join(OsStr::from_bytes(name)), name).unwrap();
        }
    });
    let expected =
        ["artifacts/%E2%80%AEgpj", "artifacts/%FF%FE", "artifacts/-rf", "artifacts/100%25", "artifacts/a%0Ab"];
    assert_eq!(kept(&manifest), expected);
    let folder = TraceFolder::open(&tower.root, task_id(), 1).unwrap();
    let file = folder.open_file("artifacts/%FF%FE").unwrap();
    assert_eq!(std::io::read_to_string(file.file).unwrap_err().kind(), std::io::ErrorKind::InvalidData);
}

#[test]
fn what_lies_beyond_the_limits_is_removed() {
    let tower = Tower::with_limits(ArtifactLimits { max_entries: 5, max_depth: 2, max_total_bytes: 100 });
    let manifest = sealed(&tower, |artifacts| {
        std::fs::create_dir_all(artifacts.join("a/b/c")).unwrap();
        std::fs::write(artifacts.join("a/b/c/deep"), "deep").unwrap();
        std::fs::File::create(artifacts.join("sparse")).unwrap().set_len(1 << 40).unwrap();
    });
    assert_eq!(refused(&manifest), [("artifacts/a/b/c", Refusal::TooDeep), ("artifacts/sparse", Refusal::TooLarge)]);
    assert!(!tower.attempt(1).join("artifacts/sparse").exists());
    assert!(!tower.attempt(1).join("artifacts/a/b/c").exists());
}

#[test]
fn many_files_are_counted_and_only_the_first_refusals_listed() {
    let tower = Tower::with_limits(ArtifactLimits { max_entries: 50, ..ArtifactLimits::default() });
    let manifest = sealed(&tower, |artifacts| {
        for number in 0..300 {
            std::fs::write(artifacts.join(format!("{number}")), "").unwrap();
        }
    });
    assert_eq!((kept(&manifest).len(), manifest.refused_artifacts.count), (50, 250));
    assert_eq!(manifest.refused_artifacts.listed.len(), 100);
    assert!(manifest.refused_artifacts.listed.iter().all(|refused| refused.reason == Refusal::TooMany));
}

#[test]
fn a_path_that_is_too_long_is_refused() {
    let manifest = sealed(&Tower::new(), |artifacts| {
        let mut folder = artifacts.to_owned();
        for _ in 0..5 {
            folder.push("x".repeat(250));
            std::fs::create_dir(&folder).unwrap();
        }
    });
    assert_eq!(manifest.refused_artifacts.listed[0].reason, Refusal::PathTooLong);
}

#[test]
fn a_tree_deeper_than_any_path_is_removed() {
    let manifest = sealed(&Tower::new(), |artifacts| {
        let mut folder = rustix::fs::open(artifacts, rustix::fs::OFlags::DIRECTORY, Mode::empty()).unwrap();
        for _ in 0..5_000 {
            mkdirat(&folder, "d", Mode::RWXU).unwrap();
            folder = rustix::fs::openat(&folder, "d", rustix::fs::OFlags::DIRECTORY, Mode::empty()).unwrap();
        }
    });
    assert_eq!(manifest.refused_artifacts.count, 1);
    assert_eq!(manifest.refused_artifacts.listed[0].reason, Refusal::TooDeep);
}

#[test]
fn forbidden_permissions_stop_nothing() {
    let manifest = sealed(&Tower::new(), |artifacts| {
        let folder = artifacts.join("closed");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("file"), "x").unwrap();
        symlink("x", folder.join("link")).unwrap();
        std::fs::set_permissions(folder.join("file"), std::fs::Permissions::from_mode(0o000)).unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o000)).unwrap();
        std::fs::set_permissions(artifacts, std::fs::Permissions::from_mode(0o000)).unwrap();
    });
    assert_eq!(kept(&manifest), ["artifacts/closed/file"]);
    assert_eq!(refused(&manifest), [("artifacts/closed/link", Refusal::Symlink)]);
}

#[test]
fn what_lies_outside_artifacts_is_refused() {
    let tower = Tower::new();
    let manifest = sealed(&tower, |artifacts| {
        let folder = artifacts.parent().unwrap();
        std::fs::write(folder.join("extra"), "x").unwrap();
        std::fs::write(folder.join("manifest.json"), "{}").unwrap();
        std::fs::remove_dir(artifacts).unwrap();
        symlink("/", artifacts).unwrap();
    });
    let expected = [
        ("artifacts", Refusal::Symlink),
        ("extra", Refusal::OutsideArtifacts),
        ("manifest.json", Refusal::OutsideArtifacts),
    ];
    assert_eq!(refused(&manifest), expected);
}
