//! The broker on a real socket, between a client and an upstream.

use std::fs;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use jct_agent::adapter::{Adapters, Network};
use jct_agent::broker::{Broker, BrokerError};
use serde_json::Value;
use tokio::net::UnixStream;

use crate::support::Bench;
use crate::upstream::Upstream;

const SECRET: &str = "s3cret-of-the-worker";

/// A broker for an adapter that is written as an operator would write it.
fn broker(bench: &Bench, upstream: &str, more: &str) -> Result<Broker, BrokerError> {
    let key = bench.path("key");
    fs::write(&key, SECRET).unwrap();
    let text = format!(
        r#"
        [agent.demo]
        title = "Demo"
        program = "demo"
        arguments = ["--url", "{{broker_url}}"]
        prompt = "stdin"
        mode = "writing"
        output = {{ format = "text" }}
        [agent.demo.network]
        kind = "broker"
        upstream = "{upstream}"
        methods = ["POST"]
        paths = ["/v1"]
        credential = {{ file = "{}", header = "authorization", prefix = "Bearer " }}
        {more}
        "#,
        key.display()
    );
    let adapters = Adapters::default().with_text("demo.toml", &text).unwrap();
    let Network::Broker(way) = adapters.get("demo").unwrap().network() else { panic!() };
    Broker::start(way.rules.clone(), way.credential.as_ref(), bench.io())
}

async fn connect(broker: &Broker) -> SendRequest<Full<Bytes>> {
    let stream = UnixStream::connect(broker.socket()).await.unwrap();
    let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

fn post(path: &str, body: &str) -> Request<Full<Bytes>> {
    Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("host", "127.0.0.1:40001")
        .header("authorization", "Bearer of-the-agent")
        .header("x-api-key", "of-the-agent")
        .header("connection", "x-hop")
        .header("x-hop", "1")
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body.to_owned())))
        .unwrap()
}

async fn text(response: Response<hyper::body::Incoming>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn a_listed_request_is_passed_on_with_the_workers_credential() {
    let (bench, upstream) = (Bench::new(), Upstream::start().await);
    let broker = broker(&bench, &format!("http://{}/base/", upstream.address), "allow_private = true").unwrap();
    let mut client = connect(&broker).await;
    let response = client.send_request(post("/v1/messages?a=b&key=of-the-agent", "{\"q\":1}")).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["x-request-id"], "r1");
    assert!(!response.headers().contains_key("set-cookie"));
    assert_eq!(text(response).await, "{\"answer\":42}");

    let arrived = upstream.arrived();
    let [arrived] = arrived.as_slice() else { panic!("{arrived:?}") };
    assert_eq!((arrived.line.as_str(), arrived.body.as_str()), ("POST /base/v1/messages?a=b", "{\"q\":1}"));
    assert_eq!(arrived.header("authorization"), Some("Bearer s3cret-of-the-worker"));
    assert_eq!(arrived.header("host"), Some(upstream.address.to_string().as_str()));
    assert_eq!((arrived.header("x-api-key"), arrived.header("x-hop")), (None, None));

    let egress = bench.egress();
    let [decision] = egress.as_slice() else { panic!("{egress:?}") };
    assert!(decision.allowed);
    assert_eq!((decision.agent.as_str(), decision.host.as_str()), ("demo", "127.0.0.1"));
    assert_eq!((decision.method.as_str(), decision.path.as_str()), ("POST", "/v1/messages"));
    assert_eq!(decision.port, upstream.address.port());
}

