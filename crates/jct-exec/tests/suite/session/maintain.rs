//! Caches shrink, but never under somebody's feet.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jct_exec::git::{Maintenance, MaintenanceRules};

use super::{Work, received, worked};
use crate::support::{Bench, bounds, git};

/// Repacks whatever there is.
const ALWAYS: MaintenanceRules =
    MaintenanceRules { packs: 0, loose_objects: 0, pins_after: Duration::from_secs(30 * 24 * 3600) };

/// Maintains once nothing is in use any more: a process that another test has just forked holds every lock of this
/// process, until it becomes the program that it is to be.
async fn maintained(bench: &Bench, rules: MaintenanceRules) -> Maintenance {
    loop {
        match bench.cache.maintain(rules, &bounds()).await.unwrap() {
            done if done.in_use == 0 => return done,
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

fn mirror(bench: &Bench) -> PathBuf {
    let mut entries = fs::read_dir(bench.path("cache")).unwrap().map(|e| e.unwrap().path());
    entries.find(|path| path.extension().is_some_and(|e| e == "git")).unwrap()
}

fn packs(mirror: &Path) -> usize {
    let packs = fs::read_dir(mirror.join("objects/pack")).unwrap().map(|e| e.unwrap().path());
    packs.filter(|path| path.extension().is_some_and(|e| e == "pack")).count()
}

#[tokio::test]
async fn a_repository_in_use_is_not_repacked() {
    let bench = Bench::new();
    let work = Work::open(&bench).await;
    // A pack, so that there is something to do.
    git(&mirror(&bench), &["repack", "--quiet", "-a"]);
    let done = bench.cache.maintain(ALWAYS, &bounds()).await.unwrap();
    assert_eq!(done, Maintenance { repositories: 1, in_use: 1, ..Maintenance::default() });
    work.sh("echo a > a").await;
    work.hand_over().await.unwrap();
    let done = maintained(&bench, ALWAYS).await;
    assert_eq!(done, Maintenance { repositories: 1, repacked: 1, ..Maintenance::default() });
    assert_eq!(packs(&mirror(&bench)), 1);
    let few = MaintenanceRules::default();
    assert_eq!(maintained(&bench, few).await.repacked, 0);
}

#[tokio::test]
async fn work_survives_repacking_and_a_source_that_forgets_its_base() {
    let bench = Bench::new();
    let handed = worked(&bench, "echo a > a").await.unwrap();
    git(&bench.source(), &["checkout", "--quiet", "--orphan", "other"]);
    bench.write("b", "b");
    bench.commit("other history");
    git(&bench.source(), &["branch", "--quiet", "-D", "main"]);
    git(&bench.source(), &["branch", "--quiet", "-m", "main"]);
    bench.cache.snapshot("org/demo", "main", &bounds()).await.unwrap();
    git(&mirror(&bench), &["repack", "--quiet", "-a"]);
    assert_eq!(maintained(&bench, ALWAYS).await.repacked, 1);
    git(&mirror(&bench), &["prune", "--expire=now"]);
    let work = received(&bench).await;
    assert_eq!((work.base(), work.head()), (handed.base_commit.as_str(), handed.head_commit.as_str()));
    assert!(!work.changes(&bounds()).await.unwrap().patch.is_empty());
}

#[tokio::test]
async fn pins_and_garbage_of_long_ago_are_dropped() {
    let bench = Bench::new();
    worked(&bench, "echo a > a").await.unwrap();
    let run = jct_exec::git::RunKey::parse(super::RUN).unwrap();
    let long_ago = SystemTime::now() - Duration::from_secs(31 * 24 * 3600);
    let age = |path: PathBuf| fs::File::open(path).unwrap().set_modified(long_ago).unwrap();
    for name in ["incoming-old", "x.discarded-old", "incoming-new", "unknown"] {
        fs::create_dir(bench.path("cache").join(name)).unwrap();
    }
    for name in ["incoming-old", "x.discarded-old", "unknown"] {
        age(bench.path("cache").join(name));
    }
    assert_eq!(maintained(&bench, ALWAYS).await.pins_dropped, 0);
    for pins in ["base", "runs"] {
        age(mirror(&bench).join("refs/jct").join(pins).join(super::RUN));
    }
    assert_eq!(maintained(&bench, ALWAYS).await.pins_dropped, 2);
    assert!(bench.cache.received("org/demo", &run, &bounds()).await.unwrap().is_none());
    let left = |name: &str| bench.path("cache").join(name).exists();
    assert!(!left("incoming-old") && !left("x.discarded-old"));
    assert!(left("incoming-new") && left("unknown"));
}

/// What an executor made is in the cache, but no task can begin with it as if the source had it.
#[tokio::test]
async fn handed_over_work_is_no_commit_of_the_source() {
    let bench = Bench::new();
    let handed = worked(&bench, "echo a > a").await.unwrap();
    for reference in [handed.head_commit.as_str(), &handed.head_commit[..10]] {
        let error = bench.cache.snapshot("org/demo", reference, &bounds()).await.unwrap_err();
        assert!(matches!(error, jct_exec::GitError::RefNotFound { .. }), "{error:?}");
    }
    let base = bench.cache.snapshot("org/demo", &handed.base_commit, &bounds()).await.unwrap();
    assert_eq!(base.commit(), handed.base_commit);
}
