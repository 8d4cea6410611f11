//! What is told of turns that fail: an outage is one line when it begins and one when it ends, not one a turn.

use jct_store::StoreError;

use super::Causes;
use crate::status::Service;

/// How the turns go of something that is done again and again.
#[derive(Debug)]
pub struct Outage<'s> {
    what: &'static str,
    begins: Option<&'static str>,
    told: &'static str,
    service: Option<&'s Service>,
    failing: bool,
}

impl<'s> Outage<'s> {
    /// None yet. `what` is done, as the log calls it; the service, if there is one, hears of each turn.
    #[must_use]
    pub const fn new(what: &'static str, service: Option<&'s Service>) -> Self {
        Self { what, begins: None, told: "the database does not answer", service, failing: false }
    }

    /// Begins with this line instead of saying that it failed.
    #[must_use]
    pub const fn begins(self, line: &'static str) -> Self {
        Self { begins: Some(line), ..self }
    }

    /// Tells the service this instead of that the database does not answer.
    #[must_use]
    pub const fn tells(self, error: &'static str) -> Self {
        Self { told: error, ..self }
    }

    /// Notes how a turn went.
    pub fn note<T>(&mut self, turn: &Result<T, StoreError>) {
        if let Some(service) = self.service {
            match turn {
                Ok(_) => service.turned(),
                Err(_) => service.failed(self.told),
            }
        }
        match (turn, self.failing, self.begins) {
            (Err(error), false, Some(line)) => log::warn!(cause:% = Causes(error); "{line}"),
            (Err(error), false, None) => log::warn!(cause:% = Causes(error); "{} failed", self.what),
            (Ok(_), true, _) => log::info!("{} works again", self.what),
            (Err(_), true, _) | (Ok(_), false, _) => {}
        }
        self.failing = turn.is_err();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::{ServiceStatus, Services};

    #[test]
    fn the_service_hears_of_each_turn() {
        let services = Services::default();
        let service = services.register("s");
        let mut outage = Outage::new("looking", Some(&service)).tells("it cannot look");
        let stands = || {
            let view = services.view().remove(0);
            (view.status, view.last_turn_at.is_some(), view.last_error.map(|(text, _)| text))
        };
        let failed: Result<(), _> = Err(StoreError::Closed);
        outage.note(&failed);
        assert!(outage.failing);
        assert_eq!(stands(), (ServiceStatus::Failing, false, Some("it cannot look")));
        outage.note(&failed);
        outage.note(&Ok(7));
        assert!(!outage.failing);
        assert_eq!((stands().0, stands().1), (ServiceStatus::Running, true));
    }
}
