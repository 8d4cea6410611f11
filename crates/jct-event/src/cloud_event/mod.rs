//! CloudEvents 1.0: reading and writing the HTTP binding's structured, batched and binary forms.
//!
//! A message is read in three steps: [`content_mode`] says from the content type which form it is in, one of
//! [`CloudEvent::from_structured`], [`CloudEvent::from_batch`] and [`CloudEvent::from_binary`] reads it, and
//! [`CloudEvent::into_new_event`] makes an event of the tower of it. The way out is [`CloudEvent::of`] and then
//! [`CloudEvent::to_structured`] or [`CloudEvent::to_binary`].
//!
//! Two extension attributes are the tower's: `jctpriority`, one of its priorities, and `jcttags`, the JSON text of an
//! object of strings. All others are carried as they came.

mod binary;
mod convert;
mod event;
mod extension;
mod mode;
mod structured;

pub use binary::BinaryMessage;
pub use event::CloudEvent;
pub use extension::ExtensionValue;
pub use mode::{BATCH_CONTENT_TYPE, ContentMode, STRUCTURED_CONTENT_TYPE, content_mode};
