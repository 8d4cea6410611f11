//! Logging for every binary: `log` records to standard error, as text for people or one JSON object a line.
//!
//! Key-value pairs (`trace_id`, `task_id`, `attempt`, ...) follow the message in both forms. Control characters are
//! escaped in both, so that nothing a task says can forge a line.

use std::io::{self, Write};

use jct_contract::{Clock, SystemClock, Timestamp};
use log::kv::{self, VisitSource};
use log::{Record, SetLoggerError};

use crate::{Log, LogFormat};

/// Names of a JSON line that no key-value pair may take; a pair with such a name gets a trailing `_`.
const RESERVED: [&str; 4] = ["time", "level", "target", "message"];

/// Installs the logger of this process.
///
/// # Errors
/// A logger is already installed.
pub fn init(log: &Log) -> Result<(), SetLoggerError> {
    let format = log.format;
    let mut builder = env_logger::Builder::new();
    for (module, level) in log.level.directives() {
        builder.filter(module, level);
    }
    builder.format(move |out, record| match format {
        LogFormat::Text => write_text(out, record, SystemClock.now()),
        LogFormat::Json => write_json(out, record, SystemClock.now()),
    });
    builder.try_init()
}

/// `2026-01-31T12:00:00.000000Z INFO  jct_runner: task started task_id=... attempt=1`
fn write_text(out: &mut dyn Write, record: &Record<'_>, at: Timestamp) -> io::Result<()> {
    write!(out, "{at} {:<5} {}: ", record.level(), record.target())?;
    write_escaped(out, &record.args().to_string())?;
    for (key, value) in pairs(record) {
        write!(out, " {key}=")?;
        let text = match value {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        };
        let plain =
            !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '='));
        if plain { write!(out, "{text}")? } else { write!(out, "{text:?}")? }
    }
    writeln!(out)
}

fn write_escaped(out: &mut dyn Write, text: &str) -> io::Result<()> {
    text.chars().try_for_each(
        |c| {
            if c.is_control() { write!(out, "{}", c.escape_default()) } else { write!(out, "{c}") }
        },
    )
}

fn write_json(out: &mut dyn Write, record: &Record<'_>, at: Timestamp) -> io::Result<()> {
    let mut line = serde_json::Map::new();
    line.insert("time".to_owned(), at.to_string().into());
    line.insert("level".to_owned(), record.level().as_str().to_lowercase().into());
    line.insert("target".to_owned(), record.target().into());
    line.insert("message".to_owned(), record.args().to_string().into());
    for (key, value) in pairs(record) {
        let name = if RESERVED.contains(&key.as_str()) { format!("{key}_") } else { key };
        line.insert(name, value);
    }
    serde_json::to_writer(&mut *out, &line)?;
    writeln!(out)
}

fn pairs(record: &Record<'_>) -> Vec<(String, serde_json::Value)> {
    let mut pairs = Pairs(Vec::new());
    match record.key_values().visit(&mut pairs) {
        Ok(()) => pairs.0,
        // A value that cannot be read costs its pair, never the line.
        Err(_) => pairs.0,
    }
}

struct Pairs(Vec<(String, serde_json::Value)>);

impl<'kvs> VisitSource<'kvs> for Pairs {
    fn visit_pair(&mut self, key: kv::Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        self.0.push((key.as_str().to_owned(), json_value(&value)));
        Ok(())
    }
}

fn json_value(value: &kv::Value<'_>) -> serde_json::Value {
    if let Some(flag) = value.to_bool() {
        flag.into()
    } else if let Some(number) = value.to_u64() {
        number.into()
    } else if let Some(number) = value.to_i64() {
        number.into()
    } else {
        match value.to_borrowed_str() {
            Some(text) => text.into(),
            None => json_fraction(value),
        }
    }
}

fn json_fraction(value: &kv::Value<'_>) -> serde_json::Value {
    match value.to_f64().and_then(serde_json::Number::from_f64) {
        Some(number) => serde_json::Value::Number(number),
        None => value.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use log::Level;

    use super::*;

    fn lines(message: &str, pairs: &[(&str, kv::Value<'_>)]) -> (String, String) {
        let at = Timestamp::from_micros(1_700_000_000_123_400);
        let (mut text, mut json) = (Vec::new(), Vec::new());
        let args = format_args!("{message}");
        let record = Record::builder().level(Level::Info).target("jct_test").key_values(&pairs).args(args).build();
        write_text(&mut text, &record, at).unwrap();
        write_json(&mut json, &record, at).unwrap();
        (String::from_utf8(text).unwrap(), String::from_utf8(json).unwrap())
    }

    #[test]
    fn both_forms_carry_the_pairs() {
        let pairs = [
            ("trace_id", kv::Value::from("t-1")),
            ("attempt", kv::Value::from(2)),
            ("seconds", kv::Value::from(0.5)),
            ("worker", kv::Value::from("build 7")),
            ("level", kv::Value::from(true)),
        ];
        let (text, json) = lines("task started", &pairs);
        insta::assert_snapshot!(text + &json, @r#"
        2023-11-14T22:13:20.123400Z INFO  jct_test: task started trace_id=t-1 attempt=2 seconds=0.5 worker="build 7" level=true
        {"time":"2023-11-14T22:13:20.123400Z","level":"info","target":"jct_test","message":"task started","trace_id":"t-1","attempt":2,"seconds":0.5,"worker":"build 7","level_":true}
        "#);
    }

    #[test]
    fn nothing_forges_a_line() {
        let (text, json) = lines("a\nb\u{1b}[2J", &[("reason", kv::Value::from("x\ny=\"z\""))]);
        assert_eq!((text.lines().count(), json.lines().count()), (1, 1));
        assert!(!text.contains('\u{1b}') && !json.contains('\u{1b}'), "{text}{json}");
    }
}
