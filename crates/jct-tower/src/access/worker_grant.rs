//! What the token of a worker allows, and how a request can only narrow it.

use jct_contract::{CapabilitySet, JobType, WorkerId};
use jct_store::model::{ClaimFilter, WorkerTokenRecord};

/// A worker that came over HTTP with a valid token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerGrant {
    id: WorkerId,
    name: String,
    types: Option<Vec<JobType>>,
    repositories: Option<Vec<String>>,
    capabilities: Option<CapabilitySet>,
}

/// What a worker says of itself when it asks for jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerWish {
    /// The types it wants; `None` leaves that to the token.
    pub types: Option<Vec<JobType>>,
    /// What it can do; `None` leaves that to the token.
    pub capabilities: Option<CapabilitySet>,
}

/// The request asks for what the token does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkerForbidden {
    /// The request names another worker than the token.
    #[error("the token is that of worker `{allowed}`")]
    WorkerId {
        /// The token's worker.
        allowed: String,
    },
    /// None of the types asked for is among those of the token.
    #[error("the token allows none of the job types asked for, but {}", listed(.allowed))]
    Types {
        /// The token's types.
        allowed: Vec<JobType>,
    },
    /// The request offers capabilities that the token does not have.
    #[error("the token does not have the capabilities {missing}")]
    Capabilities {
        /// Those that it does not have.
        missing: CapabilitySet,
    },
}

impl WorkerGrant {
    /// What a kept token grants.
    #[must_use]
    pub fn of_token(token: &WorkerTokenRecord) -> Self {
        Self {
            id: token.id,
            name: token.worker_name.clone(),
            types: token.types.clone(),
            repositories: token.repositories.clone(),
            capabilities: token.capabilities.clone(),
        }
    }

    /// The id under which the worker holds leases: that of its token.
    #[must_use]
    pub const fn id(&self) -> WorkerId {
        self.id
    }

    /// The worker's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a worker id in a request is the token's own, if there is one.
    ///
    /// # Errors
    /// [`WorkerForbidden::WorkerId`].
    pub fn require_name(&self, asked: Option<&str>) -> Result<(), WorkerForbidden> {
        match asked {
            Some(asked) if asked != self.name => Err(WorkerForbidden::WorkerId { allowed: self.name.clone() }),
            _ => Ok(()),
        }
    }

    /// Which jobs the worker gets: those that its token allows and it asks for. A worker that says nothing of itself,
    /// with a token that does not either, has no capability and gets only jobs that need none.
    ///
    /// # Errors
    /// [`WorkerForbidden`] when nothing is left, or more is asked for than the token allows.
    pub fn narrow(&self, wish: WorkerWish) -> Result<ClaimFilter, WorkerForbidden> {
        let WorkerWish { types, capabilities } = wish;
        let types = match (&self.types, types) {
            (None, asked) => asked,
            (Some(allowed), None) => Some(allowed.clone()),
            (Some(allowed), Some(asked)) => {
                let both: Vec<_> = allowed.iter().copied().filter(|known| asked.contains(known)).collect();
                if both.is_empty() {
                    return Err(WorkerForbidden::Types { allowed: allowed.clone() });
                }
                Some(both)
            }
        };
        let capabilities = match (&self.capabilities, capabilities) {
            (None, asked) => asked.unwrap_or_default(),
            (Some(allowed), None) => allowed.clone(),
            (Some(allowed), Some(asked)) => {
                let missing: CapabilitySet = asked.missing_from(allowed).cloned().collect();
                if !missing.is_empty() {
                    return Err(WorkerForbidden::Capabilities { missing });
                }
                asked
            }
        };
        Ok(ClaimFilter { types, repositories: self.repositories.clone(), ..ClaimFilter::offering(capabilities) })
    }
}

fn listed(types: &[JobType]) -> String {
    let names: Vec<_> = types.iter().map(|job_type| format!("`{job_type}`")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use jct_contract::{Capability, Timestamp};

    use super::*;

    fn set(names: &[&str]) -> CapabilitySet {
        names.iter().map(|name| name.parse::<Capability>().unwrap()).collect()
    }

    fn grant(types: Option<&[JobType]>, capabilities: Option<&[&str]>) -> WorkerGrant {
        WorkerGrant {
            id: WorkerId::at(Timestamp::from_micros(1)),
            name: "ingest-1".to_owned(),
            types: types.map(<[_]>::to_vec),
            repositories: Some(vec!["myorg".to_owned()]),
            capabilities: capabilities.map(set),
        }
    }

    #[track_caller]
    fn check_types(token: Option<&[JobType]>, asked: Option<&[JobType]>, expect: Option<Option<&[JobType]>>) {
        let wish = WorkerWish { types: asked.map(<[_]>::to_vec), capabilities: None };
        let found = grant(token, None).narrow(wish).ok().map(|filter| filter.types);
        assert_eq!(found, expect.map(|types| types.map(<[_]>::to_vec)));
    }

    #[test]
    fn types_are_those_of_the_token_and_of_the_request() {
        use JobType::{CodexExec, Manifest, Task};
        check_types(None, None, Some(None));
        check_types(None, Some(&[Task]), Some(Some(&[Task])));
        check_types(Some(&[Task, Manifest]), None, Some(Some(&[Task, Manifest])));
        check_types(Some(&[Task, Manifest]), Some(&[Manifest, CodexExec]), Some(Some(&[Manifest])));
        check_types(Some(&[Task]), Some(&[Manifest]), None);
    }

    #[track_caller]
    fn check_capabilities(token: Option<&[&str]>, asked: Option<&[&str]>, expect: Result<&[&str], &[&str]>) {
        let wish = WorkerWish { types: None, capabilities: asked.map(set) };
        match (grant(None, token).narrow(wish), expect) {
            (Ok(filter), Ok(expect)) => assert_eq!(filter.capabilities, set(expect)),
            (Err(WorkerForbidden::Capabilities { missing }), Err(expect)) => assert_eq!(missing, set(expect)),
            (found, _) => panic!("{found:?}"),
        }
    }

    #[test]
    fn a_request_can_only_narrow_the_capabilities_of_a_token() {
        check_capabilities(None, None, Ok(&[]));
        check_capabilities(None, Some(&["manifest", "Qdrant"]), Ok(&["manifest", "qdrant"]));
        check_capabilities(Some(&["manifest", "qdrant"]), None, Ok(&["manifest", "qdrant"]));
        check_capabilities(Some(&["manifest", "qdrant"]), Some(&["QDRANT"]), Ok(&["qdrant"]));
        check_capabilities(Some(&["manifest"]), Some(&["manifest", "git", "docker"]), Err(&["git", "docker"]));
    }

    #[test]
    fn nothing_widens_the_repositories_and_no_filter_takes_any_task() {
        let filter = grant(None, None).narrow(WorkerWish::default()).unwrap();
        assert_eq!((filter.any_task, filter.repositories), (false, Some(vec!["myorg".to_owned()])));
    }

    #[test]
    fn a_worker_is_only_itself() {
        let grant = grant(None, None);
        assert_eq!(grant.require_name(None), Ok(()));
        assert_eq!(grant.require_name(Some("ingest-1")), Ok(()));
        let refused = grant.require_name(Some("ingest-2")).unwrap_err();
        assert_eq!(refused.to_string(), "the token is that of worker `ingest-1`");
    }
}
