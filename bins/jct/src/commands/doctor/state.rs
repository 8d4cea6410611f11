//! The database: does it answer, does its schema fit, do the clocks agree.

use std::time::Duration;

use jct_config::{Config, Engine};
use jct_contract::{Clock as _, SystemClock, Timestamp};
use jct_store::{Store, StoreOptions, migrations};

use super::check::{Check, with_causes};
use crate::database;
use crate::output::seconds;

/// 2025-01-01: a clock before that was never set.
const EARLIEST: Timestamp = Timestamp::from_micros(1_735_689_600_000_000);
/// Leases are judged by the database's clock; more than this makes times in logs and traces misleading.
const DRIFT_MAX: Duration = Duration::from_secs(2);
/// A database that says nothing for this long counts as not there.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) async fn checks(config: &Config) -> Vec<Check> {
    if let Engine::Sqlite { path } = config.database.url.engine()
        && !path.exists()
    {
        let message = format!("{} does not exist yet; the first start makes it", path.display());
        return vec![Check::ok("database", message), clock(None)];
    }
    match tokio::time::timeout(PATIENCE, look(config)).await {
        Ok(checks) => checks,
        Err(_) => vec![unreachable(config, &format!("no answer within {} s", PATIENCE.as_secs())), clock(None)],
    }
}

async fn look(config: &Config) -> Vec<Check> {
    let Ok(url) = database::url(config) else {
        return vec![unreachable(config, "the address is not usable"), clock(None)];
    };
    let pending = match migrations::status(&url).await {
        Ok(migrations) => migrations.iter().filter(|migration| !migration.applied).count(),
        Err(error) => return vec![unreachable(config, &with_causes(&error)), clock(None)],
    };
    if pending > 0 {
        let message = format!("{} answers; {pending} migration(s) are missing", config.database.url);
        let fix = "run `jct db migrate`; a binary does it at its start unless JCT_DATABASE_MIGRATE is false";
        let missing = if config.database.migrate { Check::warning } else { Check::problem };
        return vec![missing("database".to_owned(), message, fix.to_owned()), clock(None)];
    }
    let options = StoreOptions { migrate: false, read_connections: 1, writers: 1, ..StoreOptions::default() };
    let store = match Store::open(&url, options).await {
        Ok(store) => store,
        Err(error) => return vec![unreachable(config, &with_causes(&error)), clock(None)],
    };
    let now = store.now().await;
    store.close().await;
    match now {
        Ok(theirs) => vec![
            Check::ok("database", format!("{} answers, its schema is up to date", config.database.url)),
            clock(Some(theirs)),
        ],
        Err(error) => vec![unreachable(config, &with_causes(&error)), clock(None)],
    }
}

fn unreachable(config: &Config, why: &str) -> Check {
    let fix = "check DATABASE_URL, that the server runs, and that this user may open it";
    Check::problem("database", format!("{}: {why}", config.database.url), fix)
}

fn clock(database: Option<Timestamp>) -> Check {
    judge_clock(SystemClock.now(), database)
}

fn judge_clock(ours: Timestamp, theirs: Option<Timestamp>) -> Check {
    if ours < EARLIEST {
        return Check::problem(
            "clock",
            format!("it says {ours}"),
            "set the clock, and keep it set with a time service",
        );
    }
    match theirs.map(|theirs| ours.since(theirs).max(theirs.since(ours))) {
        Some(drift) if drift > DRIFT_MAX => Check::warning(
            "clock",
            format!("this machine and the database differ by {}", seconds(drift)),
            "keep both clocks set with a time service",
        ),
        _ => Check::ok("clock", format!("it says {ours}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::State;
    use super::*;

    #[test]
    fn clocks_are_judged_in_both_directions() {
        let at = |offset: i64| Timestamp::from_micros(1_800_000_000_000_000 + offset);
        assert_eq!(judge_clock(Timestamp::from_micros(0), None).state, State::Problem);
        assert_eq!(judge_clock(at(0), None).state, State::Ok);
        assert_eq!(judge_clock(at(0), Some(at(1_000_000))).state, State::Ok);
        assert_eq!(judge_clock(at(0), Some(at(3_000_000))).state, State::Warning);
        assert_eq!(judge_clock(at(3_000_000), Some(at(0))).state, State::Warning);
    }
}
