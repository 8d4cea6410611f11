//! placeholder
use super::args::UpArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
pub(crate) fn run(_args: UpArgs, _context: &Context) -> Result<Exit, Failure> { Ok(Exit::Success) }