#[tokio::test]
async fn everything_else_is_refused_and_recorded() {
    let (bench, upstream) = (Bench::new(), Upstream::start().await);
    let broker = broker(&bench, &format!("http://{}", upstream.address), "allow_private = true").unwrap();
    let change = |uri: &str, method: Method| {
        let mut request = post("/v1", "");
        *request.uri_mut() = uri.parse().unwrap();
        *request.method_mut() = method;
        request
    };
    let mut foreign = post("/v1/x", "");
    foreign.headers_mut().insert("host", "evil.example.org".parse().unwrap());
    let mut upgrade = post("/v1/x", "");
    upgrade.headers_mut().insert("upgrade", "websocket".parse().unwrap());
    let cases = [
        (change("http://evil.example.org/v1/x", Method::POST), "evil.example.org", "host is not on the list"),
        (foreign, "evil.example.org", "host is not on the list"),
        (change("evil.example.org:443", Method::CONNECT), "evil.example.org", "tunnels are refused"),
        (upgrade, "127.0.0.1", "other protocols are refused"),
        (change("/v2/x", Method::POST), "127.0.0.1", "path is not on the list"),
        (change("/v1/../v2", Method::POST), "127.0.0.1", "path is not on the list"),
        (change("/v1/x", Method::GET), "127.0.0.1", "method is not on the list"),
    ];
    let count = cases.len();
    for (index, (request, host, reason)) in cases.into_iter().enumerate() {
        let response = connect(&broker).await.send_request(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{reason}");
        let body: Value = serde_json::from_str(&text(response).await).unwrap();
        assert_eq!(body["error"]["message"], reason);
        let decision = bench.egress().pop().unwrap();
        assert_eq!((decision.allowed, decision.host.as_str(), decision.reason.as_str()), (false, host, reason));
        assert_eq!(bench.egress().len(), index + 1);
    }
    assert_eq!(bench.egress().len(), count);
    assert!(upstream.arrived().is_empty());
}

#[tokio::test]
async fn an_answer_streams() {
    let (bench, upstream) = (Bench::new(), Upstream::start().await);
    let broker = broker(&bench, &format!("http://{}", upstream.address), "allow_private = true").unwrap();
    let response = connect(&broker).await.send_request(post("/v1/stream", "")).await.unwrap();
    let mut body = response.into_body();
    let mut frames = Vec::new();
    while let Some(frame) = body.frame().await {
        frames.extend(frame.unwrap().into_data());
    }
    // Each event by itself: none waited for the next.
    assert_eq!(frames, ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"].map(Bytes::from));
}

#[tokio::test]
async fn bodies_end_at_their_limit() {
    let (bench, upstream) = (Bench::new(), Upstream::start().await);
    let limits = "allow_private = true\nrequest_bytes = 10\nresponse_bytes = 20";
    let broker = broker(&bench, &format!("http://{}", upstream.address), limits).unwrap();
    let response = connect(&broker).await.send_request(post("/v1/x", "more than ten bytes")).await.unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(bench.egress()[0].reason, "request is too large");
    let response = connect(&broker).await.send_request(post("/v1/large", "")).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    assert!(text(response).await.contains("the answer is too large"));
    // One whose length is not known beforehand breaks off.
    let response = connect(&broker).await.send_request(post("/v1/stream", "")).await.unwrap();
    assert!(response.into_body().collect().await.is_err());
}

#[tokio::test]
async fn a_private_address_is_refused_unless_the_operator_allows_it() {
    let (bench, upstream) = (Bench::new(), Upstream::start().await);
    let address = format!("https://localhost:{}", upstream.address.port());
    let broker = broker(&bench, &address, "").unwrap();
    let response = connect(&broker).await.send_request(post("/v1/x", "")).await.unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let decision = &bench.egress()[0];
    assert_eq!((decision.allowed, decision.reason.as_str()), (false, "address is not public"));
    assert!(upstream.arrived().is_empty());
}

#[tokio::test]
async fn an_upstream_that_does_not_answer_is_said_so() {
    let bench = Bench::new();
    // Nobody listens on a port that was just given back.
    let address = Upstream::start().await.address;
    tokio::time::sleep(Duration::from_millis(10)).await;
    let broker = broker(&bench, &format!("http://{address}"), "allow_private = true").unwrap();
    let response = connect(&broker).await.send_request(post("/v1/x", "")).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    assert!(!text(response).await.contains(SECRET));
}

#[tokio::test]
async fn the_socket_is_private_and_goes_with_the_broker() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let broker = broker(&bench, "https://api.example.org", "").unwrap();
    assert_eq!(fs::metadata(broker.folder()).unwrap().permissions().mode() & 0o777, 0o700);
    let folder = broker.folder().to_owned();
    drop(broker);
    assert!(!folder.exists());
}
