//! Creating a work object.

use jct_contract::{ObjectId, Principal, TraceId, Violation};
use jct_cwom::{ObjectKind, Reference};
use jct_store::model::{NewObject, Versioned};
use jct_store::{CreateAnswer, StoreError};

use crate::Tower;

/// Why an object was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateObjectError {
    /// It refers to objects that do not exist: all of them, never none.
    #[error("the object refers to others that do not exist")]
    Missing(Vec<Reference>),
    /// It refers to objects that do not belong together; never none.
    #[error("the object refers to others that do not belong together")]
    Mismatch(Vec<Violation>),
    /// Another object has what must be unique.
    #[error("{what} already exists")]
    Duplicate {
        /// What kind of object it is.
        kind: ObjectKind,
        /// The object in words, with what must be unique.
        what: String,
        /// The object that was there first.
        existing: ObjectId,
        /// JSON Pointer (RFC 6901) to the member, or to the last of those that are unique together.
        pointer: &'static str,
    },
    /// The database failed.
    #[error("failed to create the object")]
    Store(#[from] StoreError),
}

impl Tower {
    /// Creates an object on behalf of `by`, with its links.
    ///
    /// # Errors
    /// [`CreateObjectError`]; nothing was created, unless the store does not know.
    pub async fn object_create(
        &self,
        new: NewObject,
        by: Principal,
        trace_id: TraceId,
    ) -> Result<Versioned, CreateObjectError> {
        let (kind, what, creator) = (new.kind(), in_words(&new), by.name().to_owned());
        let trace = trace_id.clone();
        match self.store().object_create(new, by, trace_id).await? {
            CreateAnswer::Created(created) => {
                let id = created.object.id();
                log::info!(trace_id = trace.as_str(), kind = kind.as_str(), id:% = id, by = creator.as_str(); "object created");
                Ok(created)
            }
            CreateAnswer::Missing(references) => Err(CreateObjectError::Missing(references)),
            CreateAnswer::Mismatch(violations) => Err(CreateObjectError::Mismatch(violations)),
            CreateAnswer::Duplicate { existing, pointer } => {
                Err(CreateObjectError::Duplicate { kind, what, existing, pointer })
            }
        }
    }
}

/// The object by what must be unique about it.
fn in_words(new: &NewObject) -> String {
    match new {
        NewObject::Repo(new) => format!("Repo with slug '{}'", new.slug),
        NewObject::DoctrineRef(new) => format!("DoctrineRef '{}/{}@{}'", new.namespace, new.name, new.version),
        NewObject::ContextPacket(new) => {
            format!("ContextPacket with version '{}' of Issue '{}'", new.version, new.for_issue.id)
        }
        NewObject::Issue(_) | NewObject::ConstraintSnapshot(_) | NewObject::Run(_) | NewObject::Artifact(_) => {
            new.kind().to_string()
        }
    }
}
