//! Good requests for every operation on workflows that changes something.

use jct_tests::{Answer, Client, TestTower};
use serde_json::{Value, json};

use crate::workflows::support::{define, over, start, step};

/// Whose workflows the operations work on. Nobody works, so that a step that is wanted waits.
pub(super) struct WorkflowGround(Client);

impl WorkflowGround {
    pub(super) fn new(tower: &TestTower) -> Self {
        Self(tower.operator())
    }

    fn workflow(&self, name: &str, more: &Value) -> String {
        define(&self.0, name, &[step("one", &[], &["true"], more)], &json!({}))
    }

    /// Sends a good request of the operation; `None` for an operation that is not known here.
    pub(super) fn drive(&self, operation: &str) -> Option<Answer> {
        let Self(client) = self;
        let wanted = json!({});
        Some(match operation {
            "POST /workflows" => {
                client.post("/workflows", &json!({"name": "one", "steps": [step("one", &[], &["true"], &wanted)]}))
            }
            "PATCH /workflows/{id}" => {
                client.patch(&format!("/workflows/{}", self.workflow("two", &wanted)), &json!({"active": false}))
            }
            "POST /workflows/{id}/runs" => {
                client.post(&format!("/workflows/{}/runs", self.workflow("three", &wanted)), &json!({}))
            }
            "POST /workflows/{id}/runs/{run}/cancel" => {
                client.post(&format!("{}/cancel", start(client, &self.workflow("four", &wanted))), &json!({}))
            }
            "POST /workflows/{id}/runs/{run}/fork" => {
                let done = start(client, &self.workflow("five", &json!({"when": "false"})));
                let _over = over(client, &done);
                client.post(&format!("{done}/fork"), &json!({"from_step": "one"}))
            }
            _ => return None,
        })
    }
}
