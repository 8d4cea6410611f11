//! Events on their way in: those that are handed in, and the tower's own.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jct_contract::EventId;
use jct_event::NewEvent;
use jct_event::limits::CHAIN_MAX_DEPTH;

use super::{Conn, primitives};
use crate::StoreError;
use crate::command::{Answer, Command};
use crate::command_events::{EventAnswer, EventWrite};
use crate::context::Context;
use crate::journal::Actor;
use crate::model::{EmittedEvent, EventPost, EventPosted};
use crate::rows::{BusDocumentRow, BusRow, time};
use crate::schema_events::events;
use crate::types::Id;

/// Whose the tower's own events are.
const TOWER: Actor<'static> = Actor::system("tower");

/// Keeps the events of all commands that hand some in; each command's answer goes to its place.
pub(crate) async fn post_all(
    conn: &mut Conn,
    context: Context<'_>,
    commands: &[&Command],
    answers: &mut [Option<Answer>],
) -> Result<(), StoreError> {
    if commands.iter().all(|command| posts_of(command).is_none()) {
        return Ok(());
    }
    let posts: Vec<&EventPost> = commands.iter().filter_map(|command| posts_of(command)).flatten().collect();
    let mut posted = post(conn, context, &posts).await?.into_iter();
    for (answer, command) in answers.iter_mut().zip(commands) {
        if let Some(posts) = posts_of(command) {
            let own = posted.by_ref().take(posts.len()).collect();
            *answer = Some(Answer::Event(Box::new(EventAnswer::Posted(own))));
        }
    }
    Ok(())
}

/// The events that a command hands in, if that is what it does.
fn posts_of(command: &Command) -> Option<&[EventPost]> {
    match command {
        Command::Event(write) => match &**write {
            EventWrite::Post(posts) => Some(posts),
            _ => None,
        },
        _ => None,
    }
}

async fn post(conn: &mut Conn, context: Context<'_>, posts: &[&EventPost]) -> Result<Vec<EventPosted>, StoreError> {
    let mut rows = Vec::with_capacity(posts.len());
    let mut documents = HashMap::with_capacity(posts.len());
    for post in posts {
        let at = context.shared.next_created_at(context.now);
        let row =
            BusRow::pending(&post.event, post.idempotency_key.as_deref(), Actor::from(&post.by), (at, context.now));
        documents.insert(row.id, row.document(&post.event));
        rows.push(row);
    }
    let inserted = insert(conn, &rows, documents).await?;
    let known = known(conn, rows.iter().filter(|row| !inserted.contains(&row.id))).await?;
    rows.iter()
        .map(|row| {
            if inserted.contains(&row.id) {
                return Ok(EventPosted::Created { id: row.id.into(), created_at: time(row.created_at) });
            }
            let key = row.event_key.as_deref().unwrap_or_default();
            let (id, digest, created_at) = known
                .get(key)
                .ok_or_else(|| StoreError::corrupt("an event was refused without a key that explains it"))?;
            let id = EventId::from(*id);
            Ok(if *digest == row.digest {
                EventPosted::Replayed { id, created_at: time(*created_at) }
            } else {
                EventPosted::KeyReused { id }
            })
        })
        .collect()
}

/// Id, digest and time of the events that have the keys of `rows`.
async fn known<'r>(
    conn: &mut Conn,
    rows: impl Iterator<Item = &'r BusRow>,
) -> Result<HashMap<String, (Id, String, i64)>, StoreError> {
    let keys: HashSet<String> = rows.filter_map(|row| row.event_key.clone()).collect();
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<(Option<String>, Id, String, i64)> = events::table
        .filter(events::event_key.eq_any(keys))
        .select((events::event_key, events::id, events::digest, events::created_at))
        .load(conn)
        .await?;
    Ok(found.into_iter().map(|(key, id, digest, at)| (key.unwrap_or_default(), (id, digest, at))).collect())
}

/// Inserts what has a free key; returns the ids of those.
async fn insert(
    conn: &mut Conn,
    rows: &[BusRow],
    mut documents: HashMap<Id, BusDocumentRow>,
) -> Result<HashSet<Id>, StoreError> {
    // In one order everywhere, so that two writers do not wait for each other.
    let mut sorted = rows.to_vec();
    sorted.sort_by(|one, other| one.event_key.cmp(&other.event_key));
    let inserted = primitives::insert_bus(conn, &sorted).await?;
    documents.retain(|id, _| inserted.contains(id));
    let documents: Vec<BusDocumentRow> = documents.into_values().collect();
    primitives::insert_bus_documents(conn, &documents).await?;
    Ok(inserted)
}

/// Keeps the tower's own events as a part of the open transaction; those that are known stay as they are. One that
/// stands behind too many others is dead from the start. Returns how many are new.
pub(crate) async fn emit(conn: &mut Conn, context: Context<'_>, emitted: &[EmittedEvent]) -> Result<u64, StoreError> {
    if emitted.is_empty() {
        return Ok(0);
    }
    let mut rows = Vec::with_capacity(emitted.len());
    let mut documents = HashMap::with_capacity(emitted.len());
    for one in emitted {
        let event = NewEvent::of_tower(&one.event, one.id.clone(), one.at);
        let at = context.shared.next_created_at(context.now);
        let mut row = BusRow::pending(&event, None, TOWER, (at, context.now)).caused(one.cause.as_ref());
        if row.depth > i64::from(CHAIN_MAX_DEPTH) {
            let depth = row.depth;
            row = row.dead(format!(
                "stands behind {depth} events of the tower, each the consequence of the one before; that looks like a \
                 loop, for more than {CHAIN_MAX_DEPTH} are none"
            ));
        }
        documents.insert(row.id, row.document(&event));
        rows.push(row);
    }
    Ok(insert(conn, &rows, documents).await?.len() as u64)
}
