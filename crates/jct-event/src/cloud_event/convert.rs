//! Between CloudEvents and the tower's own events.

use jct_contract::door::{Path, Violations};
use jct_contract::{EventId, Timestamp, ViolationCode};

use super::{CloudEvent, ExtensionValue};
use crate::new_event::{Parts, read, tags_from_text, tags_to_text};
use crate::{EventError, EventPriority, NewEvent, UnknownPriority};

const PRIORITY: &str = "jctpriority";
const TAGS: &str = "jcttags";

impl CloudEvent {
    /// The event as the tower takes it in: its own two extension attributes become priority and tags.
    ///
    /// # Errors
    /// [`EventError::Violations`] if the type is reserved for the tower, or one of those two attributes cannot be read.
    pub fn into_new_event(mut self) -> Result<NewEvent, EventError> {
        let (root, mut found) = (Path::Root, Violations::default());
        read::refuse_reserved(&self.event_type, root.name("type"), &mut found);
        read::refuse_reserved_source(&self.source, root.name("source"), &mut found);
        let priority = self.extensions.remove(PRIORITY).map(|value| value.to_text().parse::<EventPriority>());
        let priority = priority.transpose().unwrap_or_else(|UnknownPriority| {
            found.report(root.name(PRIORITY), ViolationCode::ValueNotAllowed, UnknownPriority.to_string());
            None
        });
        let tags = self.extensions.remove(TAGS).map(|value| value.to_text());
        let tags = tags.map(|text| tags_from_text(&text, root.name(TAGS), &mut found)).unwrap_or_default();
        if !found.is_empty() {
            return Err(EventError::Violations(found.into_vec()));
        }
        Ok(NewEvent::of_parts(Parts {
            event_type: self.event_type,
            source: self.source,
            id: Some(self.id),
            subject: self.subject,
            time: self.time,
            data: self.data,
            content_type: self.content_type,
            data_schema: self.data_schema,
            extensions: self.extensions,
            priority: priority.unwrap_or_default(),
            tags,
        }))
    }

    /// An event of the tower on its way out. What its source left open is filled in: the id by the tower's own, the
    /// time by the moment at which it was taken in.
    #[must_use]
    pub fn of(event: &NewEvent, id: EventId, taken_in: Timestamp) -> Self {
        let parts = event.parts();
        let mut extensions = parts.extensions.clone();
        extensions.insert(PRIORITY.to_owned(), ExtensionValue::Text(parts.priority.to_string()));
        if !parts.tags.is_empty() {
            extensions.insert(TAGS.to_owned(), ExtensionValue::Text(tags_to_text(&parts.tags)));
        }
        Self {
            id: parts.id.clone().unwrap_or_else(|| id.to_string()),
            source: parts.source.clone(),
            event_type: parts.event_type.clone(),
            subject: parts.subject.clone(),
            time: Some(parts.time.unwrap_or(taken_in)),
            content_type: parts.content_type.clone(),
            data_schema: parts.data_schema.clone(),
            extensions,
            data: parts.data.clone(),
        }
    }
}
