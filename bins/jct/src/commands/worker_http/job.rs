//! A job in this worker's hands, as the tower gave it out.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::wire::unexpected;
use crate::failure::Failure;

/// A job with its lease.
#[derive(Clone, Debug)]
pub(super) struct LeasedJob {
    pub(super) id: String,
    pub(super) job_type: String,
    pub(super) attempt: u64,
    /// The manifest, for jobs that have one.
    pub(super) content: Option<String>,
    /// What the last run of the manifest left.
    pub(super) state: Option<Value>,
    lease_id: String,
    fence: String,
    /// All the rest, for the command.
    told: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    id: String,
    #[serde(rename = "type")]
    job_type: String,
    #[serde(default)]
    attempt: u64,
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    manifest_state: Option<Value>,
    lease: WireLease,
}

#[derive(Deserialize)]
struct WireLease {
    id: String,
    fence: String,
}

impl LeasedJob {
    /// Reads a job out of the answer to a claim.
    pub(super) fn read(mut told: Value) -> Result<Self, Failure> {
        let Wire { id, job_type, attempt, content, manifest_state, lease } =
            Wire::deserialize(&told).map_err(|error| unexpected(&error))?;
        // The content has a file of its own, and the lease is this process's business.
        if let Some(members) = told.as_object_mut() {
            members.retain(|name, _| !matches!(name.as_str(), "content" | "manifestState" | "lease"));
        }
        let WireLease { id: lease_id, fence } = lease;
        Ok(Self { id, job_type, attempt, content, state: manifest_state, lease_id, fence, told })
    }

    /// The proof that the job is still this worker's, as members of a request.
    pub(super) fn proof(&self) -> Value {
        json!({ "leaseId": self.lease_id, "fence": self.fence })
    }

    /// The same as parameters of a request.
    pub(super) fn proof_query(&self) -> [(&'static str, String); 2] {
        [("leaseId", self.lease_id.clone()), ("fence", self.fence.clone())]
    }

    /// What the command reads.
    pub(super) fn input(&self) -> Vec<u8> {
        let mut line = self.told.to_string().into_bytes();
        line.push(b'\n');
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_gets_neither_lease_nor_content() {
        let job = json!({
            "id": "j", "type": "manifest", "attempt": 2, "payload": {"a": 1}, "content": "version: v0", "manifestState": {"s": 1},
            "lease": {"id": "l", "fence": "1.2", "expiresAt": "2026-01-01T00:00:00Z"},
        });
        let job = LeasedJob::read(job).expect("a job");
        assert_eq!(
            String::from_utf8(job.input()).expect("text"),
            "{\"id\":\"j\",\"type\":\"manifest\",\"attempt\":2,\"payload\":{\"a\":1}}\n"
        );
        assert_eq!((job.content.as_deref(), job.state.clone()), (Some("version: v0"), Some(json!({"s": 1}))));
        assert_eq!(job.proof(), json!({"leaseId": "l", "fence": "1.2"}));
    }

    #[test]
    fn a_job_without_a_lease_is_none() {
        assert!(LeasedJob::read(json!({"id": "j", "type": "task"})).is_err());
    }
}
