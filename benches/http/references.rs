//! The handlers to compare with.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use credential_code::crypto::Digest;
use credential_code::testing::KeyClient;
use hmac::{Hmac, KeyInit, Mac};
use http::header;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use serde::Deserialize;
use serde_json::json;
use sha2::Sha256;

use crate::base64url;

/// About as long as the data that a key signs.
const MESSAGE: [u8; 300] = [7; 300];

/// Makes a server to compare with, for the bodies that it will get, at a path, with answers of a
/// length.
pub(crate) type Reference = fn(&[Bytes], &str, usize) -> Router;

/// Takes the body and answers.
pub(crate) fn bare(_: &[Bytes], path: &str, length: usize) -> Router {
    answering(path, length, || {})
}

/// Takes the body, checks one signature by a key that is read already, and answers.
pub(crate) fn bare_with_check(_: &[Bytes], path: &str, length: usize) -> Router {
    let client = KeyClient::p256();
    let (key, signature) = (client.public_key().clone(), client.sign(&MESSAGE));
    answering(path, length, move || {
        key.verify(Digest::Sha256, &MESSAGE, &signature).expect("the signature holds");
    })
}

fn answering(path: &str, length: usize, work: impl Fn() + Clone + Send + Sync + 'static) -> Router {
    let answer = Bytes::from(vec![b' '; length]);
    let handler = move |_: Bytes| async move {
        work();
        ([(header::CONTENT_TYPE, "application/json")], answer)
    };
    Router::new().route(path, post(handler))
}

/// Does what no exchange can do without, and nothing else.
pub(crate) fn least(bodies: &[Bytes], path: &str, length: usize) -> Router {
    let least = Arc::new(Least::new(bodies));
    let handler = move |body: Bytes| async move {
        ([(header::CONTENT_TYPE, "application/json")], least.exchange(&body, length))
    };
    Router::new().route(path, post(handler))
}

/// Reads the body as JSON and takes the code's hash out of a moka cache. Draws two secrets, writes
/// them as base64url, and puts the hash of one into another cache. The answer is JSON.
struct Least {
    key: Hmac<Sha256>,
    codes: Cache<[u8; 32], Arc<str>>,
    pending: Cache<[u8; 32], Arc<str>>,
}

impl Least {
    fn new(bodies: &[Bytes]) -> Self {
        let cache =
            || Cache::builder().max_capacity(1_000_000).eviction_policy(EvictionPolicy::lru()).build();
        let key = Hmac::new_from_slice(&[7; 32]).expect("a key of any length");
        let least = Self { key, codes: cache(), pending: cache() };
        for body in bodies {
            let asked: Asked<'_> = serde_json::from_slice(body).expect("a body");
            least.codes.insert(least.slot(asked.code), "us-1".into());
        }
        least.codes.run_pending_tasks();
        least
    }

    fn slot(&self, secret: &str) -> [u8; 32] {
        let mut mac = self.key.clone();
        mac.update(secret.as_bytes());
        mac.finalize().into_bytes().into()
    }

    fn exchange(&self, body: &Bytes, length: usize) -> Vec<u8> {
        let asked: Asked<'_> = serde_json::from_slice(body).expect("a body");
        let user = self.codes.remove(&self.slot(asked.code)).expect("a code");
        let mut secrets = [0; 64];
        getrandom::fill(&mut secrets).expect("randomness");
        let [challenge, id] = [&secrets[..32], &secrets[32..]].map(base64url);
        self.pending.insert(self.slot(&id), challenge.as_str().into());
        let filling = " ".repeat(length.saturating_sub(150));
        json!({ "challenge": challenge, "id": id, "user": &*user, "filling": filling }).to_string().into()
    }
}

#[derive(Deserialize)]
struct Asked<'a> {
    code: &'a str,
}
