//! Reads what an agent says: short lines for the log, the last word, and figures of use.

use jct_exec::Usage;
use regex::Regex;
use serde_json::Value;

use super::definition::{Field, Figures, Output, OutputFormat};
use super::error::Violation;
use super::field::FieldPath;
use crate::text::{cut, last_bytes, one_line};

/// Characters of one message in the log.
const SHOWN: usize = 500;
/// Bytes of the last word that are kept.
const FINAL_BYTES: usize = 16 * 1024;
const GROUPS: [&str; 5] = ["tokens_in", "tokens_out", "turns", "cost_usd", "model"];

/// How the output of an agent is read.
#[derive(Debug, Clone)]
pub(crate) struct OutputRules {
    format: OutputFormat,
    figures: Figures,
    message: Vec<FieldPath>,
    final_message: Vec<FieldPath>,
    error: Vec<FieldPath>,
    tokens_in: Vec<FieldPath>,
    tokens_out: Vec<FieldPath>,
    turns: Vec<FieldPath>,
    cost_usd: Vec<FieldPath>,
    model: Vec<FieldPath>,
    patterns: Vec<Regex>,
}

impl OutputRules {
    pub(super) fn parse(output: &Output) -> Result<Self, Violation> {
        let fields = |key: &str, fields: &[Field]| {
            let parsed: Result<Vec<FieldPath>, String> = fields.iter().map(FieldPath::parse).collect();
            parsed.map_err(|message| Violation::new(format!("output.{key}"), message))
        };
        Ok(Self {
            format: output.format,
            figures: output.figures,
            message: fields("message", &output.message)?,
            final_message: fields("final_message", &output.final_message)?,
            error: fields("error", &output.error)?,
            tokens_in: fields("tokens_in", &output.tokens_in)?,
            tokens_out: fields("tokens_out", &output.tokens_out)?,
            turns: fields("turns", &output.turns)?,
            cost_usd: fields("cost_usd", &output.cost_usd)?,
            model: fields("model", &output.model)?,
            patterns: output.patterns.iter().map(|pattern| parse_pattern(pattern)).collect::<Result<_, _>>()?,
        })
    }

    /// Whether each line is a JSON document.
    pub(crate) fn is_json(&self) -> bool {
        self.format == OutputFormat::JsonLines
    }

    /// Starts reading one run.
    pub(crate) fn reader(&self) -> OutputReader {
        OutputReader { rules: self.clone(), seen: Seen::default() }
    }
}

fn parse_pattern(pattern: &str) -> Result<Regex, Violation> {
    let refuse = |message: String| Violation::new("output.patterns", message);
    let regex = Regex::new(pattern).map_err(|error| refuse(one_line(&error.to_string(), SHOWN)))?;
    let unknown = regex.capture_names().flatten().find(|name| !GROUPS.contains(name));
    match unknown {
        Some(name) => Err(refuse(format!("there is no figure `{name}`"))),
        None => Ok(regex),
    }
}

/// What has been read of one run.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Seen {
    /// The agent's last word.
    pub(crate) final_message: Option<String>,
    /// What it reported as its failure.
    pub(crate) error: Option<String>,
    /// Figures of use; `None` when none was reported.
    pub(crate) usage: Option<Usage>,
}

/// Reads the output of one run line by line.
pub(crate) struct OutputReader {
    rules: OutputRules,
    seen: Seen,
}

impl OutputReader {
    /// Takes one line and gives what the log is to say of it.
    pub(crate) fn line(&mut self, line: &str) -> Vec<String> {
        if !self.rules.is_json() {
            self.text(line);
            return vec![line.to_owned()];
        }
        match serde_json::from_str::<Value>(line) {
            Ok(value) => self.json(&value),
            // Programs say things that are no JSON before they begin and when they fail.
            Err(_) => vec![one_line(line, SHOWN)],
        }
    }

    /// What was read.
    pub(crate) fn finish(self) -> Seen {
        let mut seen = self.seen;
        // The last word of a text is its end.
        seen.final_message = seen.final_message.map(|message| last_bytes(&message, FINAL_BYTES).to_owned());
        seen
    }

