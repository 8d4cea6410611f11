//! The limits under which work happens: of time, energy, health, money, tools, place and risk.

use jct_contract::Timestamp;

use crate::limits::INTEGER_MAX;
use crate::shape::{EMPTY, OPTIONAL, Rule, integer, number, object, or, shape, text, texts, word};
use crate::words::{Connectivity, RiskTolerance};

shape! {
    /// How much time there is.
    TimeConstraint {
        /// Minutes that may be spent.
        available_minutes: Option<u64> = integer(INTEGER_MAX), OPTIONAL;
        /// When it has to be over.
        deadline: Option<Timestamp> = Rule::Moment, OPTIONAL;
    }

    /// How much strength there is.
    EnergyConstraint {
        /// From 0, none, to 5, plenty.
        score_0_5: Option<u8> = integer(5), OPTIONAL;
        /// More about it.
        notes: Option<String> = text(0, 500), OPTIONAL;
    }

    /// What has to be spared.
    HealthConstraint {
        /// One word for each thing to mind.
        flags: Vec<String> = texts(), EMPTY;
        /// More about it.
        notes: Option<String> = text(0, 500), OPTIONAL;
    }

    /// How much money there is, in US dollars.
    BudgetConstraint {
        /// Dollars that may be spent.
        usd_available: Option<f64> = number(), OPTIONAL;
        /// Dollars that may be spent at once.
        burn_limit_usd: Option<f64> = number(), OPTIONAL;
    }

    /// Which tools may be used.
    ToolsConstraint {
        /// Names of those that may; an empty list forbids nothing.
        allowed: Vec<String> = texts(), EMPTY;
        /// Names of those that may not.
        blocked: Vec<String> = texts(), EMPTY;
    }

    /// Where work happens.
    EnvironmentConstraint {
        /// The place.
        location: Option<String> = text(0, 128), OPTIONAL;
        /// How well connected it is.
        connectivity: Connectivity = word(Connectivity::WORDS), or("ok");
        /// The machine.
        device: Option<String> = text(0, 128), OPTIONAL;
    }

    /// How much risk is accepted.
    RiskConstraint {
        /// How much.
        tolerance: RiskTolerance = word(RiskTolerance::WORDS), or("medium");
        /// More about it.
        notes: Option<String> = text(0, 500), OPTIONAL;
    }

    /// The limits that held at one moment; what is absent was not limited.
    #[derive(Default)]
    Constraints {
        /// How much time there is.
        time: Option<TimeConstraint> = object::<TimeConstraint>(), OPTIONAL;
        /// How much strength there is.
        energy: Option<EnergyConstraint> = object::<EnergyConstraint>(), OPTIONAL;
        /// What has to be spared.
        health: Option<HealthConstraint> = object::<HealthConstraint>(), OPTIONAL;
        /// How much money there is.
        budget: Option<BudgetConstraint> = object::<BudgetConstraint>(), OPTIONAL;
        /// Which tools may be used.
        tools: Option<ToolsConstraint> = object::<ToolsConstraint>(), OPTIONAL;
        /// Where work happens.
        environment: Option<EnvironmentConstraint> = object::<EnvironmentConstraint>(), OPTIONAL;
        /// How much risk is accepted.
        risk: Option<RiskConstraint> = object::<RiskConstraint>(), OPTIONAL;
    }
}
