//! How a store is reached: through TLS, under a prefix, and by URLs that stay secret.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use credential_code::error::BoxError;
use credential_code::model::Insertion;
use credential_code::store::{CodeGrant, OneTimeStore, RedisStore, SealedStore, Slot};
use credential_code::testing::{Sample, ledger_contract, purse_contract, store_contract};
use redis::{ClientTlsConfig, TlsCertificates};
use tokio::task::JoinSet;

use super::relay::Relay;
use crate::support::servers::redis::Redis;
use crate::two_processes::keys;

#[tokio::test]
async fn tls_is_spoken_with_certificates_on_both_sides() {
    let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (signed.cert.pem(), signed.signing_key.serialize_pem());
    let identity =
        ClientTlsConfig { client_cert: certificate.clone().into(), client_key: key.clone().into() };
    let both = TlsCertificates { client_tls: Some(identity), root_cert: Some(certificate.clone().into()) };
    // The test's own client needs a provider, too. The store installs one where there is none.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Some(server) = Redis::start_tls(&certificate, &key, &both) else { return };
    let store = || RedisStore::at(server.url());

    let trusting = store().root_certificates(certificate.as_str());
    trusting.connect().await.expect_err("the server asks for a certificate");
    let named = store().client_certificate(certificate.as_str(), key.as_str());
    named.connect().await.expect_err("nobody knows who signed the server's certificate");
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem();
    let deceived = store().root_certificates(other).client_certificate(certificate.as_str(), key.as_str());
    deceived.connect().await.expect_err("that is another server");

    let store = store().root_certificates(certificate.as_str()).client_certificate(certificate, key);
    store_contract::<CodeGrant>(Arc::new(store.connect().await.unwrap())).await;
}

/// Otherwise two questions that a step asks at once would wait for each other.
#[tokio::test]
async fn what_is_asked_together_is_sent_together() {
    const TOGETHER: usize = 32;
    let Some(server) = Redis::start() else { return };
    let relay = Relay::gathering(&server, b"codes:", TOGETHER);
    let store = RedisStore::at(relay.url()).connect().await.unwrap();
    let mut asked = JoinSet::new();
    for number in 0..TOGETHER {
        let store = store.clone();
        asked.spawn(async move {
            let slot = Slot::from_bytes([u8::try_from(number).unwrap(); 32]);
            OneTimeStore::<CodeGrant>::take(&store, slot, SystemTime::now()).await
        });
    }
    // The relay gives no answer before all of them were sent, and a store waits for five seconds at
    // most.
    assert!(asked.join_all().await.into_iter().all(|taken| taken.unwrap().is_none()));
}

#[tokio::test]
async fn prefixes_keep_flows_apart() {
    let Some(server) = Redis::start() else { return };
    let one = RedisStore::at(server.url()).prefix("one:").connect().await.unwrap();
    let other = RedisStore::at(server.url()).prefix("other:").connect().await.unwrap();
    let (slot, now) = (Slot::from_bytes([1; 32]), SystemTime::now());
    let record = CodeGrant::sample(1, now + Duration::from_secs(60));
    assert_eq!(one.insert(slot, record.clone()).await.unwrap(), Insertion::Created);
    assert_eq!(OneTimeStore::<CodeGrant>::take(&other, slot, now).await.unwrap(), None);
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut server.connection()).unwrap();
    assert_eq!(keys, ["one:codes:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"]);
    assert_eq!(one.take(slot, now).await.unwrap(), Some(record));
}

#[tokio::test]
async fn a_prefix_is_plain() {
    for prefix in ["{tag}", "a b", "a*", "ä", "a\n", &"a".repeat(65)] {
        let refusal = RedisStore::at("redis://127.0.0.1:1/").prefix(prefix).connect().await.unwrap_err();
        assert!(full(&refusal).contains("prefix"), "{prefix:?}: {refusal:?}");
    }
    let plain = RedisStore::at("redis://127.0.0.1:1/").prefix("a-B_9.:").connect().await.unwrap_err();
    assert!(!full(&plain).contains("prefix"), "{plain:?}");
}

