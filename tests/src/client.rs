//! A client as anybody would write one: blocking, plain, and with a name.

use std::time::{Duration, Instant};

use serde_json::Value;
use ureq::http::{HeaderMap, Request};

/// Far more than anything here takes; whoever waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Somebody who talks to a tower.
#[derive(Clone, Debug)]
pub struct Client {
    agent: ureq::Agent,
    base: String,
    key: Option<String>,
}

/// What the tower answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status of the answer.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl Client {
    /// A client of the tower at `base`, with a key or without.
    #[must_use]
    pub fn new(base: &str, key: Option<&str>) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .build();
        Self { agent: config.into(), base: base.to_owned(), key: key.map(str::to_owned) }
    }

    /// Any request; `Err` if no answer came.
    ///
    /// # Errors
    ///
    /// What the connection said.
    pub fn try_call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = if body.is_empty() && matches!(method, "GET" | "HEAD" | "DELETE" | "OPTIONS") {
            self.agent.run(request.body(()).unwrap())?
        } else {
            self.agent.run(request.body(body).unwrap())?
        };
        let (parts, mut body) = response.into_parts();
        let body = body.with_config().limit(64 << 20).read_to_vec()?;
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    /// Any request that gets an answer.
    #[must_use]
    #[track_caller]
    pub fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        match self.try_call(method, path, headers, body) {
            Ok(answer) => answer,
            Err(error) => panic!("{method} {path}: {error}"),
        }
    }

    /// Reads.
    #[must_use]
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[], b"")
    }

    /// Sends JSON.
    #[must_use]
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, &[("content-type", "application/json")], body.to_string().as_bytes())
    }

    /// Sends JSON.
    #[must_use]
    #[track_caller]
    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.call("PATCH", path, &[("content-type", "application/json")], body.to_string().as_bytes())
    }

    /// Hands a task in and gives its id.
    #[must_use]
    #[track_caller]
    pub fn enqueue(&self, task: &Value) -> String {
        let answer = self.post("/tasks/enqueue", task);
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()["task_id"].as_str().unwrap().to_owned()
    }

    /// The task, as it is now.
    #[must_use]
    #[track_caller]
    pub fn task(&self, id: &str) -> Value {
        self.get(&format!("/tasks/{id}")).expect(200)
    }

    /// Waits until the task has one of these statuses, and gives it.
    #[must_use]
    #[track_caller]
    pub fn wait_for(&self, id: &str, statuses: &[&str]) -> Value {
        let start = Instant::now();
        loop {
            let task = self.task(id);
            if statuses.contains(&task["status"].as_str().unwrap_or_default()) {
                return task;
            }
            assert!(start.elapsed() < PATIENCE, "never {statuses:?}: {task}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Answer {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body as JSON, of an answer that must have this status.
    #[must_use]
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
    }

    /// The members of a problem, which must have this status and code.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text());
        let problem = self.expect(status);
        assert_eq!((&problem["code"], &problem["status"]), (&Value::from(code), &Value::from(status)), "{problem}");
        assert!(problem["message"].is_string() && problem["error"].is_string(), "{problem}");
        problem
    }

    /// A header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
