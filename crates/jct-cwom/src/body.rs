//! What comes in over the wire, to create an object or to change one: the only door to it, and what it refers to.

use jct_contract::{DocumentLimits, JsonValue, Violation, ViolationCode, parse_document};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::door;
use crate::error::ObjectError;
use crate::objects::{
    IssueChange, NewArtifact, NewConstraintSnapshot, NewContextPacket, NewDoctrineRef, NewIssue, NewRepo,
    NewReviewDecision, NewRun, RunChange,
};
use crate::references::{self, Reference};
use crate::shape::Shaped;

/// Something that a caller sends: a new object of one of the kinds that callers create, or a change of an issue or a run.
///
/// It comes in through [`parse`]. Its `Deserialize` is for what is stored: it knows neither limits nor defaults.
pub trait Body: Shaped + Serialize + DeserializeOwned {
    /// Every object that has to exist for this one to be accepted, in the order of the wire, each with the place where
    /// it is named.
    fn references(&self) -> Vec<Reference> {
        references::of(Self::SHAPE, self)
    }
}

macro_rules! bodies {
    ($($name:ident)+) => {
        $(impl Body for $name {})+
    };
}

bodies! {
    NewRepo NewIssue NewContextPacket NewConstraintSnapshot NewDoctrineRef NewRun NewArtifact NewReviewDecision IssueChange
    RunChange
}

/// The door: bytes in, the object or everything that is wrong with it out.
///
/// # Errors
/// [`ObjectError::Malformed`] if the bytes are not one JSON text in UTF-8, else [`ObjectError::Violations`] with all of
/// them: for each object first its repeated and unknown names, then its members in the order of the declaration.
pub fn parse<T: Body>(bytes: &[u8]) -> Result<T, ObjectError> {
    let document = parse_document(bytes, DocumentLimits::default()).map_err(ObjectError::Malformed)?;
    parse_value(document.root()).map_err(ObjectError::Violations)
}

/// The same door for a value inside a document that was parsed as a whole. Pointers start at the value.
///
/// # Errors
/// Every violation, in the same order; never an empty list.
pub fn parse_value<T: Body>(value: &JsonValue<'_>) -> Result<T, Vec<Violation>> {
    let members = door::read(T::SHAPE, value)?;
    // A property test holds that no declaration lets through what its type cannot hold; if one ever did, the caller
    // would be told so.
    serde_json::from_value(members).map_err(|error| {
        let message = format!("cannot be held: {error}");
        vec![Violation { pointer: String::new(), code: ViolationCode::ValueNotAllowed, message }]
    })
}
