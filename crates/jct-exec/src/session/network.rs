//! Reads what a task says about its isolation: `inputs.network` and `inputs.isolation`.

use serde_json::Value;

use crate::executor::{FailureReason, JsonObject, Stop};
use crate::sandbox::{IsolationLevel, Network};

/// The network that a task asks for: none, or `local`, a loopback interface of its own. No task can ask for more.
pub(super) fn network(inputs: &JsonObject) -> Result<Network, Stop> {
    match inputs.get("network") {
        None | Some(Value::Null) => Ok(Network::None),
        Some(Value::String(name)) if name == "none" => Ok(Network::None),
        Some(Value::String(name)) if name == "local" => Ok(Network::Local),
        Some(_) => Err(Stop::failed(FailureReason::InvalidInput, "`inputs.network` must be `none` or `local`")),
    }
}

/// The least isolation that a task accepts.
pub(super) fn minimum(inputs: &JsonObject, network: Network) -> Result<IsolationLevel, Stop> {
    let invalid = || Stop::failed(FailureReason::InvalidInput, "`inputs.isolation` must be one of `L0` to `L3`");
    let asked = match inputs.get("isolation") {
        None | Some(Value::Null) => IsolationLevel::L0,
        Some(Value::String(level)) => level.parse().map_err(|_| invalid())?,
        Some(_) => return Err(invalid()),
    };
    // Only there is a network of its own nobody else's too.
    let needed = if network == Network::None { IsolationLevel::L0 } else { IsolationLevel::L3 };
    Ok(asked.max(needed))
}

/// Refuses to run what would not get the isolation that it needs.
pub(super) fn check(minimum: IsolationLevel, given: IsolationLevel) -> Result<(), Stop> {
    if given >= minimum {
        return Ok(());
    }
    let message = format!("the task needs isolation level {minimum}, and this worker gives {given}");
    Err(Stop::failed(FailureReason::SandboxFailed, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn asked(inputs: Value, expect: Option<(Network, IsolationLevel)>) {
        let Value::Object(inputs) = inputs else { panic!("inputs are an object") };
        let found = network(&inputs).and_then(|network| Ok((network, minimum(&inputs, network)?)));
        assert_eq!(found.ok(), expect);
    }

    #[test]
    fn a_network_needs_the_highest_level() {
        asked(json!({}), Some((Network::None, IsolationLevel::L0)));
        asked(json!({"network": "none", "isolation": "L2"}), Some((Network::None, IsolationLevel::L2)));
        asked(json!({"network": "local"}), Some((Network::Local, IsolationLevel::L3)));
        asked(json!({"network": "local", "isolation": "L1"}), Some((Network::Local, IsolationLevel::L3)));
        for inputs in [
            json!({"network": "broker"}),
            json!({"network": true}),
            json!({"isolation": "L9"}),
            json!({"isolation": 2}),
        ] {
            asked(inputs, None);
        }
    }

    #[test]
    fn less_than_needed_is_refused() {
        assert!(check(IsolationLevel::L2, IsolationLevel::L2).is_ok());
        assert!(check(IsolationLevel::L0, IsolationLevel::L3).is_ok());
        assert!(matches!(
            check(IsolationLevel::L3, IsolationLevel::L2),
            Err(Stop::Failed(FailureReason::SandboxFailed, _))
        ));
    }
}
