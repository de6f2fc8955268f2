//! A code that buys less than the policy allows.

use std::sync::Arc;
use std::time::Duration;

use credential_code::clock::Clock;
use credential_code::code::{ExchangeRequest, Expiration, MintRequest, MintedCode};
use credential_code::error::ErrorKind;
use credential_code::host::Caller;
use credential_code::model::{AuthenticatorAttachment, AuthenticatorHint, CredentialKind, Scope};

use crate::support::{World, party, user};

async fn mint(world: &World, scope: Scope) -> MintedCode {
    let request = MintRequest::new(Expiration::from_unix(world.unix(60)).unwrap());
    world.flow.mint(&Caller::new(user()).limited_to(scope), request).await.unwrap()
}

#[tokio::test]
async fn a_code_for_some_kinds_buys_no_other_and_is_not_spent_by_trying() {
    let world = World::new();
    let mut scope = Scope::default();
    scope.kinds = Some(vec![CredentialKind::Fido2, CredentialKind::RecoveryKey]);
    let minted = mint(&world, scope).await;
    let request = |kind| ExchangeRequest::new(minted.code.clone(), kind, Arc::new(party()));
    let refused = [CredentialKind::Key, CredentialKind::PasswordProtectedKey];
    for kind in refused.into_iter().cycle().take(10) {
        let error = world.flow.exchange(request(kind)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forbidden);
        assert!(error.message().contains(kind.as_str()), "{error}");
    }
    world.flow.exchange(request(CredentialKind::RecoveryKey)).await.unwrap();
}

#[tokio::test]
async fn a_code_for_another_relying_party_buys_nothing_here() {
    let world = World::new();
    let mut scope = Scope::default();
    scope.relying_parties = Some(vec!["example.org".into()]);
    let minted = mint(&world, scope).await;
    let request = ExchangeRequest::new(minted.code, CredentialKind::Key, Arc::new(party()));
    let error = world.flow.exchange(request.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    let mut elsewhere = request;
    let other = credential_code::RelyingParty::new("example.org", "Other", ["https://example.org"]).unwrap();
    elsewhere.relying_party = Arc::new(other);
    world.flow.exchange(elsewhere).await.unwrap();
}

/// A session that may not mint a code for a credential may not approve it either.
#[tokio::test]
async fn a_caller_approves_within_their_own_scope() {
    let world = World::asking(credential_code::model::Approval::Asked);
    let (id, _) = world.pending().await;
    let id = credential_code::model::EnrolmentId::new(id).unwrap();
    let request = || credential_code::code::ApproveRequest::new(id.clone());
    let [mut of_kinds, mut of_parties]: [Scope; 2] = Default::default();
    of_kinds.kinds = Some(vec![CredentialKind::Fido2]);
    of_parties.relying_parties = Some(vec!["example.org".into()]);
    for scope in [of_kinds, of_parties] {
        let narrow = Caller::new(user()).limited_to(scope);
        assert_eq!(world.flow.approve(&narrow, request()).await.unwrap_err().kind(), ErrorKind::Forbidden);
    }
    world.flow.approve(&Caller::new(user()), request()).await.unwrap();
}

#[tokio::test]
async fn a_code_lives_no_longer_than_its_scope_says() {
    let world = World::new();
    let mut scope = Scope::default();
    scope.longest_life = Some(Duration::from_secs(20));
    let minted = mint(&world, scope).await;
    assert_eq!(minted.expires_at, world.clock.now() + Duration::from_secs(20));
    world.advance(Duration::from_secs(20));
    let request = ExchangeRequest::new(minted.code, CredentialKind::Key, Arc::new(party()));
    assert_eq!(world.flow.exchange(request).await.unwrap_err().kind(), ErrorKind::InvalidCode);
}

#[tokio::test]
async fn a_scope_says_which_authenticator_a_client_offers() {
    let world = World::new();
    let mut scope = Scope::default();
    scope.attachment = Some(AuthenticatorAttachment::CrossPlatform);
    scope.hints = vec![AuthenticatorHint::SecurityKey, AuthenticatorHint::Hybrid];
    let minted = mint(&world, scope).await;
    let challenge = world.exchange(CredentialKind::Fido2, &minted.code.reveal()).await.ok();
    assert_eq!(challenge["authenticatorSelection"]["authenticatorAttachment"], "cross-platform");
    assert_eq!(challenge["hints"], serde_json::json!(["security-key", "hybrid"]));
    let mut hinted = Scope::default();
    hinted.hints = vec![AuthenticatorHint::SecurityKey];
    let minted = mint(&world, hinted).await;
    let challenge = world.exchange(CredentialKind::Fido2, &minted.code.reveal()).await.ok();
    assert_eq!(challenge["hints"], serde_json::json!(["security-key"]));
    let plain = world.challenge(CredentialKind::Fido2).await;
    assert!(plain.get("hints").is_none(), "{plain}");
}
