//! The declarations: one table per object, from which its type, its door and its JSON Schema are made.

mod declare;
mod model;

pub(crate) use declare::{shape, wire_name, work_object};
pub(crate) use model::{
    EMPTY, Member, OPTIONAL, Object, Presence, REQUIRED, Rule, Shaped, integer, list, number, object, or, prose,
    reference, references, text, texts, word,
};
