//! What an adapter may reach, checked before anything runs.

use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, Uri};
use url::Url;

use super::definition::{CredentialDefinition, Definition, NetworkDefinition};
use super::error::Violation;
use super::template::BROKER_URL;
use crate::broker::{CredentialSource, Origin, Rules, Upstream};

/// What an agent may reach.
#[derive(Debug, Clone)]
pub enum Network {
    /// Nothing: it works on its own.
    None,
    /// Its model, through the broker, when the operator has enabled the adapter.
    Broker(Box<WayOut>),
    /// The adapter is never run.
    Refused {
        /// Why.
        reason: String,
    },
}

/// The way to a model.
#[derive(Debug, Clone)]
pub struct WayOut {
    /// What is let through.
    pub rules: Rules,
    /// What the broker adds.
    pub credential: Option<CredentialSource>,
}

pub(super) fn network(name: &str, definition: &Definition) -> Result<Network, Violation> {
    let (upstream, methods, paths, credential, allow_private, limits) = match &definition.network {
        NetworkDefinition::None {} => return Ok(Network::None),
        NetworkDefinition::Refused { reason } => return Ok(Network::Refused { reason: reason.clone() }),
        NetworkDefinition::Broker {
            upstream,
            methods,
            paths,
            credential,
            allow_private,
            request_bytes,
            response_bytes,
        } => (upstream, methods, paths, credential, *allow_private, (*request_bytes, *response_bytes)),
    };
    let mut texts =
        definition.arguments.iter().chain(&definition.model_arguments).chain(definition.environment.values());
    if !texts.any(|text| text.contains(BROKER_URL)) {
        let reason = "its base URL cannot be set: no argument and no environment variable holds `{broker_url}`";
        return Ok(Network::Refused { reason: reason.to_owned() });
    }
    let rules = Rules {
        agent: name.to_owned(),
        upstream: parse_upstream(upstream, allow_private)?,
        methods: methods.iter().map(|method| parse_method(method)).collect::<Result<_, _>>()?,
        paths: paths.iter().map(|path| parse_path(path)).collect::<Result<_, _>>()?,
        allow_private,
        request_bytes: limits.0,
        response_bytes: limits.1,
    };
    if rules.paths.is_empty() || rules.methods.is_empty() {
        return Err(Violation::new("network.paths", "at least one path and one method must be let through"));
    }
    let credential = credential.as_ref().map(parse_credential).transpose()?;
    Ok(Network::Broker(Box::new(WayOut { rules, credential })))
}

fn parse_upstream(text: &str, allow_private: bool) -> Result<Upstream, Violation> {
    let refuse = |message: &str| Err(Violation::new("network.upstream", message));
    let Ok(url) = Url::parse(text) else { return refuse("no URL") };
    let origin = match url.scheme() {
        "https" => Origin::Https,
        "http" if allow_private => Origin::Http,
        "http" => return refuse("must be `https`; plain `http` needs `allow_private`"),
        _ => return refuse("must be `https`"),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("holds a credential; that belongs in `network.credential`");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("must have no query and no fragment");
    }
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return refuse("has no host");
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok(Upstream { origin, host, port, base: url.path().trim_end_matches('/').to_owned() })
}

fn parse_method(text: &str) -> Result<Method, Violation> {
    match text.parse::<Method>() {
        Ok(method) if method != Method::CONNECT && method != Method::TRACE => Ok(method),
        _ => Err(Violation::new("network.methods", format!("`{text}` cannot be let through"))),
    }
}

fn parse_path(text: &str) -> Result<String, Violation> {
    let is_plain = text.starts_with('/') && !text.contains(['?', '#', '%']) && text.parse::<Uri>().is_ok();
    if is_plain && !text.split('/').any(|part| part == ".." || part == ".") {
        return Ok(text.to_owned());
    }
    Err(Violation::new("network.paths", format!("`{text}` must be a plain path that begins with a slash")))
}

fn parse_credential(definition: &CredentialDefinition) -> Result<CredentialSource, Violation> {
    let header = HeaderName::from_bytes(definition.header.as_bytes())
        .map_err(|_| Violation::new("network.credential.header", "no name of a header"))?;
    if HeaderValue::from_str(&definition.prefix).is_err() {
        return Err(Violation::new("network.credential.prefix", "cannot stand in a header"));
    }
    let prefix = definition.prefix.clone();
    match (&definition.variable, &definition.file) {
        (Some(variable), None) => Ok(CredentialSource::variable(variable, header, prefix)),
        (None, Some(file)) => Ok(CredentialSource::file(file, header, prefix)),
        _ => Err(Violation::new("network.credential", "needs either `variable` or `file`")),
    }
}
