//! What a run changed, as data and as a patch.

use std::fs;

use jct_exec::git::FileStatus;

use super::{received, worked};
use crate::support::{Bench, bounds, git};

#[tokio::test]
async fn every_kind_of_change_is_told() {
    let bench = Bench::new();
    bench.write("renamed-from", "one\ntwo\nthree\nfour\n");
    bench.write("script", "#!/bin/sh\n");
    bench.write("gone", "a\nb\n");
    bench.write("link", "text\n");
    bench.write("data.bin", b"\0\x01\x02");
    bench.commit("base");
    let script = "git mv renamed-from renamed-to; echo five >> renamed-to; chmod +x script; git rm -q gone
        rm link; ln -s script link; printf '\\000\\001\\003' > data.bin; printf new > \"$(printf 'n\\377\\tm')\"";
    let handed = worked(&bench, script).await.unwrap();
    let changes = received(&bench).await.changes(&bounds()).await.unwrap();
    let told: Vec<_> = changes
        .stat
        .files
        .iter()
        .map(|file| (file.path.as_str(), file.status, file.added, file.deleted, file.binary))
        .collect();
    use FileStatus as S;
    assert_eq!(
        told,
        [
            ("data.bin", S::Modified, 0, 0, true),
            ("gone", S::Deleted, 0, 2, false),
            ("link", S::TypeChanged, 1, 1, false),
            ("n\u{fffd}\tm", S::Added, 1, 0, false),
            ("renamed-to", S::Renamed, 1, 0, false),
            ("script", S::Modified, 0, 0, false),
        ]
    );
    let file = |path: &str| changes.stat.files.iter().find(|file| file.path == path).unwrap();
    assert_eq!(file("renamed-to").old_path.as_deref(), Some("renamed-from"));
    assert_eq!((file("script").old_mode.as_str(), file("script").new_mode.as_str()), ("100644", "100755"));
    assert_eq!((changes.stat.added, changes.stat.deleted, changes.stat.truncated), (3, 3, false));

    // The patch leads from the one to the other, byte by byte.
    fs::write(bench.path("patch"), &changes.patch).unwrap();
    git(&bench.source(), &["apply", "--index", "--binary", bench.path("patch").to_str().unwrap()]);
    let tree = git(&bench.source(), &["write-tree"]);
    git(&bench.source(), &["fetch", "--quiet", super::bundle(&bench).to_str().unwrap(), "HEAD"]);
    assert_eq!(tree, git(&bench.source(), &["rev-parse", &format!("{}^{{tree}}", handed.head_commit)]));
}

#[tokio::test]
async fn a_patch_that_is_too_large_is_left_out_and_said_so() {
    let bench = Bench::new();
    let script = "head -c 34000000 /dev/zero > one; head -c 34000000 /dev/zero | tr '\\000' x > two";
    worked(&bench, script).await.unwrap();
    let changes = received(&bench).await.changes(&bounds()).await.unwrap();
    assert!(changes.stat.truncated && changes.patch.is_empty());
    assert_eq!(changes.stat.files.len(), 2);
    assert_eq!(changes.commits.len(), 1);
}
