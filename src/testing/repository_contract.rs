use std::time::{Duration, SystemTime};

use crate::crypto::Digest;
use crate::host::{Addition, CredentialRepository};
use crate::model::{
    AttestationTrust, ClientReport, Credential, CredentialDescriptor, CredentialId, CredentialKind,
    CredentialStatus, CredentialUuid, EncryptedPrivateKey, Fido2Properties, NewCredential, Origin, Transport,
    UserId,
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
    a_passkeys_id_is_unique_among_all_users(repository, users).await;
    a_keys_id_is_unique_among_its_users(repository, users).await;
    ids_are_compared_to_the_letter(repository, users).await;
    of_racing_insertions_of_one_id_one_creates(repository, users).await;
    a_credential_is_found_by_its_id_under_its_own_user(repository, users).await;
    the_newest_that_may_sign_are_selected(repository, users).await;
    a_user_has_no_more_credentials_than_allowed(repository, users).await;
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

/// An active passkey for `example.com`.
fn passkey(user: &UserId, id: &str) -> Credential {
    let mut credential = sample(user, id);
    credential.kind = CredentialKind::Fido2;
    credential.fido2 = Some(Fido2Properties::new("none"));
    credential
}

pub(super) fn unique(prefix: &str) -> String {
    let uuid = CredentialUuid::mint().expect("the system gives randomness");
    format!("{prefix}{uuid}")
}

async fn insert(repository: &dyn CredentialRepository, credential: &Credential) -> Addition {
    insert_within(repository, credential, usize::MAX).await
}

async fn insert_within(
    repository: &dyn CredentialRepository,
    credential: &Credential,
    most: usize,
) -> Addition {
    let new = NewCredential::new(credential.clone(), None);
    repository.insert(new, most).await.expect("the repository answers")
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
        report: report(),
        ..Fido2Properties::new("packed")
    });
    for credential in [key, protected, passkey] {
        assert_eq!(insert(repository, &credential).await, Addition::Added);
        let found = find(repository, user, &credential.id).await;
        assert_eq!(found, [credential], "a_stored_credential_is_found_unchanged");
    }
}

async fn credentials_of_another_user_are_not_seen(
    repository: &dyn CredentialRepository,
    [user, other]: &[UserId; 2],
) {
    let credential = sample(user, &unique(""));
    assert_eq!(insert(repository, &credential).await, Addition::Added);
    let seen = find(repository, other, &credential.id).await;
    assert!(seen.is_empty(), "credentials_of_another_user_are_not_seen");
}

fn report() -> ClientReport {
    let transports = ["internal", "hybrid"].map(|name| Transport::new(name).expect("the sample is valid"));
    ClientReport::new(transports, Some(true)).expect("the sample is valid")
}

async fn a_passkeys_id_is_unique_among_all_users(
    repository: &dyn CredentialRepository,
    [user, other]: &[UserId; 2],
) {
    const LAW: &str = "a_passkeys_id_is_unique_among_all_users";
    let first = passkey(user, &unique(""));
    assert_eq!(insert(repository, &first).await, Addition::Added);
    for thief in [user, other] {
        let second = passkey(thief, first.id.as_str());
        assert_eq!(insert(repository, &second).await, Addition::Duplicate, "{LAW}");
    }
    assert_eq!(
        find(repository, user, &first.id).await,
        std::slice::from_ref(&first),
        "{LAW}: the old one stays"
    );
    assert!(find(repository, other, &first.id).await.is_empty(), "{LAW}");
}

async fn a_keys_id_is_unique_among_its_users(
    repository: &dyn CredentialRepository,
    [user, other]: &[UserId; 2],
) {
    const LAW: &str = "a_keys_id_is_unique_among_its_users";
    let key = sample(user, &unique("arn:aws:kms:guessable/"));
    assert_eq!(insert(repository, &key).await, Addition::Added);
    let makes: [fn(&UserId, &str) -> Credential; 2] = [sample, passkey];
    for make in makes {
        let second = make(user, key.id.as_str());
        assert_eq!(insert(repository, &second).await, Addition::Duplicate, "{LAW}");
    }
    let foreign = sample(other, key.id.as_str());
    assert_eq!(insert(repository, &foreign).await, Addition::Added, "{LAW}: free for another user");
    assert_eq!(find(repository, user, &key.id).await, [key], "{LAW}: the old one stays");
    assert_eq!(find(repository, other, &foreign.id).await, [foreign], "{LAW}");
}

async fn ids_are_compared_to_the_letter(repository: &dyn CredentialRepository, [user, _]: &[UserId; 2]) {
    let id = unique("Key-A");
    let spellings = [id.clone(), id.to_lowercase(), id.to_uppercase(), format!("{id} "), format!("{id}=")];
    for spelling in &spellings {
        let inserted = insert(repository, &sample(user, spelling)).await;
        assert_eq!(inserted, Addition::Added, "ids_are_compared_to_the_letter: {spelling:?}");
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
            (0..8).map(|number| passkey(if number % 2 == 0 { user } else { other }, &id)).collect();
        let outcomes = at_once(racers.iter().map(|credential| insert(repository, credential))).await;
        let created = outcomes.iter().filter(|outcome| **outcome == Addition::Added).count();
        assert_eq!(created, 1, "{LAW}");
        let id = &racers[0].id;
        let stored = find(repository, user, id).await.len() + find(repository, other, id).await.len();
        assert_eq!(stored, 1, "{LAW}: and one is stored");
    }
}

