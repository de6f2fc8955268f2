//! The whole flow over HTTP, and what it asks of the database.

use std::error::Error as _;
use std::sync::{Arc, Mutex};

use credential_code::{CredentialKind, CredentialRepository, Event};

use crate::backend::Backend;
use crate::support::{KINDS, attest, register_body, text, user};

#[tokio::test]
async fn every_kind_is_registered_once() {
    for backend in &Backend::all().await {
        let world = backend.world().await;
        for kind in KINDS {
            let code = world.mint().await;
            let challenge = world.exchange(kind, &code).await.ok();
            world.exchange(kind, &code).await.assert_refused(403, "invalid_code");
            let body = register_body(&challenge, &attest(kind, &challenge));
            let answer = world.register(&body).await.ok();
            world.register(&body).await.assert_refused(403, "invalid_challenge");

            let stored = backend.store.credentials(&user()).await.unwrap();
            let stored = stored.iter().find(|credential| credential.kind == kind).unwrap();
            assert_eq!(stored.uuid.as_str(), text(&answer, "credentialUuid"));
            assert_eq!(stored.id.as_str(), text(&answer, "credentialId"));
            assert_eq!(stored.public_key.to_pem(), text(&answer, "publicKey"));
            assert_eq!(stored.fido2.is_some(), kind == CredentialKind::Fido2);
            assert_eq!(stored.encrypted_private_key.is_some(), kind == CredentialKind::PasswordProtectedKey);
        }
        assert_eq!(backend.number("SELECT COUNT(*) FROM credential_code_records").await, 0);
        let again = world.challenge(CredentialKind::Fido2).await;
        assert_eq!(again["excludeCredentials"].as_array().unwrap().len(), 1);
    }
}

/// A passkey that is there already leaves the challenge good for another.
#[tokio::test]
async fn a_challenge_is_put_back_after_a_duplicate() {
    for backend in &Backend::all().await {
        let world = backend.world().await;
        let mut first = world.registration(CredentialKind::Key).await;
        first["credentialInfo"]["credId"] = "the same".into();
        world.register(&first).await.ok();
        let mut second = world.registration(CredentialKind::Key).await;
        let own = second["credentialInfo"]["credId"].take();
        second["credentialInfo"]["credId"] = "the same".into();
        world.register(&second).await.assert_refused(409, "duplicate_credential");
        second["credentialInfo"]["credId"] = own;
        world.register(&second).await.ok();
    }
}

/// Mint is one statement on records, exchange two, register one; each with one look at the user, and what the repository needs.
#[cfg(feature = "postgres")]
#[tokio::test]
async fn no_endpoint_makes_more_round_trips_than_it_must() {
    let Some(server) = crate::servers::postgres::Postgres::start_with(&["log_statement=all"]) else { return };
    let engine = crate::backend::Engine::Postgres(server);
    let store = engine.open().await;
    store.migrate().await.unwrap();
    let backend = Backend { store, engine };
    let world = backend.world().await;
    let crate::backend::Engine::Postgres(server) = &backend.engine else { return };
    // Everything that the server was asked since the last time, by table.
    let mut read = server.log().len();
    let mut asked = || {
        let log = server.log();
        let new = log[read..].to_owned();
        read = log.len();
        let of = |table| new.matches(table).count();
        let statements = new.matches("LOG:  execute").count() + new.matches("LOG:  statement").count();
        let tables =
            [of("credential_code_records"), of("credential_code_users"), of("credential_code_credentials")];
        assert_eq!(statements, tables.iter().sum::<usize>(), "{new}");
        tables
    };
    for kind in [CredentialKind::Key, CredentialKind::Fido2] {
        let code = world.mint().await;
        assert_eq!(asked(), [1, 1, 0], "mint");
        let challenge = world.exchange(kind, &code).await.ok();
        // What a passkey's authenticator should not hold already has to be looked up.
        assert_eq!(asked(), [2, 1, usize::from(kind == CredentialKind::Fido2)], "exchange");
        world.register(&register_body(&challenge, &attest(kind, &challenge))).await.ok();
        assert_eq!(asked(), [1, 1, 1], "register");
    }
}

/// The user is told nothing, the host everything, and nobody finds the row again.
#[tokio::test]
async fn a_record_that_cant_be_read_is_a_refusal_with_an_event() {
    for backend in &Backend::all().await {
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let told = heard.clone();
        let world = backend
            .world_with(|builder| {
                builder.events(move |event| {
                    if let Event::Refused { error, .. } = event {
                        let reason = error.source().and_then(|error| error.source()).unwrap();
                        told.lock().unwrap().push(reason.to_string());
                    }
                })
            })
            .await;
        for (damaged, reason) in [
            ("", "it is empty"),
            ("c8010203", "it is of version 200"),
            ("0102", "it is another record"),
            ("010105", "can't be read"),
        ] {
            let code = world.mint().await;
            let bytes = backend.bytes(damaged);
            backend.run(&format!("UPDATE credential_code_records SET record = {bytes}")).await;
            world.exchange(CredentialKind::Key, &code).await.assert_refused(403, "invalid_code");
            let reasons = std::mem::take(&mut *heard.lock().unwrap());
            assert!(reasons.len() == 1 && reasons[0].contains(reason), "{damaged}: {reasons:?}");
            assert_eq!(backend.number("SELECT COUNT(*) FROM credential_code_records").await, 0);
        }
    }
}
