//! The background services of this process: each says when it took its last turn and what went wrong last. One that has
//! ended says so: nothing that is over counts as running.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jct_contract::{Clock, SystemClock, Timestamp};

/// How a service stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceStatus {
    /// Its last turn was good, or it has yet to take its first.
    Running,
    /// Its last turn failed; it goes on trying.
    Failing,
    /// It is over.
    Ended,
}

/// A service and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceView {
    /// Its name.
    pub name: &'static str,
    /// How it stands.
    pub status: ServiceStatus,
    /// When its last good turn ended.
    pub last_turn_at: Option<Timestamp>,
    /// What went wrong last, and when; the log has the cause.
    pub last_error: Option<(&'static str, Timestamp)>,
}

/// All services of a process.
#[derive(Clone, Debug, Default)]
pub struct Services {
    all: Arc<Mutex<BTreeMap<&'static str, ServiceView>>>,
}

/// A service in the hands of whoever runs it. Dropped, it has ended.
#[derive(Debug)]
pub struct Service {
    name: &'static str,
    services: Services,
}

impl ServiceStatus {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Failing => "failing",
            Self::Ended => "ended",
        }
    }
}

impl Services {
    /// Registers a service that begins; one of the same name that was there before is forgotten.
    #[must_use]
    pub fn register(&self, name: &'static str) -> Service {
        let view = ServiceView { name, status: ServiceStatus::Running, last_turn_at: None, last_error: None };
        self.lock().insert(name, view);
        Service { name, services: self.clone() }
    }

    /// Every service, by name.
    #[must_use]
    pub fn view(&self) -> Vec<ServiceView> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, ServiceView>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service {
    /// A turn was taken.
    pub fn turned(&self) {
        self.change(|view| {
            view.status = ServiceStatus::Running;
            view.last_turn_at = Some(SystemClock.now());
        });
    }

    /// A turn failed. The text is shown to everybody who may see the status: nothing that a secret or a path could be in.
    pub fn failed(&self, error: &'static str) {
        self.change(|view| {
            view.status = ServiceStatus::Failing;
            view.last_error = Some((error, SystemClock.now()));
        });
    }

    fn change(&self, change: impl FnOnce(&mut ServiceView)) {
        if let Some(view) = self.services.lock().get_mut(self.name) {
            change(view);
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.change(|view| view.status = ServiceStatus::Ended);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_says_how_it_stands_and_when_it_is_over() {
        let services = Services::default();
        let service = services.register("reaper");
        let status = || services.view()[0].status;
        assert_eq!((status(), services.view()[0].last_turn_at), (ServiceStatus::Running, None));
        service.failed("the database does not answer");
        assert_eq!(status(), ServiceStatus::Failing);
        service.turned();
        let view = services.view().remove(0);
        assert_eq!(view.status, ServiceStatus::Running);
        assert!(view.last_turn_at.is_some(), "{view:?}");
        assert_eq!(view.last_error.map(|(error, _)| error), Some("the database does not answer"));
        drop(service);
        assert_eq!(status(), ServiceStatus::Ended);
    }
}
