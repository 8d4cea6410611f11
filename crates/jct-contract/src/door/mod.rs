//! The door: one walk over a parsed document that ends with a task or with everything that is wrong with it.
//!
//! What the walk is made of is public, so that other contracts of the tower refuse in the same words. A walk opens each
//! object with [`Fields::open`], reads its members with the functions here, goes on after a violation so that all are
//! found, and looks at [`Violations::is_empty`] at the end.
//!
//! ```rust
//! use jct_contract::door::{self, Fields, Names, Path, Violations};
//! use jct_contract::{DocumentLimits, parse_document};
//!
//! let document = parse_document(br#"{"nam": "x", "size": "12"}"#, DocumentLimits::default())?;
//! let (root, mut violations) = (Path::Root, Violations::default());
//! if let Some(fields) = Fields::open(document.root(), &root, Names::only(&["name", "size"]), &mut violations) {
//!     let name = fields.required("name", &mut violations);
//!     let name = name.and_then(|field| door::text(field, &(1..=64), &mut violations));
//!     let size = fields.get("size").and_then(|field| door::integer(field, &mut violations));
//!     assert_eq!((name, size), (None, None));
//! }
//! let found: Vec<_> = violations.into_vec().iter().map(ToString::to_string).collect();
//! assert_eq!(found, [
//!     "/nam: unknown field `nam`; did you mean `name`?",
//!     "/name: the field is required",
//!     "/size: must be an integer, not a string",
//! ]);
//! # Ok::<(), jct_contract::DocumentError>(())
//! ```

mod fields;
mod hints;
mod names;
mod task;

pub use crate::canonical::canonical_len;
pub use crate::free_form::{any as free_form_value, object as free_form, without_nul};
pub use crate::pointer::Path;
pub use crate::violation::Violations;
pub use fields::{Field, Fields, Names, any_text, boolean, integer, length, number, text, wrong_type};
pub use task::{header_key, idempotency_key};

pub(crate) use task::Door;
