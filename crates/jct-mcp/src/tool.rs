//! What a tool is, and how any of them is called.

use std::future::Future;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};
use jct_tower::access::Scope;
use rmcp::handler::server::tool::schema_for_type;
use rmcp::model::{CallToolResult, JsonObject, Tool as Description, ToolAnnotations};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::arguments;
use crate::call::Call;
use crate::failure::Failure;

/// The members of a success, beside `success` itself.
pub(crate) type Outcome = Result<Map<String, Value>, Failure>;

/// What a tool does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It only looks.
    Reads,
    /// It changes something; again, it changes something again.
    Writes,
    /// It changes something; again with the same arguments, nothing more.
    WritesOnce,
}

/// A tool.
pub(crate) trait Tool: 'static {
    /// Its name.
    const NAME: &'static str;
    /// For people.
    const TITLE: &'static str;
    /// For the agent: what it does and when to use it.
    const DESCRIPTION: &'static str;
    /// All of these are needed.
    const SCOPES: &'static [Scope];
    /// The code of a failure of the tower.
    const ERROR: &'static str;
    /// What it does.
    const EFFECT: Effect;
    /// What it takes.
    type Arguments: DeserializeOwned + JsonSchema + Send + 'static;

    /// Does it.
    fn run(call: &Call, arguments: Self::Arguments) -> impl Future<Output = Outcome> + Send;
}

/// A tool among others.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) describe: fn() -> Description,
    pub(crate) call: for<'a> fn(&'a Call, JsonObject) -> BoxFuture<'a, CallToolResult>,
}

/// The entry of a tool.
pub(crate) const fn entry<T: Tool>() -> Entry {
    Entry { name: T::NAME, describe: describe::<T>, call: |call, arguments| called::<T>(call, arguments).boxed() }
}

fn describe<T: Tool>() -> Description {
    let schema: Arc<JsonObject> = schema_for_type::<T::Arguments>();
    let annotations = ToolAnnotations::with_title(T::TITLE)
        .read_only(T::EFFECT == Effect::Reads)
        .destructive(false)
        .idempotent(T::EFFECT != Effect::Writes)
        .open_world(false);
    Description::new(T::NAME, T::DESCRIPTION, schema).with_title(T::TITLE).with_annotations(annotations)
}

async fn called<T: Tool>(call: &Call, arguments: JsonObject) -> CallToolResult {
    let outcome = match lacks(call, T::SCOPES) {
        Some(failure) => Err(failure),
        None => match arguments::read(arguments) {
            Ok(arguments) => T::run(call, arguments).await,
            Err(failure) => Err(failure),
        },
    };
    match outcome {
        Ok(members) => {
            let mut result = Map::new();
            result.insert("success".to_owned(), true.into());
            result.extend(members);
            CallToolResult::structured(result.into())
        }
        Err(failure) => {
            let trace_id = call.caller.trace_id.as_str();
            CallToolResult::structured_error(failure.into_value(T::NAME, T::ERROR, trace_id))
        }
    }
}

fn lacks(call: &Call, needed: &[Scope]) -> Option<Failure> {
    let missing: Vec<&str> =
        needed.iter().filter(|scope| !call.caller.allows(**scope)).map(|scope| scope.as_str()).collect();
    (!missing.is_empty()).then(|| {
        let names = missing.join(" ");
        Failure::new("FORBIDDEN", format!("the key lacks the scope {names}"))
            .with("required_scope", names)
            .suggest("ask the operator for a key with this scope")
    })
}

/// The members of an object that is written here.
pub(crate) fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}
