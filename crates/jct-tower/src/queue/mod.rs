//! The queue as a whole: stop handing out work, and go on.

mod pause;

pub use pause::PauseChange;
