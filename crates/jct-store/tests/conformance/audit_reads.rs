//! Reading the audit log: lists with every filter, pages, and whole chains in bounded pieces.

use jct_store::Store;
use jct_store::model::{AuditFilter, ChainFilter, ChainRow, Page, PageStart};

use crate::support::{Db, cancel, change, enqueue_many, on_both_engines, principal, task};

on_both_engines![
    a_list_is_newest_first_and_each_filter_narrows_it,
    pages_by_cursor_and_by_offset_hold_everything_once,
    a_chain_is_read_in_pieces,
    whole_chains_come_in_pieces_of_any_size,
    a_row_that_is_no_entry_is_named_and_not_listed,
];

async fn list(store: &Store, filter: AuditFilter) -> Vec<(String, u64)> {
    let page = store.audit_list(filter, PageStart::Offset(0), 500).await.unwrap();
    assert_eq!(page.next, None);
    page.items.into_iter().map(|entry| (entry.entity_id, entry.seq)).collect()
}

async fn a_list_is_newest_first_and_each_filter_narrows_it(db: Db) {
    let store = db.store().await;
    let (first, second) = (task().build(), task().build());
    let ids: Vec<String> = {
        let answers = store.enqueue(vec![first.clone(), second]).await.unwrap();
        answers.iter().map(|answer| crate::support::created(answer).to_string()).collect()
    };
    let created_at = db.now();
    db.pass_seconds(10);
    change(&store, ids[0].parse().unwrap(), "alice", cancel()).await;
    store.queue_pause(principal("bob"), "lunch".to_owned()).await.unwrap();
    let at = |id: &str, seq| (id.to_owned(), seq);
    let (one, two, paused, ended) = (at(&ids[0], 1), at(&ids[1], 1), at("tasks", 1), at(&ids[0], 2));
    let all = AuditFilter::default;
    assert_eq!(list(&store, all()).await, [paused.clone(), ended.clone(), two.clone(), one.clone()]);
    let text = |text: &str| Some(text.to_owned());
    for (filter, expected) in [
        (AuditFilter { entity_kind: text("queue"), ..all() }, vec![paused.clone()]),
        (AuditFilter { entity_id: text(&ids[0]), ..all() }, vec![ended.clone(), one.clone()]),
        (AuditFilter { trace_id: text(first.trace_id.as_str()), ..all() }, vec![ended.clone(), one.clone()]),
        (AuditFilter { actor: text("alice"), ..all() }, vec![ended.clone()]),
        (AuditFilter { action: text("created"), ..all() }, vec![two.clone(), one.clone()]),
        (AuditFilter { after: Some(created_at), ..all() }, vec![paused.clone(), ended.clone()]),
        (AuditFilter { before: Some(db.now()), ..all() }, vec![two, one]),
        (AuditFilter { actor: text("alice"), entity_kind: text("queue"), ..all() }, vec![]),
    ] {
        assert_eq!(list(&store, filter.clone()).await, expected, "{filter:?}");
    }
}

async fn pages_by_cursor_and_by_offset_hold_everything_once(db: Db) {
    let store = db.store().await;
    enqueue_many(&store, 25).await;
    let whole = list(&store, AuditFilter::default()).await;
    let (mut by_cursor, mut start) = (Vec::new(), PageStart::Offset(0));
    loop {
        let Page { items, next } = store.audit_list(AuditFilter::default(), start, 10).await.unwrap();
        by_cursor.extend(items.into_iter().map(|entry| (entry.entity_id, entry.seq)));
        // What comes in between does not shift what follows.
        task().enqueue(&store).await;
        let Some(next) = next else { break };
        start = PageStart::After(next.to_string().parse().unwrap());
    }
    assert_eq!(by_cursor, whole);
    let page = store.audit_list(AuditFilter::default(), PageStart::Offset(3), 25).await.unwrap();
    assert_eq!(page.next, None, "three came in between, and three were skipped");
    assert_eq!(page.items.len(), 25);
}

