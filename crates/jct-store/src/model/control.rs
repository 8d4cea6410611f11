//! Controls: what somebody wants held or stopped, from when it is said until it is lifted.

use std::fmt;
use std::str::FromStr;

use jct_contract::{ControlId, NormalizedTask, Operation, Principal, Sha256Digest, Timestamp};
use jct_policy::RepoPrefix;

use super::AgentKind;

/// What a control does to what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlMode {
    /// Nothing of it is begun; what runs goes on.
    Hold,
    /// Nothing of it is begun, and what runs is called off.
    Kill,
}

/// The text names no mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the mode of a control is `hold` or `kill`")]
pub struct UnknownControlMode;

/// What a control is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ControlScope {
    /// Everything.
    All,
    /// A repository, or all below an owner or a group.
    Repo(RepoPrefix),
    /// A kind of work.
    Operation(Operation),
    /// An agent by its name: whatever has that name, or with a kind and a colon before it just what is of that kind.
    Agent(String),
    /// What one policy let in, by the policy's digest.
    Policy(Sha256Digest),
}

/// The words name no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidControlScope {
    /// No such kind.
    #[error("the scope of a control is one of `all`, `repo`, `operation`, `agent`, `policy`")]
    Kind,
    /// A value where there is none.
    #[error("the scope `all` has no value")]
    NoValue,
    /// No value where there must be one.
    #[error("the scope has to say what it is about")]
    Missing,
    /// No prefix of repositories.
    #[error("the value is an owner, a group or a repository, such as `myorg` or `myorg/app`")]
    Repo,
    /// No operation.
    #[error("the value is one of `code_change`, `docs`, `analysis`, `ops`")]
    Operation,
    /// No name.
    #[error(
        "the value is the name of an agent: 1 to {} characters, none of them a control character",
        ControlScope::NAME_MAX_CHARS
    )]
    Agent,
    /// No digest.
    #[error("the value is the digest of a policy: `sha256:` and 64 hexadecimal digits")]
    Policy,
}

/// A control that somebody sets.
#[derive(Clone, Debug)]
pub struct NewControl {
    /// What it is about.
    pub scope: ControlScope,
    /// What it does.
    pub mode: ControlMode,
    /// Why, for those who find their work held.
    pub reason: String,
    /// Who sets it.
    pub by: Principal,
    /// Whether one that is in force, of the same scope and mode, will do instead.
    pub unless_there_is_one: bool,
}

/// A control as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlRecord {
    /// Its id.
    pub id: ControlId,
    /// What it is about.
    pub scope: ControlScope,
    /// What it does.
    pub mode: ControlMode,
    /// Why.
    pub reason: String,
    /// Who set it.
    pub by: Principal,
    /// When.
    pub created_at: Timestamp,
    /// Who lifted it and when; `None` while it is in force.
    pub lifted: Option<Lifted>,
}

/// The end of a control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifted {
    /// The name of the principal that lifted it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl ControlMode {
    /// Every mode.
    pub const ALL: [Self; 2] = [Self::Hold, Self::Kill];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Kill => "kill",
        }
    }
}

impl FromStr for ControlMode {
    type Err = UnknownControlMode;

    fn from_str(text: &str) -> Result<Self, UnknownControlMode> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text).ok_or(UnknownControlMode)
    }
}

impl fmt::Display for ControlMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ControlScope {
    /// The longest name of an agent, in characters.
    pub const NAME_MAX_CHARS: usize = 200;

    /// Reads a scope from its kind and its value.
    ///
    /// # Errors
    ///
    /// [`InvalidControlScope`] for an unknown kind, or a value that does not fit it.
    pub fn new(kind: &str, value: Option<&str>) -> Result<Self, InvalidControlScope> {
        let value = match (kind, value) {
            ("all", None) => return Ok(Self::All),
            ("all", Some(_)) => return Err(InvalidControlScope::NoValue),
            ("repo" | "operation" | "agent" | "policy", None) => return Err(InvalidControlScope::Missing),
            (_, None) => return Err(InvalidControlScope::Kind),
            (_, Some(value)) => value,
        };
        match kind {
            "repo" => value.parse().map(Self::Repo).map_err(|_| InvalidControlScope::Repo),
            "operation" => value.parse().map(Self::Operation).map_err(|_| InvalidControlScope::Operation),
            "agent" if value.is_empty() || value.chars().count() > Self::NAME_MAX_CHARS => {
                Err(InvalidControlScope::Agent)
            }
            "agent" if value.contains(char::is_control) => Err(InvalidControlScope::Agent),
            "agent" => Ok(Self::Agent(value.to_owned())),
            "policy" => value.parse().map(Self::Policy).map_err(|_| InvalidControlScope::Policy),
            _ => Err(InvalidControlScope::Kind),
        }
    }

