use std::time::{Duration, SystemTime};

use crate::crypto::Digest;
use crate::host::CredentialRepository;
use crate::model::{
    AttestationTrust, Credential, CredentialId, CredentialKind, CredentialUuid, EncryptedPrivateKey,
    Fido2Properties, Insertion, NewCredential, Origin, UserId,
};
use crate::testing::KeyClient;
use crate::testing::race::at_once;

/// Asserts every law of a [`CredentialRepository`], and panics with the name of the first that is broken.
///
/// The two users have to exist where the repository has foreign keys, and should have no credentials yet.
///
/// ```
/// # async fn example() {
/// use credential_code::model::UserId;
/// use credential_code::testing::{repository_contract, MemoryHost};
///
/// let users = [UserId::new("us-1").unwrap(), UserId::new("us-2").unwrap()];
/// repository_contract(&MemoryHost::default(), &users).await;
/// # }
/// # credential_code::testing::block_on(example());
/// ```
pub async fn repository_contract(repository: &dyn CredentialRepository, users: &[UserId; 2]) {
    a_stored_credential_is_found_unchanged(repository, users).await;
    credentials_of_another_user_are_not_seen(repository, users).await;
    an_id_is_unique_among_all_users(repository, users).await;
    ids_are_compared_to_the_letter(repository, users).await;
    of_racing_insertions_of_one_id_one_creates(repository, users).await;
}

pub(super) fn sample(user: &UserId, id: &str) -> Credential {
    let client = KeyClient::p256();
    let mut credential = Credential::new(
        user.clone(),
        CredentialKind::Key,
        CredentialId::new(id).expect("the sample is valid"),
        CredentialUuid::mint().expect("the system gives randomness"),
        client.public_key().clone(),
        "example.com",
        Origin::new("https://app.example.com").expect("the sample is valid"),
    );
    credential.name = "Schlüssel 🔑 'of' \"Ada\"".into();
    credential.created_at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_767_225_600_123);
    credential
}

pub(super) fn unique(prefix: &str) -> String {
    let uuid = CredentialUuid::mint().expect("the system gives randomness");
    format!("{prefix}{uuid}")
}

async fn insert(repository: &dyn CredentialRepository, credential: &Credential) -> Insertion {
    let new = NewCredential::new(credential.clone(), None);
    repository.insert(new).await.expect("the repository answers")
}

pub(super) async fn find(
    repository: &dyn CredentialRepository,
    user: &UserId,
    id: &CredentialId,
) -> Vec<Credential> {
    let mut found = repository.credentials(user).await.expect("the repository answers");
    found.retain(|credential| credential.id == *id);
    found
}

async fn a_stored_credential_is_found_unchanged(
    repository: &dyn CredentialRepository,
    [user, _]: &[UserId; 2],
) {
    let key = sample(user, &unique("arn:aws:kms/ü key="));
    let mut protected = sample(user, &unique(""));
    protected.kind = CredentialKind::PasswordProtectedKey;
    protected.digest = Digest::Sha512;
    protected.encrypted_private_key =
        Some(EncryptedPrivateKey::new("c2VjcmV0".repeat(500)).expect("the sample is valid"));
    let padding = "x".repeat(CredentialId::MAX_LENGTH - unique("").len());
    let mut passkey = sample(user, &unique(&padding));
    passkey.kind = CredentialKind::Fido2;
    passkey.digest = Digest::Sha384;
    passkey.fido2 = Some(Fido2Properties {
        aaguid: [0xa5; 16],
        attestation_trust: AttestationTrust::Trusted,
        sign_count: u32::MAX,
        user_verified: true,
        backup_eligible: true,
        backed_up: true,
        ..Fido2Properties::new("packed")
    });
    for credential in [key, protected, passkey] {
        assert_eq!(insert(repository, &credential).await, Insertion::Created);
        let found = find(repository, user, &credential.id).await;
        assert_eq!(found, [credential], "a_stored_credential_is_found_unchanged");
    }
}

async fn credentials_of_another_user_are_not_seen(
    repository: &dyn CredentialRepository,
    [user, other]: &[UserId; 2],
) {
    let credential = sample(user, &unique(""));
    assert_eq!(insert(repository, &credential).await, Insertion::Created);
    let seen = find(repository, other, &credential.id).await;
    assert!(seen.is_empty(), "credentials_of_another_user_are_not_seen");
}

async fn an_id_is_unique_among_all_users(repository: &dyn CredentialRepository, [user, other]: &[UserId; 2]) {
    const LAW: &str = "an_id_is_unique_among_all_users";
    let first = sample(user, &unique(""));
    assert_eq!(insert(repository, &first).await, Insertion::Created);
    for thief in [user, other] {
        let second = sample(thief, first.id.as_str());
        assert_eq!(insert(repository, &second).await, Insertion::Duplicate, "{LAW}");
    }
    assert_eq!(
        find(repository, user, &first.id).await,
        std::slice::from_ref(&first),
        "{LAW}: the old one stays"
    );
    assert!(find(repository, other, &first.id).await.is_empty(), "{LAW}");
}

async fn ids_are_compared_to_the_letter(repository: &dyn CredentialRepository, [user, _]: &[UserId; 2]) {
    let id = unique("Key-A");
    let spellings = [id.clone(), id.to_lowercase(), id.to_uppercase(), format!("{id} "), format!("{id}=")];
    for spelling in &spellings {
        let inserted = insert(repository, &sample(user, spelling)).await;
        assert_eq!(inserted, Insertion::Created, "ids_are_compared_to_the_letter: {spelling:?}");
    }
}

async fn of_racing_insertions_of_one_id_one_creates(
    repository: &dyn CredentialRepository,
    [user, other]: &[UserId; 2],
) {
    const LAW: &str = "of_racing_insertions_of_one_id_one_creates";
    for _ in 0..10 {
        let id = unique("");
        let racers: Vec<Credential> =
            (0..8).map(|number| sample(if number % 2 == 0 { user } else { other }, &id)).collect();
        let outcomes = at_once(racers.iter().map(|credential| insert(repository, credential))).await;
        let created = outcomes.iter().filter(|outcome| **outcome == Insertion::Created).count();
        assert_eq!(created, 1, "{LAW}");
        let id = &racers[0].id;
        let stored = find(repository, user, id).await.len() + find(repository, other, id).await.len();
        assert_eq!(stored, 1, "{LAW}: and one is stored");
    }
}
