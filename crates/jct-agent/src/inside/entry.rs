//! The way in, for binaries that may be started as one of our programs.

use std::io::{self, Read};
use std::process;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::orders::{ATTEND, Orders, SCRIPT};
use super::{attend, run};

/// What our programs exit with when their orders are not of their kind.
const USAGE: i32 = 64;
/// Far above what a worker sends.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Carries out what this process was started for when its first argument names one of our programs, and
/// ends the process. Returns at once in every other case. A binary that runs scripts or agents calls
/// this before it reads its own arguments, while it has one thread.
pub fn main_if_asked() {
    let Some(name) = std::env::args_os().nth(1) else { return };
    let code = match name.to_str() {
        Some(SCRIPT) => started(run::script),
        Some(ATTEND) => started(attend::attend),
        _ => return,
    };
    process::exit(code);
}

fn started<T: DeserializeOwned>(work: fn(Orders<T>) -> i32) -> i32 {
    match orders() {
        Ok(orders) => work(orders),
        Err(error) => {
            eprintln!("cannot read the orders: {error}");
            USAGE
        }
    }
}

fn orders<T: DeserializeOwned>() -> io::Result<Orders<T>> {
    let mut text = Vec::new();
    io::stdin().lock().take(MOST_BYTES).read_to_end(&mut text)?;
    let mut reader = serde_json::Deserializer::from_slice(&text);
    Ok(Orders::deserialize(&mut reader)?)
}
