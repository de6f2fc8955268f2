//! Run: cargo run -p tower_service

use std::convert::Infallible;

use bytes::Bytes;
use credential_code::error::BoxError;
use credential_code::model::{User, UserId};
use credential_code::site::source_of;
use credential_code::testing::MemoryHost;
use credential_code::{CodeFlow, CodeLayer, CodePolicy, RelyingParty, Site};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::{ServiceBuilder, service_fn};

/// Answers as the service did before.
async fn application(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let text = format!("The application, at {}\n", request.uri().path());
    Ok(Response::new(Full::from(text)))
}

/// The address of the client. hyper keeps it out of requests, so it is put there by hand.
#[derive(Clone)]
struct Peer(std::net::IpAddr);

fn flow(port: &str) -> Result<CodeFlow, BoxError> {
    // For your own host see the example `axum_app`. This one believes that anybody who sends
    // `Bearer ada` is that user.
    let site = Site::builder()
        .host(MemoryHost::new([User::new(UserId::new("ada")?, "ada@example.com")]))
        .relying_party(RelyingParty::new("localhost", "Example", [format!("http://localhost:{port}")])?)
        .source(|head| head.extensions.get::<Peer>().map(|Peer(address)| source_of(*address)))
        .events(|event| match event.added_credential() {
            Some(credential) => {
                println!("Tell {}: \"{}\" was added, or may have been", credential.user, credential.name)
            }
            None => println!("{event:?}"),
        })
        .build()?;
    Ok(CodeFlow::new(&site, CodePolicy::default())?)
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".into());
    let layer = CodeLayer::new(flow(&port)?);
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("Listening on http://127.0.0.1:{port}. In another terminal:\n");
    println!("{}", include_str!("../../axum_app/add_credential.sh").replace("3000", &port));

    loop {
        let (stream, address) = tokio::select! {
            accepted = listener.accept() => accepted?,
            _ = tokio::signal::ctrl_c() => return Ok(()),
        };
        let service = ServiceBuilder::new()
            .map_request(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(Peer(address.ip()));
                request
            })
            .layer(layer.clone())
            .service(service_fn(application));
        let connection =
            http1::Builder::new().serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                eprintln!("a connection failed: {error}");
            }
        });
    }
}
