//! Single columns on their way to the vocabulary: what SQL cannot say is checked here.

use jct_contract::{Capability, CapabilitySet, Principal, RequesterKind, Timestamp, TraceId};
use jct_lifecycle::ReasonCode;

use crate::StoreError;

/// Columns are signed because SQL knows nothing else.
pub(crate) fn to_u32(column: &str, value: i64) -> Result<u32, StoreError> {
    u32::try_from(value).map_err(|_| StoreError::corrupt(format!("{column} is {value}")))
}

pub(crate) fn to_u64(column: &str, value: i64) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| StoreError::corrupt(format!("{column} is {value}")))
}

/// A list of words in one column, separated by a space.
pub(crate) fn join<T: AsRef<str>>(words: &[T]) -> String {
    words.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(" ")
}

pub(crate) fn split(words: &str) -> Vec<String> {
    words.split_whitespace().map(str::to_owned).collect()
}

pub(crate) fn to_capabilities(words: &str) -> Result<CapabilitySet, StoreError> {
    let read = |word: &str| word.parse::<Capability>().map_err(|_| StoreError::corrupt(format!("capability `{word}`")));
    words.split_whitespace().map(read).collect()
}

pub(crate) fn to_reason(text: &str) -> Result<ReasonCode, StoreError> {
    text.parse().map_err(|_| StoreError::corrupt(format!("reason `{text}`")))
}

pub(crate) fn to_trace_id(text: &str) -> Result<TraceId, StoreError> {
    text.parse().map_err(|_| StoreError::corrupt(format!("trace id `{text}`")))
}

pub(crate) fn to_principal(kind: &str, name: &str) -> Result<Principal, StoreError> {
    let kind: RequesterKind = kind.parse().map_err(|_| StoreError::corrupt(format!("principal kind `{kind}`")))?;
    Principal::new(kind, name).map_err(|_| StoreError::corrupt(format!("principal `{name}`")))
}

pub(crate) fn time(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}
