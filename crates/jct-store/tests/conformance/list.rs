//! Lists: filters that hold, an order that never changes, pages that miss nothing.

use std::time::Duration;

use jct_contract::{Operation, RequesterKind, TaskId};
use jct_lifecycle::TaskStatus;
use jct_store::Store;
use jct_store::model::{Cursor, Page, PageStart, TaskFilter, TaskRecord};

use crate::support::{
    Db, cancel, change, completed, enqueue_many, fail, on_both_engines, principal, settle, task, worker,
};

on_both_engines![
    the_newest_task_comes_first,
    pages_by_cursor_cover_everything_once_while_tasks_arrive,
    pages_by_offset_agree_with_pages_by_cursor,
    every_filter_shows_exactly_what_fits,
    filters_combine,
    a_task_moves_from_list_to_list_with_its_status,
    the_bounds_of_time_are_exclusive,
    a_cursor_may_name_a_task_that_left_the_list,
    the_queue_at_a_glance_counts_every_status,
    a_place_in_line_counts_what_is_due_before_it,
    finished_tasks_are_told_in_the_order_they_ended,
];

fn ids(page: &Page<TaskRecord>) -> Vec<TaskId> {
    page.items.iter().map(|record| record.id).collect()
}

async fn all(store: &Store, filter: &TaskFilter) -> Vec<TaskId> {
    let page = store.task_list(filter.clone(), PageStart::Offset(0), 500).await.unwrap();
    assert_eq!(page.next, None);
    ids(&page)
}

fn newest_first(mut ids: Vec<TaskId>) -> Vec<TaskId> {
    ids.sort_unstable();
    ids.reverse();
    ids
}

async fn the_newest_task_comes_first(db: Db) {
    let store = db.store().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(task().enqueue(&store).await);
        db.pass(Duration::from_micros(1));
    }
    // Tasks of the very same moment keep the order in which they were handed in.
    made.extend(enqueue_many(&store, 5).await);
    assert_eq!(all(&store, &TaskFilter::default()).await, made.iter().rev().copied().collect::<Vec<_>>());
}

async fn pages_by_cursor_cover_everything_once_while_tasks_arrive(db: Db) {
    let store = db.store().await;
    let made = enqueue_many(&store, 53).await;
    let (mut seen, mut start, mut pages) = (Vec::new(), PageStart::Offset(0), 0);
    loop {
        let page = store.task_list(TaskFilter::default(), start, 7).await.unwrap();
        seen.extend(ids(&page));
        pages += 1;
        // Newer tasks come in and older ones change their status: neither may shift what follows.
        db.pass_seconds(1);
        enqueue_many(&store, 3).await;
        worker("runner").claim(&store, 2).await;
        match page.next {
            // Through text and back, as over HTTP.
            Some(next) => start = PageStart::After(next.to_string().parse::<Cursor>().unwrap()),
            None => break,
        }
    }
    assert_eq!((pages, seen), (8, newest_first(made)));
}

async fn pages_by_offset_agree_with_pages_by_cursor(db: Db) {
    let store = db.store().await;
    let expected = newest_first(enqueue_many(&store, 20).await);
    for offset in [0_u32, 1, 5, 19, 20, 21, 10_000] {
        let page = store.task_list(TaskFilter::default(), PageStart::Offset(offset), 4).await.unwrap();
        let rest: Vec<TaskId> = expected.iter().skip(offset as usize).take(4).copied().collect();
        assert_eq!(ids(&page), rest);
        assert_eq!(page.next.is_some(), offset < 16);
    }
    let after = PageStart::After(Cursor::after(expected[9]));
    let page = store.task_list(TaskFilter::default(), after, 500).await.unwrap();
    assert_eq!((ids(&page), page.next), (expected[10..].to_vec(), None));
}

async fn every_filter_shows_exactly_what_fits(db: Db) {
    let store = db.store().await;
    let mut by_operation = Vec::new();
    for operation in Operation::ALL {
        by_operation.push((operation, task().operation(operation.as_str()).enqueue(&store).await));
    }
    for (operation, id) in &by_operation {
        let filter = TaskFilter { operation: Some(*operation), ..TaskFilter::default() };
        assert_eq!(all(&store, &filter).await, [*id]);
    }
    for kind in [RequesterKind::Human, RequesterKind::System] {
        let id = task().requester(kind.as_str()).enqueue(&store).await;
        let filter = TaskFilter { requester_kind: Some(kind), ..TaskFilter::default() };
        assert_eq!(all(&store, &filter).await, [id]);
    }
    let id = task().repo("Partner/Other.git").enqueue(&store).await;
    let filter = |repo: &str| TaskFilter { target_repo: Some(repo.to_owned()), ..TaskFilter::default() };
    assert_eq!(all(&store, &filter("partner/other")).await, [id]);
    assert_eq!(all(&store, &filter("partner/")).await, [], "a repository is no prefix");
    assert_eq!(all(&store, &filter("partner/%")).await, [], "nor a pattern");
}

async fn filters_combine(db: Db) {
    let store = db.store().await;
    enqueue_many(&store, 3).await;
    db.pass_seconds(1);
    let middle = db.now();
    let wanted = task().operation("docs").repo("partner/app").requester("human").enqueue(&store).await;
    task().operation("docs").repo("partner/app").enqueue(&store).await;
    task().operation("docs").requester("human").enqueue(&store).await;
    task().held().operation("docs").repo("partner/app").requester("human").enqueue(&store).await;
    db.pass_seconds(1);
    let filter = TaskFilter {
        status: Some(TaskStatus::Queued),
        operation: Some(Operation::Docs),
        requester_kind: Some(RequesterKind::Human),
        target_repo: Some("partner/app".to_owned()),
        created_after: Some(jct_contract::Timestamp::from_micros(middle.as_micros() - 1)),
        created_before: Some(db.now()),
        ..TaskFilter::default()
    };
    assert_eq!(all(&store, &filter).await, [wanted]);
}