    /// The kind, as it stands on the wire and in the database.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Repo(_) => "repo",
            Self::Operation(_) => "operation",
            Self::Agent(_) => "agent",
            Self::Policy(_) => "policy",
        }
    }

    /// The value, in normal form; `None` for everything.
    #[must_use]
    pub fn value(&self) -> Option<String> {
        match self {
            Self::All => None,
            Self::Repo(prefix) => Some(prefix.to_string().trim_end_matches('/').to_owned()),
            Self::Operation(operation) => Some(operation.as_str().to_owned()),
            Self::Agent(name) => Some(name.clone()),
            Self::Policy(digest) => Some(digest.to_string()),
        }
    }

    /// Whether it is about a task that this policy let in, whoever would run it.
    #[must_use]
    pub fn is_about_task(&self, task: &NormalizedTask, policy: &Sha256Digest) -> bool {
        match self {
            Self::All => true,
            Self::Repo(prefix) => prefix.contains(task.repo()),
            Self::Operation(operation) => *operation == task.operation(),
            Self::Agent(name) => {
                AgentKind::Executor.is_named(task.executor().as_str(), name)
                    || task.adapter().is_some_and(|agent| AgentKind::Adapter.is_named(agent, name))
            }
            Self::Policy(digest) => digest == policy,
        }
    }

    /// Whether it is about everything that a worker of this name does.
    #[must_use]
    pub fn is_about_worker(&self, worker: &str) -> bool {
        match self {
            Self::All => true,
            Self::Agent(name) => AgentKind::Worker.is_named(worker, name),
            Self::Repo(_) | Self::Operation(_) | Self::Policy(_) => false,
        }
    }

    /// Whether it is about an agent as such.
    #[must_use]
    pub fn is_about_agent(&self, kind: AgentKind, own_name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Agent(name) => kind.is_named(own_name, name),
            Self::Repo(_) | Self::Operation(_) | Self::Policy(_) => false,
        }
    }
}

impl fmt::Display for ControlScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value() {
            None => f.write_str(self.kind()),
            Some(value) => write!(f, "{} {value}", self.kind()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: &str, value: Option<&str>, expect: Result<&str, InvalidControlScope>) {
        let scope = ControlScope::new(kind, value);
        if let Ok(scope) = &scope {
            assert_eq!(ControlScope::new(scope.kind(), scope.value().as_deref()).as_ref(), Ok(scope));
        }
        assert_eq!(scope.map(|scope| scope.to_string()), expect.map(str::to_owned));
    }

    #[test]
    fn scopes_are_read_in_normal_form_and_read_back() {
        use InvalidControlScope::{Agent, Kind, Missing, NoValue, Operation, Policy, Repo};
        check("all", None, Ok("all"));
        check("repo", Some("MyOrg/"), Ok("repo myorg"));
        check("repo", Some("myorg/app"), Ok("repo myorg/app"));
        check("operation", Some("docs"), Ok("operation docs"));
        check("agent", Some("worker:w 1"), Ok("agent worker:w 1"));
        check("all", Some(""), Err(NoValue));
        check("repo", None, Err(Missing));
        check("repo", Some("../x"), Err(Repo));
        check("operation", Some("DOCS"), Err(Operation));
        check("agent", Some(""), Err(Agent));
        check("agent", Some("a\0b"), Err(Agent));
        check("agent", Some(&"x".repeat(201)), Err(Agent));
        check("policy", Some("sha256:1"), Err(Policy));
        check("team", Some("x"), Err(Kind));
        check("team", None, Err(Kind));
    }
}
