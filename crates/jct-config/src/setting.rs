//! What a type needs to be a setting: one door from text, one from TOML, and a way to be shown.
//!
//! Nothing is coerced in TOML: a number written as a string is an error, because a reader of the file would be
//! misled. The environment has only text, so there the text is the number.

use std::fmt::Display;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use crate::{InvalidText, Secret};

/// How a value is written in `jct.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    Integer,
    Boolean,
    List,
}

/// A value that a key can have. Reasons never repeat a secret value.
pub(crate) trait Setting: Sized {
    /// The type in words.
    const KIND: &'static str;
    const SHAPE: Shape = Shape::Text;
    const SECRET: bool = false;

    /// Reads the value as it stands in the environment, in a flag or in a default.
    fn parse(text: &str) -> Result<Self, String>;

    /// Reads the value as it stands in `jct.toml`.
    fn from_toml(value: &toml::Value) -> Result<Self, String> {
        match (Self::SHAPE, value) {
            (Shape::Text, toml::Value::String(text)) => Self::parse(text),
            (Shape::Integer, toml::Value::Integer(number)) => Self::parse(&number.to_string()),
            (Shape::Boolean, toml::Value::Boolean(flag)) => Self::parse(if *flag { "true" } else { "false" }),
            _ => Err(format!("must be {}, not {}", Self::KIND, described(value))),
        }
    }

    /// The value as text, secrets masked.
    fn show(&self) -> String;

    /// The value as a number, for range checks.
    fn number(&self) -> Option<u64> {
        None
    }
}

fn described(value: &toml::Value) -> &'static str {
    match value {
        toml::Value::String(_) => "text",
        toml::Value::Integer(_) => "an integer",
        toml::Value::Float(_) => "a fraction",
        toml::Value::Boolean(_) => "a boolean",
        toml::Value::Datetime(_) => "a date",
        toml::Value::Array(_) => "an array",
        toml::Value::Table(_) => "a table",
    }
}

macro_rules! unsigned_settings {
    ($($number:ty),+) => {$(
        impl Setting for $number {
            const KIND: &'static str = "an integer";
            const SHAPE: Shape = Shape::Integer;

            fn parse(text: &str) -> Result<Self, String> {
                // The standard parser takes a leading plus; the file format does not.
                if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err("must be an integer without sign".to_owned());
                }
                text.parse().map_err(|_| "is too large".to_owned())
            }

            fn show(&self) -> String {
                self.to_string()
            }

            fn number(&self) -> Option<u64> {
                Some(u64::from(*self))
            }
        }
    )+};
}
unsigned_settings!(u16, u32, u64);

impl Setting for bool {
    const KIND: &'static str = "`true` or `false`";
    const SHAPE: Shape = Shape::Boolean;

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("must be `true` or `false`".to_owned()),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for IpAddr {
    const KIND: &'static str = "an IP address or `localhost`";

    fn parse(text: &str) -> Result<Self, String> {
        // The one name that needs no look-up: what a look-up finds can change what a server is exposed to.
        if text == "localhost" {
            return Ok(Self::from([127, 0, 0, 1]));
        }
        text.parse().map_err(|_| "must be an IP address such as `127.0.0.1` or `::1`".to_owned())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for PathBuf {
    const KIND: &'static str = "a path";

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err("must be a path".to_owned());
        }
        Ok(Self::from(text))
    }

    fn show(&self) -> String {
        self.display().to_string()
    }
}

impl Setting for Option<Secret> {
    const KIND: &'static str = "a secret";
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|error: InvalidText| error.to_string())
    }

    fn show(&self) -> String {
        if self.is_some() { Secret::MASK.to_owned() } else { String::new() }
    }
}

/// One entry of a list: text that does not contain a comma.
pub(crate) trait Item: FromStr + Display {
    /// What the list must hold.
    const RULE: &'static str;
}

fn parse_item<T: Item>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| T::RULE.to_owned())
}

impl<T: Item> Setting for Vec<T> {
    const KIND: &'static str = "a list of texts";
    const SHAPE: Shape = Shape::List;

    fn parse(text: &str) -> Result<Self, String> {
        text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(parse_item).collect()
    }

    fn from_toml(value: &toml::Value) -> Result<Self, String> {
        let toml::Value::Array(entries) = value else {
            return Err(format!("must be an array of texts, not {}", described(value)));
        };
        let parse_entry = |entry: &toml::Value| match entry {
            toml::Value::String(text) => parse_item(text),
            other => Err(format!("must hold only texts, not {}", described(other))),
        };
        entries.iter().map(parse_entry).collect()
    }

    fn show(&self) -> String {
        self.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }
}

/// Declares a setting with a fixed set of spellings.
macro_rules! choice {
    ($name:ident { $($variant:ident = $text:literal),+ }) => {
        impl $crate::setting::Setting for $name {
            const KIND: &'static str = concat!("one of", $(" `", $text, "`"),+);

            fn parse(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(format!("must be {}", <Self as $crate::setting::Setting>::KIND)),
                }
            }

            fn show(&self) -> String {
                match self { $(Self::$variant => $text,)+ }.to_owned()
            }
        }
    };
}
pub(crate) use choice;
