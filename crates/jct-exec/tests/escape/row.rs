//! One row of the matrix: an attempt, and what each level promises about it.

use std::fmt;

use jct_contract::IsolationLevel;

use crate::attempts::Act;
use crate::scene::Scene;

/// What a level says about an attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Promise {
    /// Nothing: it may succeed.
    Open,
    /// It is refused, with one of these.
    Refused(&'static [&'static str]),
    /// It works.
    Works,
}

/// Where a run takes place: a level, and what its network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// No network.
    Level(IsolationLevel),
    /// L3 with a loopback of its own.
    Local,
    /// L3 with a loopback of its own and the way to the broker.
    Broker,
}

impl Place {
    pub(crate) const ALL: [Self; 6] = [
        Self::Level(IsolationLevel::L0),
        Self::Level(IsolationLevel::L1),
        Self::Level(IsolationLevel::L2),
        Self::Level(IsolationLevel::L3),
        Self::Local,
        Self::Broker,
    ];

    pub(crate) fn level(self) -> IsolationLevel {
        match self {
            Self::Level(level) => level,
            Self::Local | Self::Broker => IsolationLevel::L3,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Level(level) => level.fmt(f),
            Self::Local => f.write_str("L3-local"),
            Self::Broker => f.write_str("L3-broker"),
        }
    }
}

/// Whether the control can be expected to succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    /// For every user.
    Everybody,
    /// For root; others are refused by the kernel anyway.
    Root,
    /// For ordinary users; root has nothing to gain.
    Ordinary,
}

/// One row.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) act: fn(&Scene) -> Act,
    /// Of L0 to L3.
    levels: [Promise; 4],
    /// Of L3 with a network of its own, where it differs from L3.
    networked: Option<Promise>,
    /// Of the broker's network, where it differs from that.
    brokered: Option<Promise>,
    /// The Landlock version without which L2 promises nothing.
    pub(crate) landlock: u32,
    pub(crate) control: Control,
}

impl Row {
    /// A row in which no level promises anything yet.
    pub(crate) const fn new(name: &'static str, act: fn(&Scene) -> Act) -> Self {
        Self {
            name,
            act,
            levels: [Promise::Open; 4],
            networked: None,
            brokered: None,
            landlock: 1,
            control: Control::Everybody,
        }
    }

    /// Refused from `level` on with one of `errors`, until a higher level is told otherwise.
    pub(crate) const fn from(self, level: IsolationLevel, errors: &'static [&'static str]) -> Self {
        self.promising(level, Promise::Refused(errors))
    }

    /// Open again from `level` on, for an act that has become harmless.
    pub(crate) const fn open_from(self, level: IsolationLevel) -> Self {
        self.promising(level, Promise::Open)
    }

    const fn promising(mut self, level: IsolationLevel, promise: Promise) -> Self {
        let mut at = level as usize;
        while at < self.levels.len() {
            self.levels[at] = promise;
            at += 1;
        }
        self
    }

    /// Works at every level.
    pub(crate) const fn works(mut self) -> Self {
        self.levels = [Promise::Works; 4];
        self
    }

    pub(crate) const fn networked(mut self, promise: Promise) -> Self {
        self.networked = Some(promise);
        self
    }

    pub(crate) const fn brokered(mut self, promise: Promise) -> Self {
        self.brokered = Some(promise);
        self
    }

    /// At L2, only where Landlock has this version.
    pub(crate) const fn landlock(mut self, version: u32) -> Self {
        self.landlock = version;
        self
    }

    pub(crate) const fn control(mut self, control: Control) -> Self {
        self.control = control;
        self
    }

    pub(crate) fn promise(&self, place: Place) -> Promise {
        let of_level = self.levels[place.level() as usize];
        match place {
            Place::Level(_) => of_level,
            Place::Local => self.networked.unwrap_or(of_level),
            Place::Broker => self.brokered.or(self.networked).unwrap_or(of_level),
        }
    }
}
