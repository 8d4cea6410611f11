//! Keys against a real store, with a clock that only moves when told.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be made fails its test")]

use std::sync::Arc;
use std::time::Duration;

use jct_contract::{Clock, ManualClock, RequesterKind, SystemClock};
use jct_store::{DatabaseUrl, Store, StoreOptions};
use jct_tower::access::{AuthError, Grant, KeyRequest, Scope};
use jct_tower::{Tower, TowerOptions};
use tempfile::TempDir;

struct Fixture {
    store: Store,
    clock: Arc<ManualClock>,
    _folder: TempDir,
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::sqlite(folder.path().join("jct.db"));
        let store = Store::open(&url, StoreOptions::default()).await.unwrap();
        Self { store, clock: Arc::new(ManualClock::new(SystemClock.now())), _folder: folder }
    }

    /// One of several processes over the same database.
    fn tower(&self) -> Tower {
        Tower::new(self.store.clone(), TowerOptions { clock: self.clock.clone(), ..TowerOptions::default() })
    }

    fn request(&self, expires_in: Option<Duration>) -> KeyRequest {
        KeyRequest {
            name: "ci".to_owned(),
            kind: RequesterKind::System,
            scopes: vec![Scope::TasksRead],
            expires_at: expires_in.map(|span| self.clock.now().after(span)),
        }
    }
}

async fn is_valid(tower: &Tower, key: &str) -> bool {
    match tower.authenticator().authenticate(Some(key)).await {
        Ok(grant) => {
            assert!(grant.allows(Scope::TasksRead) && !grant.allows(Scope::TasksWrite));
            assert_eq!(grant.principal().name(), "ci");
            true
        }
        Err(AuthError::Invalid) => false,
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_counts_at_once_here_and_within_five_seconds_elsewhere() {
    let fixture = Fixture::new().await;
    let (here, elsewhere) = (fixture.tower(), fixture.tower());
    let made = here.key_create(fixture.request(None), &Grant::operator()).await.unwrap();
    let key = made.secret.reveal();
    assert!(is_valid(&here, key).await && is_valid(&elsewhere, key).await);
    here.key_revoke("ci".to_owned(), &Grant::operator()).await.unwrap();
    assert!(!is_valid(&here, key).await);
    assert!(is_valid(&elsewhere, key).await, "the other process still remembers it");
    fixture.clock.advance(Duration::from_secs(5));
    assert!(!is_valid(&elsewhere, key).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_expires_on_time_even_if_it_was_just_used() {
    let fixture = Fixture::new().await;
    let tower = fixture.tower();
    let made = tower.key_create(fixture.request(Some(Duration::from_secs(2))), &Grant::operator()).await.unwrap();
    assert!(is_valid(&tower, made.secret.reveal()).await);
    fixture.clock.advance(Duration::from_secs(2));
    assert!(!is_valid(&tower, made.secret.reveal()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_tower_closes_when_another_process_makes_the_first_key() {
    let fixture = Fixture::new().await;
    let (here, elsewhere) = (fixture.tower(), fixture.tower());
    assert_eq!(elsewhere.authenticator().authenticate(None).await.unwrap().principal().name(), "operator");
    here.key_create(fixture.request(None), &Grant::operator()).await.unwrap();
    assert!(matches!(here.authenticator().authenticate(None).await, Err(AuthError::Missing)));
    fixture.clock.advance(Duration::from_secs(5));
    assert!(matches!(elsewhere.authenticator().authenticate(None).await, Err(AuthError::Missing)));
    here.key_revoke("ci".to_owned(), &Grant::operator()).await.unwrap();
    fixture.clock.advance(Duration::from_secs(60));
    assert!(
        matches!(elsewhere.authenticator().authenticate(None).await, Err(AuthError::Missing)),
        "a revoked key is still a key"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_is_kept_nowhere() {
    let fixture = Fixture::new().await;
    let tower = fixture.tower();
    let made = tower.key_create(fixture.request(None), &Grant::operator()).await.unwrap();
    let secret = made.secret.reveal();
    assert!(!format!("{made:?} {tower:?}").contains(secret));
    let kept = tower.key_list().await.unwrap();
    assert!(!format!("{kept:?}").contains(secret));
}