async fn a_credential_is_found_by_its_id_under_its_own_user(
    repository: &dyn CredentialRepository,
    [user, other]: &[UserId; 2],
) {
    const LAW: &str = "a_credential_is_found_by_its_id_under_its_own_user";
    let (mut credential, neighbour) = (passkey(user, &unique("")), passkey(user, &unique("")));
    credential.status = CredentialStatus::Deactivated;
    for credential in [&credential, &neighbour] {
        assert_eq!(insert(repository, credential).await, Addition::Added);
    }
    let find = async |user, id| repository.credential(user, id).await.expect("the repository answers");
    assert_eq!(find(user, &credential.id).await, Some(credential.clone()), "{LAW}");
    assert_eq!(find(other, &credential.id).await, None, "{LAW}");
    let unknown = CredentialId::new(unique("")).expect("the sample is valid");
    assert_eq!(find(user, &unknown).await, None, "{LAW}");
}

async fn the_newest_that_may_sign_are_selected(
    repository: &dyn CredentialRepository,
    [user, other]: &[UserId; 2],
) {
    const LAW: &str = "the_newest_that_may_sign_are_selected";
    let party = unique("party");
    // Later than all that the suite has stored so far, each later than the one before.
    let stored = async |number: u64, mut credential: Credential| {
        credential.created_at += Duration::from_secs(60 * number);
        assert_eq!(insert(repository, &credential).await, Addition::Added);
        CredentialDescriptor::from(&credential)
    };
    let of_party = |credential| Credential { relying_party_id: party.clone(), ..credential };
    let reported = |mut credential: Credential| {
        credential.fido2 = Some(Fido2Properties { report: report(), ..Fido2Properties::new("none") });
        credential
    };
    let encrypted = |mut credential: Credential| {
        credential.kind = CredentialKind::PasswordProtectedKey;
        credential.encrypted_private_key = Some(EncryptedPrivateKey::new("secret").expect("it is valid"));
        credential
    };
    let inactive = |credential| Credential { status: CredentialStatus::Deactivated, ..credential };
    let recovery = |credential| Credential { kind: CredentialKind::RecoveryKey, ..credential };
    let key = stored(1, sample(user, &unique(""))).await;
    let protected = stored(2, encrypted(sample(user, &unique("")))).await;
    stored(3, inactive(sample(user, &unique("")))).await;
    stored(4, recovery(sample(user, &unique("")))).await;
    let old = stored(5, of_party(passkey(user, &unique("")))).await;
    stored(6, of_party(inactive(passkey(user, &unique(""))))).await;
    stored(7, passkey(user, &unique(""))).await;
    let new = stored(8, of_party(reported(passkey(user, &unique(""))))).await;

    stored(9, of_party(passkey(other, &unique("")))).await;
    stored(10, encrypted(sample(other, &unique("")))).await;

    let passkeys = async |most| repository.passkeys(user, &party, most).await.expect("it answers");
    assert_eq!(passkeys(64).await, [new.clone(), old], "{LAW}: passkeys");
    assert_eq!(passkeys(1).await, [new], "{LAW}: no more passkeys than asked for");
    let keys = repository.keys(user, 2).await.expect("the repository answers");
    assert_eq!(keys, [protected, key], "{LAW}: keys");
}

async fn a_user_has_no_more_credentials_than_allowed(
    repository: &dyn CredentialRepository,
    [user, _]: &[UserId; 2],
) {
    const LAW: &str = "a_user_has_no_more_credentials_than_allowed";
    let all = async || repository.credentials(user).await.expect("the repository answers").len();
    let count = async |most| repository.count(user, most).await.expect("the repository answers");
    let inactive = Credential { status: CredentialStatus::Deactivated, ..sample(user, &unique("")) };
    assert_eq!(insert(repository, &inactive).await, Addition::Added);
    for _ in 0..10 {
        let (stored, most) = (all().await, all().await + 1);
        assert_eq!(count(usize::MAX).await, stored, "{LAW}: inactive ones count");
        assert!(count(stored).await >= stored, "{LAW}: a count is exact up to its limit");
        let racers: Vec<Credential> = (0..8).map(|_| sample(user, &unique(""))).collect();
        let inserting = racers.iter().map(|credential| insert_within(repository, credential, most));
        let outcomes = at_once(inserting).await;
        let added = outcomes.iter().filter(|outcome| **outcome == Addition::Added).count();
        let full = outcomes.iter().filter(|outcome| **outcome == Addition::Full).count();
        assert_eq!((added, full), (1, 7), "{LAW}: {outcomes:?}");
        assert_eq!(all().await, most, "{LAW}");
        let again = insert_within(repository, &inactive, most).await;
        assert_eq!(again, Addition::Duplicate, "{LAW}: one that is stored is a duplicate first");
    }
}
