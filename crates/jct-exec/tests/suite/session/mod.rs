//! Sessions: what comes out of a workspace, and what never does.

mod attacks;
mod changes;
mod handover;
mod keep;
mod maintain;
mod publish;
mod work;

use work::{RUN, Work, bundle, exists, received, refused, worked};
