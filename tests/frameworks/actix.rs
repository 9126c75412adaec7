//! The recipe for actix-web, which has types of its own for requests and responses: `to_http` and `to_actix` stand between
//! them and those of the crate `http`.

use std::{
    convert::Infallible,
    net::TcpListener,
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    body::{BodySize, MessageBody},
    dev::Server,
    http::StatusCode,
    web::{self, Bytes, Data},
};
use axum::http;
use health_runtime::{Endpoint, ResponseBody, access::PeerAddress};
use http_body_util::Full;
use hyper::body::Body;
use tokio::runtime::Handle;

fn serve(listener: TcpListener, health: Endpoint) -> std::io::Result<Server> {
    // Each worker of actix-web has a runtime of its own, with one thread. Checks run on this one instead.
    assert!(health.monitor().run_on(&Handle::current()));
    let health = Data::new(health);
    let app = move || {
        App::new()
            .app_data(Data::clone(&health))
            .route("/", web::get().to(own))
            .default_service(web::to(everything_else))
    };
    Ok(HttpServer::new(app).workers(2).disable_signals().listen(listener)?.run())
}

async fn own() -> &'static str {
    "the service itself\n"
}

async fn everything_else(health: Data<Endpoint>, request: HttpRequest, body: Bytes) -> HttpResponse {
    if !health.serves(request.path()) {
        return HttpResponse::NotFound().body("the service has nothing here\n");
    }
    match to_http(&request, body) {
        Ok(request) => to_actix(health.respond(request).await),
        Err(error) => HttpResponse::BadRequest().body(error.to_string()),
    }
}

fn to_http(request: &HttpRequest, body: Bytes) -> http::Result<http::Request<Full<Bytes>>> {
    let mut copy = http::Request::builder().method(request.method().as_str()).uri(request.uri().to_string());
    for (name, value) in request.headers() {
        copy = copy.header(name.as_str(), value.as_bytes());
    }
    if let Some(peer) = request.peer_addr() {
        copy = copy.extension(PeerAddress(peer));
    }
    copy.body(Full::new(body))
}

fn to_actix(response: http::Response<ResponseBody>) -> HttpResponse {
    let (head, body) = response.into_parts();
    let status = StatusCode::from_u16(head.status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut copy = HttpResponse::build(status);
    for (name, value) in &head.headers {
        copy.append_header((name.as_str(), value.as_bytes()));
    }
    let length = head.headers.get(http::header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    copy.body(ActixBody { size: length.map_or(BodySize::Stream, BodySize::Sized), body })
}

/// The body as actix-web polls it. Its size is that of `GET` for `HEAD`, too, and only the stream of events has none.
struct ActixBody {
    size: BodySize,
    body: ResponseBody,
}

impl MessageBody for ActixBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        loop {
            let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(context)) else { return Poll::Ready(None) };
            if let Ok(data) = frame?.into_data() {
                return Poll::Ready(Some(Ok(data)));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn actix_web_serves_the_endpoint() {
    let health = super::health();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(serve(listener, health.clone()).expect("a server"));
    super::assert_serves_like_axum(address, &health).await;
}
