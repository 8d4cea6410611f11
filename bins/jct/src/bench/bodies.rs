//! The task that everything is measured with: of typical size, admitted, and cheap to make.

use bytes::Bytes;
use jct_contract::{NormalizedTask, TaskSpec};

use crate::exit::Exit;
use crate::failure::Failure;

/// What the measured tower allows: three prefixes, of which the last fits.
pub(super) const PREFIXES: &str = "partner/,other/team/,bench/";
/// Tasks in one request to the batch endpoint.
pub(super) const BATCH: u32 = 100;

/// The body of one task, about 600 bytes. `number` makes it differ from the others.
pub(super) fn task(number: u64) -> String {
    format!(
        r#"{{"version":"1.0","requested_by":{{"kind":"agent","id":"bench","label":"Load generator"}},"objective":"Report on languages, largest files, licences and open notes of the payment service, run {number}","operation":"analysis","target":{{"repo":"bench/payment-service","ref":"main","path":"services/payment"}},"constraints":{{"time_budget_seconds":600,"allow_network":false,"allow_secrets":false}},"inputs":{{"executor":"noop","depth":3,"include":["rs","toml"]}},"metadata":{{"ticket":"PAY-{number}","team":"payments"}},"acceptance_criteria":["A report exists"]}}"#
    )
}

/// The body of a request to the batch endpoint.
pub(super) fn batch(first: u64) -> Bytes {
    let tasks: Vec<_> = (first..first + u64::from(BATCH)).map(task).collect();
    Bytes::from(format!(r#"{{"tasks":[{}]}}"#, tasks.join(",")))
}

/// The task as the gate sees it.
pub(super) fn normalized() -> Result<NormalizedTask, Failure> {
    spec(0)?.normalize().map_err(|error| broken(&error))
}

/// The task as the door lets it through.
pub(super) fn spec(number: u64) -> Result<TaskSpec, Failure> {
    TaskSpec::from_json(task(number).as_bytes()).map_err(|error| broken(&error))
}

fn broken(error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::caused(Exit::Local, "the measured task is not one", error)
}

#[cfg(test)]
mod tests {
    use jct_policy::{PolicyConfig, evaluate};

    use super::*;

    #[test]
    fn the_task_is_admitted_and_of_typical_size() {
        let policy = PolicyConfig::from_prefix_list(PREFIXES).expect("a policy");
        assert!(evaluate(&spec(7).expect("a task"), &policy).is_ok());
        assert!((500..800).contains(&task(7).len()), "{}", task(7).len());
        assert_ne!(spec(7).expect("a task").normalize(), spec(8).expect("a task").normalize());
    }
}
