//! A host whose passkeys are rows of webauthn-rs. One of the rows can't be converted.

use std::sync::Arc;

use async_trait::async_trait;
use credential_code::bridge::{self, BridgeError, RowContext};
use credential_code::error::BoxError;
use credential_code::host::{Addition, CredentialRepository};
use credential_code::model::{
    Credential, CredentialDescriptor, CredentialKind, NewCredential, Origin, User, UserId,
};
use credential_code::testing::MemoryHost;
use serde_json::Value;

use crate::support::{ORIGIN, PARTY, World, attest, register_body, user};

struct Rows {
    /// The credentials that codes added.
    host: Arc<MemoryHost>,
    rows: [String; 2],
}

impl Rows {
    fn new() -> Self {
        let vectors: Value =
            serde_json::from_str(include_str!("../vectors/webauthn_rs/published.json")).unwrap();
        let good = vectors["passkey"].as_str().unwrap();
        let odd = vectors["security_key"].as_str().unwrap().replace("ES256", "PS256");
        let host = Arc::new(MemoryHost::new([User::new(user(), "ada@example.com")]));
        Self { host, rows: [good.into(), odd] }
    }

    fn convert(&self, user: &UserId) -> impl Iterator<Item = Result<Credential, BridgeError>> {
        let context = RowContext::new(user.clone(), PARTY, Origin::new(ORIGIN).unwrap());
        self.rows.iter().map(move |row| bridge::credential(row, &context))
    }
}

#[async_trait]
impl CredentialRepository for Rows {
    async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>, BoxError> {
        let mut credentials = self.host.credentials(user).await?;
        credentials.extend(self.convert(user).filter_map(Result::ok));
        Ok(credentials)
    }

    async fn insert(&self, credential: NewCredential, most: usize) -> Result<Addition, BoxError> {
        self.host.insert(credential, most).await
    }

    async fn passkeys(
        &self,
        user: &UserId,
        relying_party_id: &str,
        most: usize,
    ) -> Result<Vec<CredentialDescriptor>, BoxError> {
        let mut passkeys = self.host.passkeys(user, relying_party_id, most).await?;
        for row in &self.rows {
            passkeys.push(bridge::descriptor(row)?);
        }
        Ok(passkeys)
    }
}

#[tokio::test]
async fn a_row_that_can_not_be_converted_is_excluded_and_fails_no_exchange() {
    let rows = Arc::new(Rows::new());
    assert_eq!(rows.convert(&user()).filter(Result::is_err).count(), 1);
    let world = World::with(|setup| setup.site(|site| site.credentials(rows.clone())));

    let challenge = world.challenge(CredentialKind::Fido2).await;
    let excluded = challenge["excludeCredentials"].as_array().unwrap();
    let excluded: Vec<_> = excluded.iter().map(|descriptor| descriptor["id"].as_str().unwrap()).collect();
    let ids = rows.rows.iter().map(|row| bridge::descriptor(row).unwrap().id);
    assert_eq!(excluded, ids.map(|id| id.as_str().to_owned()).collect::<Vec<_>>());

    // An added credential becomes a row of the same form.
    let body = register_body(&challenge, &attest(CredentialKind::Fido2, &challenge));
    world.register(&body).await.ok();
    let added = rows.host.stored().pop().unwrap();
    let row = bridge::passkey(&added).unwrap();
    assert_eq!(bridge::descriptor(&row).unwrap().id, added.id);
}
