//! Workflows over HTTP. Nobody drives their runs here, so that each stays as it began.

mod change;
mod define;
mod runs;
mod support;