    fn text(&mut self, line: &str) {
        if !line.trim().is_empty() {
            let message = self.seen.final_message.get_or_insert_default();
            message.push_str(line);
            message.push('\n');
            // Not at every line, or short lines would cost as much as the whole text each.
            if message.len() > 2 * FINAL_BYTES {
                *message = last_bytes(message, FINAL_BYTES).to_owned();
            }
        }
        for index in 0..self.rules.patterns.len() {
            let pattern = &self.rules.patterns[index];
            let Some(groups) = pattern.captures(line) else { continue };
            let group = |name: &str| groups.name(name).map(|found| found.as_str());
            let whole = |name: &str| group(name).and_then(amount).and_then(to_whole);
            self.add(Usage {
                tokens_in: whole("tokens_in"),
                tokens_out: whole("tokens_out"),
                turns: whole("turns"),
                cost_usd: group("cost_usd").and_then(amount),
                model: group("model").map(|name| one_line(name, 128)),
            });
        }
    }

    fn json(&mut self, line: &Value) -> Vec<String> {
        let rules = &self.rules;
        let usage = Usage {
            tokens_in: total(&rules.tokens_in, line).and_then(to_whole),
            tokens_out: total(&rules.tokens_out, line).and_then(to_whole),
            turns: total(&rules.turns, line).and_then(to_whole),
            cost_usd: total(&rules.cost_usd, line),
            model: texts(&rules.model, line).pop().map(|name| one_line(&name, 128)),
        };
        if let Some(text) = texts(&rules.final_message, line).pop() {
            self.seen.final_message = Some(cut(&text, FINAL_BYTES).to_owned());
        }
        if let Some(text) = texts(&rules.error, line).pop() {
            self.seen.error = Some(one_line(&text, SHOWN));
        }
        let shown = texts(&rules.message, line).iter().map(|text| one_line(text, SHOWN)).collect();
        self.add(usage);
        shown
    }

    fn add(&mut self, usage: Usage) {
        if usage == Usage::default() {
            return;
        }
        let sum = self.seen.usage.get_or_insert_default();
        match self.rules.figures {
            Figures::Sum => sum.add(usage),
            Figures::Last => {
                let Usage { tokens_in, tokens_out, turns, cost_usd, model } = usage;
                sum.tokens_in = tokens_in.or(sum.tokens_in);
                sum.tokens_out = tokens_out.or(sum.tokens_out);
                sum.turns = turns.or(sum.turns);
                sum.cost_usd = cost_usd.or(sum.cost_usd);
                sum.model = model.or(sum.model.take());
            }
        }
    }
}

fn texts(paths: &[FieldPath], line: &Value) -> Vec<String> {
    let found = paths.iter().flat_map(|path| path.find(line));
    found
        .filter_map(|value| match value {
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        })
        .collect()
}

/// The sum of all numbers that are found; `None` when there is none.
fn total(paths: &[FieldPath], line: &Value) -> Option<f64> {
    let numbers: Vec<f64> = paths.iter().flat_map(|path| path.find(line)).filter_map(Value::as_f64).collect();
    let sum: f64 = numbers.iter().sum();
    (!numbers.is_empty() && sum.is_finite() && sum >= 0.0).then_some(sum)
}

/// A number as people write it: `1,234`, `2.4k`, `$0.05`.
fn amount(text: &str) -> Option<f64> {
    let text = text.trim().trim_start_matches('$').replace(',', "");
    let (digits, factor) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1e3),
        None => text.strip_suffix(['m', 'M']).map_or((text.as_str(), 1.0), |digits| (digits, 1e6)),
    };
    digits.parse::<f64>().ok().map(|number| number * factor).filter(|number| number.is_finite() && *number >= 0.0)
}

/// The nearest whole number, for counts that came as floating point.
fn to_whole(number: f64) -> Option<u64> {
    const MOST: f64 = 9_007_199_254_740_992.0;
    let rounded = number.round();
    (0.0..=MOST).contains(&rounded).then(|| format!("{rounded:.0}").parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn number(text: &str, expect: Option<f64>) {
        assert_eq!(amount(text), expect);
    }

    #[test]
    fn amounts_are_read_as_people_write_them() {
        number("1,234", Some(1234.0));
        number("2.5k", Some(2500.0));
        number("1M", Some(1e6));
        number("$0.05", Some(0.05));
        number("-1", None);
        number("many", None);
        number("inf", None);
        assert_eq!(to_whole(2.4), Some(2));
        assert_eq!(to_whole(1e300), None);
    }

    proptest! {
        #[test]
        fn nothing_panics(text in ".{0,100}", number in any::<f64>()) {
            let _ = amount(&text);
            let _ = to_whole(number);
        }
    }
}
