//! The whole flow over HTTP, and its queries to the database.

use std::error::Error as _;
use std::sync::{Arc, Mutex};

use credential_code::Storage;
use credential_code::event::Event;
use credential_code::host::CredentialRepository;
use credential_code::model::CredentialKind;
use credential_code::store::{Budget, SqlStore};

use super::backend::{Backend, world_over};
use crate::support::{KINDS, attest, register_body, text, user};
use crate::two_processes::keys;

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
            assert_eq!(stored.public_key.as_ref().unwrap().to_pem(), text(&answer, "publicKey"));
            assert_eq!(stored.fido2.is_some(), kind == CredentialKind::Fido2);
            assert_eq!(stored.encrypted_private_key.is_some(), kind == CredentialKind::PasswordProtectedKey);
        }
        assert_eq!(backend.number("SELECT COUNT(*) FROM credential_code_records").await, 0);
        let again = world.challenge(CredentialKind::Fido2).await;
        assert_eq!(again["excludeCredentials"].as_array().unwrap().len(), 1);
    }
}

/// A passkey that is there already leaves the challenge good for another passkey.
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

/// The user is told nothing, and the host everything. Nobody finds the row again.
#[tokio::test]
async fn a_record_that_cant_be_read_is_a_refusal_with_an_event() {
    for backend in &Backend::all().await {
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let told = heard.clone();
        let world = backend
            .world_with(|setup| {
                setup.events(move |event| {
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
            ("0101", "it is another record"),
            ("018105", "can't be read"),
            ("0181ffffffff1f0000", "it does not open"),
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

#[tokio::test]
async fn two_processes_spend_one_budget() {
    for backend in &Backend::all().await {
        let other = backend.engine.open().await;
        let world = async |store: SqlStore| {
            let storage = Storage::shared(store.clone(), keys());
            let misses = Budget::per_minute(4);
            world_over(store, |setup| setup.storage(storage).policy(|policy| policy.misses(misses))).await
        };
        let worlds = [world(backend.store.clone()).await, world(other).await];
        for world in worlds.iter().cycle().take(4) {
            world.exchange(CredentialKind::Key, "ABCDEFGHJ").await.assert_refused(403, "invalid_code");
        }
        for world in &worlds {
            world.exchange(CredentialKind::Key, "ABCDEFGHJ").await.assert_refused(429, "too_many_attempts");
        }
    }
}
