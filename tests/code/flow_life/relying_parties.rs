//! Which relying party and which origin a registration is for.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use credential_code::RelyingParty;
use credential_code::error::BoxError;
use credential_code::host::{RelyingParties, RelyingPartyList};
use credential_code::model::CredentialKind;
use credential_code::testing::{SoftAuthenticator, StatementFormat};
use http::request::Parts;
use http::{Request, header};
use serde_json::json;

use super::{good, key};
use crate::support::{
    Answer, EXCHANGE, MINT, ORIGIN, PARTY, REGISTER, World, exchange_body, party, register_body, request,
    text,
};

async fn exchange_from(world: &World, origins: &[&str], code: &str) -> Answer {
    let mut request = request(EXCHANGE);
    for origin in origins {
        request = request.header(header::ORIGIN, *origin);
    }
    let body = exchange_body(CredentialKind::Fido2, code).to_string();
    world.send(request.body(Body::from(body)).unwrap()).await
}

fn two_parties() -> World {
    let other = RelyingParty::new("example.org", "Other", ["https://example.org"]).unwrap();
    World::with(|setup| setup.parties(RelyingPartyList::new([party(), other]).unwrap()))
}

#[tokio::test]
async fn the_relying_party_is_the_one_that_lists_the_origin_and_the_first_without_one() {
    let world = two_parties();
    for (origins, party) in [
        (&[][..], PARTY),
        (&[ORIGIN], PARTY),
        (&["https://example.com"], PARTY),
        (&["https://example.org"], "example.org"),
    ] {
        let challenge = exchange_from(&world, origins, &world.mint().await).await.ok();
        assert_eq!(challenge["rp"]["id"], party, "{origins:?}");
    }
}

#[tokio::test]
async fn a_relying_party_is_pinned_at_exchange() {
    let world = two_parties();
    let pairs = [(PARTY, ORIGIN), ("example.org", "https://example.org")];
    for (asked, _) in pairs.iter().enumerate() {
        for (answered, (party, origin)) in pairs.iter().enumerate() {
            let code = world.mint().await;
            let challenge = exchange_from(&world, &[pairs[asked].1], &code).await.ok();
            let authenticator = SoftAuthenticator::new(StatementFormat::PackedSelf);
            let proof = authenticator.attest(party, origin, &text(&challenge, "challenge"));
            let body = register_body(&challenge, &proof);
            // The origin in the register request does not matter.
            let request = request(REGISTER).header(header::ORIGIN, *origin);
            let answer = world.send(request.body(body.to_string().into()).unwrap()).await;
            match asked == answered {
                true => assert_eq!(answer.ok()["relyingPartyId"], *party),
                false => answer.assert_refused(400, "invalid_attestation"),
            }
        }
    }
}

#[tokio::test]
async fn a_key_that_names_no_origin_gets_the_one_that_asked() {
    let world = World::new();
    let request = request(EXCHANGE).header(header::ORIGIN, "https://example.com");
    let body = exchange_body(key(), &world.mint().await).to_string();
    let challenge = world.send(request.body(body.into()).unwrap()).await.ok();
    let credential = world.register(&good(key(), &challenge)).await.ok();
    assert_eq!(credential["origin"], "https://example.com");

    let credential = world.register(&world.registration(key()).await).await.ok();
    assert_eq!(credential["origin"], ORIGIN, "the first of the relying party's");
}

#[tokio::test]
async fn an_unknown_origin_is_refused_and_spends_nothing() {
    let world = two_parties();
    let code = world.mint().await;
    for origins in [
        &["https://evil.example"][..],
        &["null"],
        &[""],
        &["https://app.example.com/"],
        &["https://app.example.com/x"],
        &["https://app.example.com:443"],
        &["https://user@app.example.com"],
        &["HTTPS://APP.EXAMPLE.COM"],
        &["https://app.example.com."],
        &["http://app.example.com"],
        &["https://evil-app.example.com"],
        &["https://x.app.example.com"],
        &["https://app.example.com https://example.com"],
        &[ORIGIN, ORIGIN],
        &[ORIGIN, "https://example.org"],
    ] {
        exchange_from(&world, origins, &code).await.assert_refused(403, "forbidden");
    }
    exchange_from(&world, &[ORIGIN], &code).await.ok();
}

/// Chooses the relying party by a header.
struct ByApp(Arc<RelyingParty>);

#[async_trait]
impl RelyingParties for ByApp {
    async fn resolve(&self, request: &Parts) -> Result<Option<Arc<RelyingParty>>, BoxError> {
        match request.headers.get("x-app").map(|app| app.as_bytes()) {
            Some(b"down") => Err("the directory is down".into()),
            Some(b"known") => Ok(Some(self.0.clone())),
            _ => Ok(None),
        }
    }
}

#[tokio::test]
async fn a_host_may_find_relying_parties_its_own_way_and_origins_still_count() {
    let party = Arc::new(RelyingParty::new(PARTY, "Found", [ORIGIN]).unwrap());
    let world = World::with(|setup| setup.parties(ByApp(party)));
    let code = world.mint().await;
    let ask = async |app: &str, origin: Option<&str>| {
        let mut request = request(EXCHANGE).header("x-app", app);
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        world.send(request.body(exchange_body(key(), &code).to_string().into()).unwrap()).await
    };
    ask("unknown", None).await.assert_refused(403, "forbidden");
    ask("down", None).await.assert_refused(500, "internal");
    ask("known", Some("https://evil.example")).await.assert_refused(403, "forbidden");
    assert_eq!(ask("known", Some(ORIGIN)).await.ok()["rp"]["name"], "Found");
}

#[tokio::test]
async fn exchange_needs_no_origin_and_mint_needs_a_user() {
    let world = World::new();
    let mint = json!({ "expiration": world.unix(60) }).to_string();
    let anonymous =
        Request::post(MINT).header(header::CONTENT_TYPE, "application/json").body(mint.into()).unwrap();
    world.send(anonymous).await.assert_refused(401, "unauthenticated");
}
