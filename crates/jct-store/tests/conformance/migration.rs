//! Migrations: up, down, up; refused where they must be; and the same schema on both engines at the end.

use jct_contract::IsolationLevel;
use jct_store::model::Claim;
use jct_store::{OpenError, StatusAction, StoreOptions, migrations};

use crate::support::{Db, LEASE, change, on_both_engines, reap, schema, task, worker};

on_both_engines![
    invariant_10_both_migration_sets_go_up_down_up_and_end_in_the_same_schema,
    the_tables_are_those_the_code_was_written_for,
    an_outdated_schema_is_refused_when_migrating_is_not_allowed,
    an_old_binary_refuses_a_newer_schema,
    processes_that_start_together_migrate_once,
    tasks_from_before_there_were_lanes_are_claimed,
];

const UNMIGRATED: StoreOptions =
    StoreOptions { migrate: false, read_connections: 1, writers: 1, clock: None, audit: true };

async fn invariant_10_both_migration_sets_go_up_down_up_and_end_in_the_same_schema(db: Db) {
    let up = migrations::migrate(db.url()).await.unwrap();
    assert!(!up.is_empty() && up.iter().all(|one| one.applied && one.known));
    let fresh = schema::describe(&db).await;
    // One description for both engines: whichever runs, it must find the same.
    insta::assert_snapshot!("schema", fresh);

    let down = migrations::rollback(db.url(), up.len()).await.unwrap();
    assert!(down.iter().all(|one| !one.applied));
    assert_eq!(schema::describe(&db).await, "", "a rollback of everything leaves nothing");
    migrations::migrate(db.url()).await.unwrap();
    assert_eq!(schema::describe(&db).await, fresh);
    task().enqueue(&db.store().await).await;
    // Once more with rows in the tables, and one step at a time.
    for _ in 0..up.len() {
        migrations::rollback(db.url(), 1).await.unwrap();
    }
    migrations::migrate(db.url()).await.unwrap();
    assert_eq!(schema::describe(&db).await, fresh);
    assert_eq!(db.count("tasks").await, 0);
}

async fn the_tables_are_those_the_code_was_written_for(db: Db) {
    migrations::migrate(db.url()).await.unwrap();
    let code = schema::in_code(concat!(
        include_str!("../../src/schema.rs"),
        include_str!("../../src/schema_controls.rs"),
        include_str!("../../src/schema_events.rs"),
        include_str!("../../src/schema_jobs.rs"),
        include_str!("../../src/schema_objects.rs"),
        include_str!("../../src/schema_workflows.rs")
    ));
    let database = schema::columns(&db).await;
    for (line, expected) in database.iter().zip(&code) {
        assert_eq!(line, expected);
    }
    assert_eq!(database.len(), code.len());
}

async fn an_outdated_schema_is_refused_when_migrating_is_not_allowed(db: Db) {
    let status = migrations::status(db.url()).await.unwrap();
    let refused = db.open(UNMIGRATED).await.unwrap_err();
    let OpenError::Outdated { pending } = refused else { panic!("{refused:?}") };
    assert_eq!(pending, status.len());
    assert!(refused.to_string().contains("jct db migrate"), "the way out is named: {refused}");
    assert_eq!(schema::describe(&db).await, "", "a refusal changes nothing");
    migrations::migrate(db.url()).await.unwrap();
    task().enqueue(&db.open(UNMIGRATED).await.unwrap()).await;
}

async fn an_old_binary_refuses_a_newer_schema(db: Db) {
    db.store().await.close().await;
    db.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')").await.unwrap();
    for options in [StoreOptions::default(), UNMIGRATED] {
        let refused = db.open(options).await.unwrap_err();
        assert!(matches!(&refused, OpenError::Newer { unknown } if unknown == "9999"), "{refused:?}");
    }
    let unknown = migrations::status(db.url()).await.unwrap().into_iter().find(|one| !one.known).unwrap();
    assert_eq!((unknown.name.as_str(), unknown.applied), ("9999", true));
}

async fn processes_that_start_together_migrate_once(db: Db) {
    let opening = (0..6).map(|_| {
        let db = db.clone();
        tokio::spawn(async move { db.open(StoreOptions::default()).await })
    });
    let opened: Vec<_> = futures_util::future::join_all(opening).await.into_iter().map(Result::unwrap).collect();
    for store in opened {
        task().enqueue(&store.unwrap()).await;
    }
    assert_eq!(db.count("tasks").await, 6);
}

async fn tasks_from_before_there_were_lanes_are_claimed(db: Db) {
    let store = db.store().await;
    let me = worker("w");
    let running = task().executor("alpha").enqueue(&store).await;
    assert_eq!(me.claim_only(&store, &["alpha"], 1).await.len(), 1);
    let insists = task().isolation("L2").enqueue(&store).await;
    let held = task().held().enqueue(&store).await;
    store.close().await;
    let all = migrations::status(db.url()).await.unwrap();
    let steps = all.iter().filter(|one| one.name.as_str() >= "0005").count();
    migrations::rollback(db.url(), steps).await.unwrap();
    migrations::migrate(db.url()).await.unwrap();

    let store = db.store().await;
    let claim = async |level| {
        let claim = Claim { isolation: Some(level), ..me.request(10) };
        store.claim(claim).await.unwrap().iter().map(|task| task.lease.task_id).collect::<Vec<_>>()
    };
    assert_eq!(claim(IsolationLevel::L1).await, []);
    change(&store, held, "ana", StatusAction::Release).await;
    assert_eq!(claim(IsolationLevel::L1).await, [held]);
    // New tasks of the same kind stand in a lane of their own beside the old one, and are merged with it by age.
    db.pass_seconds(1);
    let newer = task().objective("newer").isolation("L2").enqueue(&store).await;
    assert_eq!(claim(IsolationLevel::L2).await, [insists, newer]);
    db.pass(LEASE);
    reap(&store).await;
    db.pass_seconds(600);
    let again = me.claim_only(&store, &["alpha"], 1).await;
    assert_eq!((again[0].lease.task_id, again[0].attempt), (running, 2));
}
