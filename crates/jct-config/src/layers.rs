//! The layers of one run: raw values by key, the strongest winning, and every complaint on the way.

use std::ffi::OsStr;
use std::ops::Range;
use std::path::Path;

use crate::error::ConfigError;
use crate::key::{Fallback, Key, registry};
use crate::setting::{Setting, Shape};
use crate::sources::{Sources, TomlSource};
use crate::suggest::nearest;
use crate::text::worker_name_of_host;
use crate::{CONFIG_FILE_VARIABLE, EffectiveEntry, Origin};

/// Variables with this beginning steer the tests and are nobody's configuration.
const TEST_PREFIX: &str = "JCT_TEST_";
const PREFIX: &str = "JCT_";
/// What the worker tells the commands it runs. A command may be one of these binaries, or their tests.
const TOLD_TO_COMMANDS: [&str; 6] =
    ["JCT_TASK_ID", "JCT_ATTEMPT", "JCT_TRACE_ID", "JCT_RUN_MARKER", "JCT_ARTIFACTS", "JCT_CHECK"];

pub(crate) struct Layers<'a> {
    sources: &'a Sources,
    /// Keys set by the file, with their tables resolved.
    file: Vec<(&'static str, toml::Value)>,
    pub(crate) errors: Vec<ConfigError>,
    pub(crate) effective: Vec<EffectiveEntry>,
}

enum Raw<'a> {
    Text(&'a str),
    Toml(&'a toml::Value),
    NotUnicode,
}

impl<'a> Layers<'a> {
    /// Sorts the sources by key and reports whatever belongs to none.
    pub(crate) fn new(sources: &'a Sources) -> Self {
        let mut layers = Self { sources, file: Vec::new(), errors: Vec::new(), effective: Vec::new() };
        if let Some(source) = &sources.toml {
            layers.read_file(source);
        }
        layers.report_unknown_variables();
        for (name, _) in &sources.overrides {
            if known_key(name).is_none() {
                layers.unknown_key(name, Origin::Flag);
            }
        }
        layers
    }

    fn read_file(&mut self, source: &TomlSource) {
        let table = match source.text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(error) => return self.errors.push(syntax_error(source, &error)),
        };
        for (name, value) in table {
            match value {
                toml::Value::Table(section) if known_key(&name).is_none() => {
                    for (key, value) in section {
                        self.file_value(&format!("{name}.{key}"), value, &source.path);
                    }
                }
                value => self.file_value(&name, value, &source.path),
            }
        }
    }

    fn file_value(&mut self, name: &str, value: toml::Value, path: &Path) {
        match known_key(name) {
            Some(key) => self.file.push((key.name, value)),
            None => self.unknown_key(name, Origin::File(path.to_owned())),
        }
    }

    fn unknown_key(&mut self, name: &str, origin: Origin) {
        let suggestion = nearest(name, registry().map(|key| key.name));
        self.errors.push(ConfigError::UnknownKey { name: name.to_owned(), origin, suggestion });
    }

    fn report_unknown_variables(&mut self) {
        for (name, _) in &self.sources.env {
            let name = name.to_string_lossy();
            let ours = name.starts_with(PREFIX) && !name.starts_with(TEST_PREFIX) && name != CONFIG_FILE_VARIABLE;
            let ours = ours && !TOLD_TO_COMMANDS.contains(&&*name);
            if ours && !registry().any(|key| key.env == name) {
                let suggestion = nearest(&name, registry().map(|key| key.env).chain([CONFIG_FILE_VARIABLE]));
                self.errors.push(ConfigError::UnknownVariable { name: name.into_owned(), suggestion });
            }
        }
    }

    /// The value of a key, or `None` after reporting why there is none.
    pub(crate) fn read<T: Setting>(&mut self, key: &'static Key) -> Option<T> {
        let fallback = self.fallback(key);
        let (raw, origin) = self.strongest(key, T::SHAPE).unwrap_or((Raw::Text(&fallback), Origin::Default));
        let parsed = match raw {
            Raw::Text(text) => T::parse(text),
            Raw::Toml(value) => T::from_toml(value),
            Raw::NotUnicode => Err("must be Unicode text".to_owned()),
        };
        match parsed.and_then(|value| in_range(value, key)) {
            Ok(value) => {
                self.effective.push(EffectiveEntry { key: key.name, value: value.show(), source: origin });
                Some(value)
            }
            Err(reason) => {
                self.errors.push(ConfigError::BadValue { key: key.name, origin, reason });
                None
            }
        }
    }

    /// Flag, then environment, then file. A variable set to nothing is as good as unset, except that it empties a
    /// list: an empty list of allowed repositories must be able to deny what the file admits.
    fn strongest(&self, key: &'static Key, shape: Shape) -> Option<(Raw<'_>, Origin)> {
        let flag = self.sources.overrides.iter().rev().find(|(name, _)| name == key.name);
        let counts = |value: &OsStr| !value.is_empty() || shape == Shape::List;
        let variable = || self.sources.env.iter().find(|(name, value)| name == key.env && counts(value));
        let file = || self.file.iter().find(|(name, _)| *name == key.name);
        if let Some((_, text)) = flag {
            Some((Raw::Text(text), Origin::Flag))
        } else if let Some((_, value)) = variable() {
            Some((value.to_str().map_or(Raw::NotUnicode, Raw::Text), Origin::Environment(key.env)))
        } else if let (Some((_, value)), Some(source)) = (file(), &self.sources.toml) {
            Some((Raw::Toml(value), Origin::File(source.path.clone())))
        } else {
            None
        }
    }

    fn fallback(&self, key: &Key) -> String {
        match key.fallback {
            Fallback::Text(text) => text.to_owned(),
            Fallback::Cores => self.sources.machine.cores.to_string(),
            Fallback::HostName => worker_name_of_host(&self.sources.machine.host_name),
        }
    }
}

fn known_key(name: &str) -> Option<&'static Key> {
    registry().find(|key| key.name == name)
}

fn in_range<T: Setting>(value: T, key: &Key) -> Result<T, String> {
    match (&key.range, value.number()) {
        (Some(range), Some(number)) if !range.contains(&number) => {
            Err(format!("must be from {} to {}", range.start(), range.end()))
        }
        _ => Ok(value),
    }
}

fn syntax_error(source: &TomlSource, error: &toml::de::Error) -> ConfigError {
    let Range { start, .. } = error.span().unwrap_or_default();
    let before = source.text.get(..start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    ConfigError::Syntax {
        path: source.path.clone(),
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        reason: error.message().to_owned(),
    }
}
