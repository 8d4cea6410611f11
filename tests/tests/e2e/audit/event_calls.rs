//! Good requests for every operation on events and webhooks that changes something.

use jct_tests::{Answer, Client, TestTower};
use serde_json::{Value, json};

/// Events and webhooks that the operations work on.
pub(super) struct EventGround {
    client: Client,
    dead: String,
}

impl EventGround {
    pub(super) fn new(tower: &TestTower) -> Self {
        Self { client: tower.operator(), dead: tower.dead_event() }
    }

    fn create(&self, name: &str) -> Answer {
        let url = format!("https://example.org/{name}");
        // Switched off, so that nobody outside is told of a test.
        let webhook = json!({ "name": name, "url": url, "event_types": ["user.nothing"], "active": false });
        self.client.post("/webhooks", &webhook)
    }

    fn webhook(&self, name: &str) -> String {
        format!("/webhooks/{}", self.create(name).expect(201)["id"].as_str().unwrap())
    }

    /// Sends a good request of the operation; `None` for an operation that is not known here.
    pub(super) fn drive(&self, operation: &str) -> Option<Answer> {
        let post = |path: String, body: Value| self.client.post(&path, &body);
        Some(match operation {
            "POST /events/{id}/redrive" => post(format!("/events/{}/redrive", self.dead), json!({})),
            "POST /webhooks" => self.create("one"),
            "PATCH /webhooks/{id}" => {
                self.client.patch(&self.webhook("two"), &json!({ "description": "for the operators" }))
            }
            "DELETE /webhooks/{id}" => self.client.call("DELETE", &self.webhook("three"), &[], b""),
            "POST /webhooks/{id}/rotate-secret" => post(format!("{}/rotate-secret", self.webhook("four")), json!({})),
            "POST /webhooks/{id}/test" => post(format!("{}/test", self.webhook("five")), json!({})),
            _ => return None,
        })
    }
}
