//! One call of git: what it is for, and what it may touch.

use std::ffi::OsString;

use super::url::RemoteUrl;
use crate::sandbox::Confinement;

/// One call of git.
#[derive(Debug)]
pub(super) struct Call<'a> {
    /// Says what the call is for, reads after "git failed to".
    pub(super) action: &'static str,
    pub(super) arguments: Vec<OsString>,
    /// The remote that this call may talk to; without one, no transport is allowed.
    pub(super) remote: Option<&'a RemoteUrl>,
    pub(super) variables: Vec<(&'static str, OsString)>,
    /// Configuration for this call alone.
    pub(super) settings: Vec<(&'static str, &'static str)>,
    pub(super) stdin: Option<String>,
    /// The sandbox for a call that reads what somebody hostile wrote.
    pub(super) confinement: Option<Confinement>,
}

impl<'a> Call<'a> {
    pub(super) fn new<S: Into<OsString>>(action: &'static str, arguments: impl IntoIterator<Item = S>) -> Self {
        Self {
            action,
            arguments: arguments.into_iter().map(Into::into).collect(),
            remote: None,
            variables: Vec::new(),
            settings: Vec::new(),
            stdin: None,
            confinement: None,
        }
    }

    pub(super) fn with_remote(mut self, remote: &'a RemoteUrl) -> Self {
        self.remote = Some(remote);
        self
    }

    pub(super) fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    pub(super) fn args<S: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    pub(super) fn setting(mut self, key: &'static str, value: &'static str) -> Self {
        self.settings.push((key, value));
        self
    }

    pub(super) fn stdin(mut self, text: String) -> Self {
        self.stdin = Some(text);
        self
    }
}
