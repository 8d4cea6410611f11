//! The surface as a client sees it, against a real store in a temporary folder.
//!
//! Each test has a tower of its own. Requests go through the whole stack, edge included, without a socket; only what
//! needs one (slow bodies, shutdown) has one.

mod access;
mod app;
mod audit;
mod batch;
mod cwom;
mod documents;
mod edge;
mod enqueue;
mod events;
mod evidence;
mod hostile;
mod jobs;
mod keys;
mod lifecycle;
mod list;
mod manifests;
mod metrics;
mod reviews;
mod runs;
mod socket;
mod system;
mod worker;
mod workflows;