async fn a_chain_is_read_in_pieces(db: Db) {
    let store = db.store().await;
    for _ in 0..3 {
        store.queue_pause(principal("bob"), "lunch".to_owned()).await.unwrap();
        store.queue_resume(principal("bob")).await.unwrap();
    }
    let numbers = async |after, limit| {
        let entries = store.audit_chain("queue", "tasks", after, limit).await.unwrap();
        entries.iter().map(|entry| entry.seq).collect::<Vec<_>>()
    };
    assert_eq!(numbers(0, 10).await, [1, 2, 3, 4, 5, 6]);
    assert_eq!(numbers(2, 3).await, [3, 4, 5]);
    assert!(numbers(6, 3).await.is_empty());
    assert!(store.audit_chain("queue", "other", 0, 3).await.unwrap().is_empty());
}

async fn chains(store: &Store, filter: &ChainFilter, limit: u32) -> Vec<(String, String, u64)> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let piece = store.audit_chains(filter.clone(), after, limit).await.unwrap();
        assert!(piece.rows.len() <= limit as usize);
        all.extend(piece.rows.into_iter().map(|row| match row {
            ChainRow::Entry(entry) => (entry.entity_kind, entry.entity_id, entry.seq),
            ChainRow::Unreadable { entity_kind, entity_id, seq, .. } => (entity_kind, entity_id, seq),
        }));
        let Some(next) = piece.next else { return all };
        after = Some(next);
    }
}

async fn whole_chains_come_in_pieces_of_any_size(db: Db) {
    let store = db.store().await;
    let tasks = vec![task().build(), task().build(), task().build()];
    let ids: Vec<_> = store.enqueue(tasks.clone()).await.unwrap().iter().map(crate::support::created).collect();
    for id in &ids[..2] {
        change(&store, *id, "alice", cancel()).await;
    }
    store.queue_pause(principal("bob"), "lunch".to_owned()).await.unwrap();
    let whole = chains(&store, &ChainFilter::Whole, 100).await;
    assert_eq!(whole.len(), 6);
    for limit in 1..=6 {
        assert_eq!(chains(&store, &ChainFilter::Whole, limit).await, whole, "in pieces of {limit}");
    }
    let id = ids[0].to_string();
    let expected = [("task".to_owned(), id.clone(), 1), ("task".to_owned(), id.clone(), 2)];
    let entity = ChainFilter::Entity { entity_kind: "task".to_owned(), entity_id: id };
    assert_eq!(chains(&store, &entity, 1).await, expected);
    let trace = ChainFilter::Trace { trace_id: tasks[0].trace_id.to_string() };
    assert_eq!(chains(&store, &trace, 1).await, expected);
}

async fn a_row_that_is_no_entry_is_named_and_not_listed(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    change(&store, id, "alice", cancel()).await;
    let drop = if db.is_postgres() {
        "ALTER TABLE audit_log DISABLE TRIGGER USER"
    } else {
        "DROP TRIGGER audit_log_no_update"
    };
    db.execute(drop).await.unwrap();
    db.execute("UPDATE audit_log SET seq = -1 WHERE seq = 2").await.unwrap();
    let rows = store.audit_chains(ChainFilter::Whole, None, 10).await.unwrap().rows;
    assert!(matches!(&rows[0], ChainRow::Unreadable { seq: 0, why, .. } if why.contains("number")), "{rows:?}");
    assert!(matches!(&rows[1], ChainRow::Entry(entry) if entry.seq == 1));
    assert_eq!(list(&store, AuditFilter::default()).await, [(id.to_string(), 1)]);
    db.execute("UPDATE audit_log SET seq = 2, ts = 9223372036854775807 WHERE seq = -1").await.unwrap();
    let rows = store.audit_chains(ChainFilter::Whole, None, 10).await.unwrap().rows;
    assert!(matches!(&rows[1], ChainRow::Unreadable { seq: 2, why, .. } if why.contains("time")), "{rows:?}");
    if !db.is_postgres() {
        db.execute("UPDATE audit_log SET ts = 1, id = 'no-id' WHERE seq = 2").await.unwrap();
        let rows = store.audit_chains(ChainFilter::Whole, None, 10).await.unwrap().rows;
        assert!(matches!(&rows[1], ChainRow::Unreadable { seq: 2, why, .. } if why.contains("id")), "{rows:?}");
    }
}