async fn a_task_moves_from_list_to_list_with_its_status(db: Db) {
    let store = db.store().await;
    let pending = task().held().enqueue(&store).await;
    let done = task().enqueue(&store).await;
    let claimed = worker("runner").claim_one(&store).await;
    settle(&store, claimed.lease, completed("{}")).await;
    let failed = task().enqueue(&store).await;
    change(&store, failed, "operator", fail("no")).await;
    let cancelled = task().enqueue(&store).await;
    change(&store, cancelled, "operator", cancel()).await;
    let running = task().enqueue(&store).await;
    worker("runner").claim_one(&store).await;
    let queued = task().enqueue(&store).await;
    let expected = [pending, queued, running, done, failed, cancelled];
    for (status, id) in TaskStatus::ALL.into_iter().zip(expected) {
        let filter = TaskFilter { status: Some(status), ..TaskFilter::default() };
        let page = store.task_list(filter, PageStart::Offset(0), 10).await.unwrap();
        assert_eq!(ids(&page), [id]);
        assert_eq!(page.items[0].state.status(), status);
    }
}

async fn the_bounds_of_time_are_exclusive(db: Db) {
    let store = db.store().await;
    let id = task().enqueue(&store).await;
    let at = id.created_at();
    let step = |micros: i64| Some(jct_contract::Timestamp::from_micros(at.as_micros() + micros));
    let filter = |created_after, created_before| TaskFilter { created_after, created_before, ..TaskFilter::default() };
    assert_eq!(all(&store, &filter(step(-1), step(1))).await, [id]);
    assert_eq!(all(&store, &filter(step(0), None)).await, []);
    assert_eq!(all(&store, &filter(None, step(0))).await, []);
    let ends = [i64::MIN, -1, 0, i64::MAX].map(jct_contract::Timestamp::from_micros);
    for (early, late) in ends.iter().flat_map(|early| ends.iter().map(move |late| (*early, *late))) {
        let shown = all(&store, &filter(Some(early), Some(late))).await;
        let fits = early < at && at < late;
        assert_eq!(shown.len(), usize::from(fits), "{early} to {late}");
    }
}

async fn a_cursor_may_name_a_task_that_left_the_list(db: Db) {
    let store = db.store().await;
    let made = newest_first(enqueue_many(&store, 6).await);
    let filter = TaskFilter { status: Some(TaskStatus::Queued), ..TaskFilter::default() };
    let page = store.task_list(filter.clone(), PageStart::Offset(0), 3).await.unwrap();
    change(&store, made[2], "operator", cancel()).await;
    let rest = store.task_list(filter, PageStart::After(page.next.unwrap()), 10).await.unwrap();
    assert_eq!(ids(&rest), made[3..]);
}

async fn the_queue_at_a_glance_counts_every_status(db: Db) {
    let store = db.store().await;
    assert_eq!(store.queue_status().await.unwrap().depth, [0; 6]);
    assert_eq!(store.queue_status().await.unwrap().oldest_ready_at, None);
    task().held().enqueue(&store).await;
    enqueue_many(&store, 6).await;
    let oldest = db.now();
    let claimed = worker("runner").claim(&store, 3).await;
    settle(&store, claimed[0].lease, completed("{}")).await;
    settle(&store, claimed[1].lease, crate::support::failed(jct_lifecycle::ReasonCode::WorkerError)).await;
    db.pass_seconds(1);
    let gone = task().enqueue(&store).await;
    change(&store, gone, "operator", cancel()).await;
    let status = store.queue_status().await.unwrap();
    assert_eq!(status.depth, [1, 4, 1, 1, 0, 1]);
    assert_eq!((status.not_due, status.oldest_ready_at, status.paused), (1, Some(oldest), None));
    assert!(store.queue_pause(principal("operator"), "x".to_owned()).await.unwrap());
    assert!(store.queue_status().await.unwrap().paused.is_some());
}

async fn a_place_in_line_counts_what_is_due_before_it(db: Db) {
    let store = db.store().await;
    let line = enqueue_many(&store, 5).await;
    for (ahead, id) in line.iter().enumerate() {
        let position = store.queue_position(*id).await.unwrap().unwrap();
        assert_eq!((position.task_id, position.ahead), (*id, ahead as u64));
        assert_eq!(position.executor, "survey");
    }
    worker("runner").claim(&store, 2).await;
    assert_eq!(store.queue_position(line[0]).await.unwrap(), None);
    assert_eq!(store.queue_position(line[4]).await.unwrap().unwrap().ahead, 2);
    assert_eq!(store.queue_position(TaskId::at(db.now())).await.unwrap(), None);
}

async fn finished_tasks_are_told_in_the_order_they_ended(db: Db) {
    let store = db.store().await;
    let start = db.now();
    let mut ended = Vec::new();
    for id in enqueue_many(&store, 4).await.into_iter().rev() {
        db.pass_seconds(1);
        change(&store, id, "operator", cancel()).await;
        ended.push((id, db.now()));
    }
    let told = store.outcomes_between(start, db.now(), 10).await.unwrap();
    assert_eq!(told.iter().map(|task| (task.task_id, task.finished_at)).collect::<Vec<_>>(), ended);
    let some = store.outcomes_between(ended[0].1, ended[2].1, 10).await.unwrap();
    assert_eq!(some.iter().map(|task| task.task_id).collect::<Vec<_>>(), [ended[1].0, ended[2].0]);
    assert_eq!(store.outcomes_between(start, db.now(), 3).await.unwrap().len(), 3);
}
