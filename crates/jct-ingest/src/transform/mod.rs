//! From the text of a document to the pieces that are embedded.

mod html;
mod split;

pub(crate) use html::{is_html, text_of};
pub(crate) use split::{Piece, SplitError, split};