#[tokio::test]
async fn a_timeout_is_a_millisecond_to_a_minute() {
    let (shortest, longest) = (Duration::from_millis(1), Duration::from_secs(60));
    let tick = Duration::from_nanos(1);
    for timeout in [Duration::ZERO, shortest - tick, longest + tick, Duration::MAX] {
        let single = RedisStore::at("redis://127.0.0.1:1/").timeout(timeout);
        let cluster = RedisStore::cluster_at(["redis://127.0.0.1:1/"]).timeout(timeout);
        for builder in [single, cluster] {
            let refusal = builder.connect().await.unwrap_err();
            assert!(full(&refusal).contains("a minute"), "{timeout:?}: {refusal:?}");
        }
    }
    for timeout in [shortest, longest] {
        let refusal = RedisStore::at("redis://127.0.0.1:1/").timeout(timeout).connect().await.unwrap_err();
        assert!(!full(&refusal).contains("a minute"), "{timeout:?}: {refusal:?}");
    }
}

#[tokio::test]
async fn no_password_is_shown() {
    let at = RedisStore::at("redis://user:secret-1@127.0.0.1:1/");
    let cluster = RedisStore::cluster_at(["redis://user:secret-1@127.0.0.1:1/"]);
    let malformed = RedisStore::at("redis://user:secret-1@127.0.0.1:port/");
    for builder in [at, cluster, malformed] {
        let mut shown = format!("{builder:?}");
        let error = builder.connect().await.unwrap_err();
        shown += &format!("{error:?} {}", full(&error));
        assert!(!shown.contains("secret-1"), "{shown}");
    }
    let Some(server) = Redis::start() else { return };
    redis::cmd("CONFIG").arg(&["SET", "requirepass", "secret-1"]).exec(&mut server.connection()).unwrap();
    let store = RedisStore::at(format!("{}?pass=secret-1", server.url())).connect().await.unwrap();
    let shown = format!("{store:?}");
    assert!(shown.contains("RedisStore") && !shown.contains("secret-1"), "{shown}");
}

/// Returns the text of the error and of all its sources.
fn full(error: &(dyn std::error::Error + 'static)) -> String {
    let source = error.source().map(full);
    format!("{error}: {}", source.unwrap_or_default())
}

#[tokio::test]
async fn certificates_are_for_tls() -> Result<(), BoxError> {
    let builder = RedisStore::at("redis://127.0.0.1:1/").root_certificates("a certificate");
    let refusal = builder.connect().await.unwrap_err();
    assert!(full(&refusal).contains("certificates are for `rediss://`"), "{refusal:?}");
    Ok(())
}

/// `docs/redis.md` says which rights a user of an ACL needs.
#[tokio::test]
async fn the_documented_rights_are_enough() {
    let Some(server) = Redis::start() else { return };
    let user = ["SETUSER", "app", "on", ">pw", "~credential-code:*"];
    let rights = [
        "+set",
        "+getdel",
        "+eval",
        "+get",
        "+time",
        "+hexists",
        "+hget",
        "+hset",
        "+hdel",
        "+hmget",
        "+hgetall",
        "+pexpireat",
    ];
    redis::cmd("ACL").arg(&user).arg(&rights).exec(&mut server.connection()).unwrap();
    let store = RedisStore::at(format!("{}?user=app&pass=pw", server.url())).connect().await.unwrap();
    store_contract::<CodeGrant>(Arc::new(store.clone())).await;
    purse_contract(&store).await;
    ledger_contract(&SealedStore::new(store.clone(), keys())).await;
    let slot = Slot::from_bytes([1; 32]);
    let elsewhere = RedisStore::at(format!("{}?user=app&pass=pw", server.url())).prefix("another:");
    elsewhere.connect().await.expect_err("its keys are not another's");
    assert!(OneTimeStore::<CodeGrant>::take(&store, slot, SystemTime::now()).await.unwrap().is_none());
}
