//! Server-sent events, as the WHATWG HTML standard defines their text form.

use std::io::{self, BufRead, Read as _};

/// A line that is longer is not read to its end; the tower sends nothing of that size.
const LINE_MAX_BYTES: u64 = 4 * 1024 * 1024;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ServerEvent {
    pub(super) id: Option<String>,
    pub(super) event: String,
    pub(super) data: String,
}

/// Reads the next event; `None` at the end of the stream. An event cut off by the end is dropped: it will come again.
pub(super) fn next(stream: &mut impl BufRead) -> io::Result<Option<ServerEvent>> {
    let mut event = ServerEvent::default();
    let mut has_data = false;
    loop {
        let Some(line) = line(stream)? else { return Ok(None) };
        if line.is_empty() {
            if has_data {
                event.data.pop();
                return Ok(Some(event));
            }
            event = ServerEvent::default();
            continue;
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "data" => {
                has_data = true;
                event.data.push_str(value);
                event.data.push('\n');
            }
            "event" => value.clone_into(&mut event.event),
            "id" if !value.contains('\0') => event.id = Some(value.to_owned()),
            // A comment (no name), `retry`, or something newer than this client.
            _ => {}
        }
    }
}

/// The next line without its end, or `None` if the stream ended before it.
fn line(stream: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    stream.by_ref().take(LINE_MAX_BYTES).read_until(b'\n', &mut bytes)?;
    if bytes.pop() != Some(b'\n') {
        let too_long = u64::try_from(bytes.len()).unwrap_or(u64::MAX) + 1 >= LINE_MAX_BYTES;
        return if too_long {
            Err(io::Error::new(io::ErrorKind::InvalidData, "an event has a line without end"))
        } else {
            Ok(None)
        };
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    String::from_utf8(bytes).map(Some).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "an event is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn all(text: &str) -> Vec<ServerEvent> {
        let mut stream = text.as_bytes();
        std::iter::from_fn(|| next(&mut stream).expect("readable")).collect()
    }

    fn event(id: Option<&str>, event: &str, data: &str) -> ServerEvent {
        ServerEvent { id: id.map(str::to_owned), event: event.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn events_comments_and_line_ends() {
        let text = ": hello\n\nid: 7\nevent: log\ndata: {\"a\":1}\n\nid:8\r\ndata:x\r\ndata:  y\r\n\r\nretry: 5\n\n";
        assert_eq!(all(text), [event(Some("7"), "log", "{\"a\":1}"), event(Some("8"), "", "x\n y")]);
    }

    #[test]
    fn what_is_cut_off_does_not_count() {
        assert_eq!(all("id: 1\ndata: a\n\nid: 2\ndata: b\n"), [event(Some("1"), "", "a")]);
        assert_eq!(all("id: 1\ndata: a"), []);
    }

    #[test]
    fn an_endless_line_is_an_error() {
        let limit = usize::try_from(LINE_MAX_BYTES).expect("fits");
        assert!(next(&mut vec![b'a'; limit + 1].as_slice()).is_err());
    }

    fn field() -> impl Strategy<Value = String> {
        "[ -~äß:]{0,12}"
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(events in vec((field(), field(), vec(field(), 1..4)), 0..5), comment in field()) {
            let mut text = format!(":{comment}\n");
            for (id, name, data) in &events {
                text.push_str(&format!("id: {id}\nevent: {name}\n"));
                data.iter().for_each(|line| text.push_str(&format!("data: {line}\n")));
                text.push('\n');
            }
            let expect: Vec<_> = events.iter().map(|(id, name, data)| event(Some(id), name, &data.join("\n"))).collect();
            prop_assert_eq!(all(&text), expect);
        }

        #[test]
        fn any_bytes_end_the_stream_or_fail(bytes in vec(select(b"id: data\r\n:event\0\xff".to_vec()), 0..200)) {
            let mut stream = bytes.as_slice();
            while let Ok(Some(event)) = next(&mut stream) {
                prop_assert!(event.data.len() < bytes.len());
            }
        }
    }
}
