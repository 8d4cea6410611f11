//! Carries messages from a stream of lines to the tower and back. The tools are the tower's, and so is the decision who
//! may use them: here is neither.

use std::io::{BufRead, Read, Write};

use serde_json::{Value, json};

use super::message::Message;
use crate::client::{Client, Exchange};
use crate::failure::Failure;

/// The longest line that is read, in bytes: more than the tower takes.
const LINE_MAX_BYTES: u64 = 8 << 20;
const PATH: [&str; 1] = ["mcp"];

/// The way to the tower.
pub(super) struct Bridge {
    client: Client,
    /// The version of the protocol that client and tower agreed on.
    agreed: Option<String>,
}

impl Bridge {
    pub(super) const fn new(client: Client) -> Self {
        Self { client, agreed: None }
    }

    /// Looks whether there is a tower that takes the key.
    pub(super) fn look(&self) -> Result<(), Failure> {
        let ping = json!({"jsonrpc": "2.0", "id": "jct-mcp", "method": "ping"});
        self.client.exchange(&PATH, &[], ping.to_string().into_bytes()).map(drop)
    }

    /// Carries every line of `from` until there is none, and writes what comes back to `to`.
    pub(super) fn carry(&mut self, from: &mut impl BufRead, to: &mut impl Write) -> Result<(), Failure> {
        loop {
            let mut line = Vec::new();
            let read = from.by_ref().take(LINE_MAX_BYTES).read_until(b'\n', &mut line)?;
            if read == 0 {
                return Ok(());
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            let answers = match Message::read(&line) {
                Ok(message) => self.answers(&message),
                Err(answer) => vec![answer],
            };
            for answer in answers {
                writeln!(to, "{answer}")?;
            }
            to.flush()?;
        }
    }

    fn answers(&mut self, message: &Message) -> Vec<Value> {
        match self.client.exchange(&PATH, &message.headers(self.agreed.as_deref()), message.bytes()) {
            Ok(exchange) => {
                let answers = messages(&exchange);
                if message.is_greeting() {
                    let version = answers.iter().find_map(|answer| answer["result"]["protocolVersion"].as_str());
                    self.agreed = version.map(str::to_owned);
                }
                answers
            }
            Err(failure) => {
                let (told, problem) = failure.told();
                let answer = message.failed(&told, problem.as_ref());
                if answer.is_none() {
                    eprintln!("{told}");
                }
                answer.into_iter().collect()
            }
        }
    }
}

/// The messages of an answer: none, one, or those of a stream of events.
fn messages(exchange: &Exchange) -> Vec<Value> {
    let text = String::from_utf8_lossy(&exchange.body);
    if !exchange.content_type.starts_with("text/event-stream") {
        return serde_json::from_str(&text).into_iter().collect();
    }
    text.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data:")?.trim()).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(content_type: &str, body: &str, expect: &[Value]) {
        let exchange = Exchange { content_type: content_type.to_owned(), body: body.as_bytes().to_vec() };
        assert_eq!(messages(&exchange), expect);
    }

    #[test]
    fn an_answer_is_one_message_or_many() {
        check("", "", &[]);
        check("application/json", "{\"id\":\n1}", &[json!({"id": 1})]);
        check(
            "text/event-stream",
            "id: 1\ndata: {\"a\":1}\n\n: hi\ndata:\n\ndata: {\"b\":2}\n\n",
            &[json!({"a": 1}), json!({"b": 2})],
        );
    }
}
