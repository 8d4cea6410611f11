//! What the doors of events let in, what they refuse, and that CloudEvents survive the way out and back.

mod cloud_events;
mod doors;
mod properties;
mod tower;
