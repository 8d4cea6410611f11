//! One message, one request, one answer.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use jct_connect::{Tls, machines_roots};
use jct_event::webhook::{AddressRules, EndpointUrl, InvalidEndpoint, SignedHeaders};
use url::Position;

use crate::connect::{ConnectError, connect};

/// For the name, the connection, the handshake, the request and the head of the answer together.
const LIMIT: Duration = Duration::from_secs(20);
const AGENT: &str = concat!("jct-webhook/", env!("CARGO_PKG_VERSION"));

/// A message on its way out.
#[derive(Clone, Debug)]
pub struct Message {
    /// The receiver's URL.
    pub url: String,
    /// What kind of body it is.
    pub content_type: &'static str,
    /// Name, time and signatures.
    pub headers: SignedHeaders,
    /// The bytes that were signed.
    pub body: Bytes,
}

/// What a receiver answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// How long it asks to be left alone, if it says so in seconds.
    pub retry_after: Option<Duration>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The URL is not one that messages may go to.
    #[error("the URL is not allowed: {0}")]
    Url(#[from] InvalidEndpoint),
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The receiver broke off, or what it said is not HTTP.
    #[error("the receiver did not answer in HTTP")]
    Http(#[source] hyper::Error),
    /// The message cannot be put into a request.
    #[error("the message cannot be sent")]
    Request(#[source] hyper::http::Error),
    /// The receiver took too long.
    #[error("the receiver did not answer within {} seconds", LIMIT.as_secs())]
    TooSlow,
}

/// Sends messages under the operator's rules.
#[derive(Clone, Debug)]
pub struct Sender {
    rules: AddressRules,
    tls: Tls,
    limit: Duration,
}

impl Sender {
    /// A sender that trusts the machine's roots. A machine without any can still speak to receivers without TLS, where
    /// the rules allow it.
    ///
    /// # Errors
    /// [`io::Error`] if TLS cannot be prepared.
    pub fn new(rules: AddressRules) -> io::Result<Self> {
        Ok(Self { rules, tls: Tls::trusting(machines_roots())?, limit: LIMIT })
    }

    /// Sends a message once. Any status is an answer; whether it is a good one is for the caller to say.
    ///
    /// # Errors
    /// [`SendError`]; whether the receiver has the message is then not known.
    pub async fn send(&self, message: Message) -> Result<Answer, SendError> {
        tokio::time::timeout(self.limit, self.send_at_last(message)).await.unwrap_or(Err(SendError::TooSlow))
    }

    async fn send_at_last(&self, message: Message) -> Result<Answer, SendError> {
        let endpoint = EndpointUrl::parse(&message.url, &self.rules)?;
        let stream = connect(&endpoint, &self.rules, &self.tls).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(SendError::Http)?;
        let request = request(&endpoint, message).map_err(SendError::Request)?;
        let answering = sender.send_request(request);
        tokio::pin!(connection, answering);
        // The connection only moves while it is polled; whoever is dropped takes it along.
        let response = tokio::select! {
            answered = &mut answering => answered.map_err(SendError::Http)?,
            ended = &mut connection => {
                ended.map_err(SendError::Http)?;
                answering.await.map_err(SendError::Http)?
            }
        };
        Ok(answer(&response))
    }
}

fn request(endpoint: &EndpointUrl, message: Message) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let url = endpoint.url();
    let mut request = Request::post(&url[Position::BeforePath..Position::AfterQuery])
        .header(HOST, &url[Position::BeforeHost..Position::AfterPort])
        .header(CONTENT_TYPE, message.content_type)
        .header(USER_AGENT, AGENT);
    for (name, value) in message.headers.as_pairs() {
        request = request.header(name, value);
    }
    request.body(Full::new(message.body))
}

fn answer<B>(response: &Response<B>) -> Answer {
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    Answer { status: response.status().as_u16(), retry_after: seconds.map(Duration::from_secs) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use jct_event::webhook::AddressClass;

    fn allowing(hosts: &[&str]) -> Sender {
        let allowed_hosts: BTreeSet<String> = hosts.iter().map(|&host| host.to_owned()).collect();
        Sender::new(AddressRules { allow_http: true, allowed_hosts }).unwrap()
    }

    fn message(url: String) -> Message {
        let headers = SignedHeaders { id: "m".to_owned(), timestamp: "1".to_owned(), signature: "v1,x".to_owned() };
        Message { url, content_type: "application/json", headers, body: Bytes::from_static(b"{\"a\":1}") }
    }

    /// A receiver that answers one request with this and gives back what it was sent.
    async fn receiver(answer: &'static str) -> (u16, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut heard = Vec::new();
            while !heard.ends_with(b"{\"a\":1}") {
                let mut piece = [0; 1_024];
                let read = stream.read(&mut piece).await.unwrap();
                assert!(read > 0, "the request ended early");
                heard.extend_from_slice(&piece[..read]);
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            String::from_utf8(heard).unwrap()
        });
        (port, heard)
    }

    #[tokio::test]
    async fn a_message_arrives_as_it_was_signed() {
        let (port, heard) = receiver("HTTP/1.1 204 No Content\r\n\r\n").await;
        let url = format!("http://127.0.0.1:{port}/hooks/a?token=b");
        let answer = allowing(&["127.0.0.1"]).send(message(url)).await.unwrap();
        assert_eq!(answer, Answer { status: 204, retry_after: None });
        let heard = heard.await.unwrap().to_lowercase();
        assert!(heard.starts_with("post /hooks/a?token=b http/1.1\r\n"), "{heard}");
        for line in [
            format!("host: 127.0.0.1:{port}"),
            "webhook-id: m".to_owned(),
            "webhook-timestamp: 1".to_owned(),
            "webhook-signature: v1,x".to_owned(),
            "content-type: application/json".to_owned(),
            "content-length: 7".to_owned(),
        ] {
            assert!(heard.contains(&format!("\r\n{line}\r\n")), "{line} is not in {heard}");
        }
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_not_followed() {
        let (port, heard) =
            receiver("HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nRetry-After: 7\r\n\r\n").await;
        let url = format!("http://127.0.0.1:{port}/");
        let answer = allowing(&["127.0.0.1"]).send(message(url)).await.unwrap();
        assert_eq!(answer, Answer { status: 302, retry_after: Some(Duration::from_secs(7)) });
        heard.await.unwrap();
    }

    #[tokio::test]
    async fn an_address_that_is_not_allowed_is_not_spoken_to() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let refused = allowing(&[]).send(message(format!("http://127.0.0.1:{port}/"))).await.unwrap_err();
        assert!(matches!(refused, SendError::Url(InvalidEndpoint::Address(AddressClass::Loopback))), "{refused:?}");
        let refused = allowing(&[]).send(message(format!("http://localhost:{port}/"))).await.unwrap_err();
        assert!(matches!(refused, SendError::Url(InvalidEndpoint::LocalName)), "{refused:?}");
        let knocked = tokio::time::timeout(Duration::from_millis(100), listener.accept()).await;
        assert!(knocked.is_err(), "nobody may knock");
    }

    #[tokio::test]
    async fn a_name_is_judged_by_where_it_leads() {
        // What the name resolves to is judged even if nothing was wrong with the name.
        let rules = AddressRules { allow_http: true, ..AddressRules::default() };
        let named = AddressRules { allowed_hosts: BTreeSet::from(["localhost".to_owned()]), ..rules.clone() };
        let endpoint = EndpointUrl::parse("http://localhost:9/", &named).unwrap();
        let tls = Tls::trusting(machines_roots()).unwrap();
        let refused = connect(&endpoint, &rules, &tls).await.err().unwrap();
        assert!(
            matches!(refused, ConnectError::Refused(InvalidEndpoint::Address(AddressClass::Loopback))),
            "{refused:?}"
        );
    }

    #[tokio::test]
    async fn a_receiver_that_says_nothing_is_not_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let sender = Sender { limit: Duration::from_millis(50), ..allowing(&["127.0.0.1"]) };
        let refused = sender.send(message(format!("http://127.0.0.1:{port}/"))).await.unwrap_err();
        assert!(matches!(refused, SendError::TooSlow), "{refused:?}");
        drop(listener);
        let refused = sender.send(message(format!("http://127.0.0.1:{port}/"))).await.unwrap_err();
        assert!(matches!(refused, SendError::Connect(ConnectError::Unreachable(_))), "{refused:?}");
    }

    #[tokio::test]
    async fn what_is_no_http_is_no_answer() {
        let (port, heard) = receiver("hello there\r\n\r\n").await;
        let refused = allowing(&["127.0.0.1"]).send(message(format!("http://127.0.0.1:{port}/"))).await.unwrap_err();
        assert!(matches!(refused, SendError::Http(_)), "{refused:?}");
        heard.await.unwrap();
    }
}
