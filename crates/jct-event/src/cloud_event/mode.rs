//! Which of the forms of the HTTP binding a message is in.

/// The content type of one event in structured form.
pub const STRUCTURED_CONTENT_TYPE: &str = "application/cloudevents+json";
/// The content type of several events in structured form.
pub const BATCH_CONTENT_TYPE: &str = "application/cloudevents-batch+json";

/// The form of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentMode {
    /// One JSON object with attributes and data.
    Structured,
    /// An array of such objects.
    Batch,
    /// The attributes are headers, the data is the body.
    Binary,
    /// Not a CloudEvent at all.
    Other,
    /// A CloudEvent in an event format that is not read here, such as XML or Avro: over HTTP this is a 415.
    Unsupported,
}

/// The form of a message with this content type, in any letter case and with any parameters. `has_ce_headers` says
/// whether any header begins with `ce-`.
#[must_use]
pub fn content_mode(content_type: Option<&str>, has_ce_headers: bool) -> ContentMode {
    let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let media_type = media_type.to_ascii_lowercase();
    match media_type.as_str() {
        STRUCTURED_CONTENT_TYPE => ContentMode::Structured,
        BATCH_CONTENT_TYPE => ContentMode::Batch,
        other if other.starts_with("application/cloudevents") => ContentMode::Unsupported,
        _ if has_ce_headers => ContentMode::Binary,
        _ => ContentMode::Other,
    }
}

/// Whether the data of this content type is JSON; without a content type it is.
pub(super) fn is_json(content_type: Option<&str>) -> bool {
    let Some(content_type) = content_type else { return true };
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let subtype = media_type.split_once('/').map_or("", |(_, subtype)| subtype);
    subtype == "json" || subtype.ends_with("+json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(content_type: Option<&str>, has_ce_headers: bool, expect: ContentMode) {
        assert_eq!(content_mode(content_type, has_ce_headers), expect);
    }

    #[test]
    fn the_content_type_decides_before_the_headers() {
        check(Some("application/cloudevents+json"), true, ContentMode::Structured);
        check(Some("Application/CloudEvents+JSON; charset=utf-8"), false, ContentMode::Structured);
        check(Some("application/cloudevents-batch+json"), false, ContentMode::Batch);
        check(Some("application/cloudevents+xml"), false, ContentMode::Unsupported);
        check(Some("application/json"), true, ContentMode::Binary);
        check(Some("application/json"), false, ContentMode::Other);
        check(None, true, ContentMode::Binary);
        check(None, false, ContentMode::Other);
    }

    #[test]
    fn what_ends_in_json_is_json() {
        for (content_type, expect) in [
            (None, true),
            (Some("application/json"), true),
            (Some("text/JSON; charset=utf-8"), true),
            (Some("application/vnd.example+json"), true),
            (Some("application/xml"), false),
            (Some("json"), false),
        ] {
            assert_eq!(is_json(content_type), expect, "{content_type:?}");
        }
    }
}
