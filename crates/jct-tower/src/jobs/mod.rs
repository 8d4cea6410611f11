//! Jobs: everything that is queued, as those see it who hand work in or take it over HTTP.

pub mod intake;
