//! A call of a tool: the tower, and on whose behalf.

use jct_tower::Tower;

use crate::caller::Caller;

/// What every tool is given.
pub(crate) struct Call {
    pub(crate) tower: Tower,
    pub(crate) caller: Caller,
}
