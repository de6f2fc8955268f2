use std::time::Duration;

use crate::crypto::Digest;
use crate::encoding::base64url;
use crate::error::BoxError;
use crate::host::{Addition, CredentialRepository};
use crate::model::{
    AttestationTrust, ClientReport, Credential, CredentialDescriptor, CredentialId, CredentialKind,
    CredentialUuid, EncryptedPrivateKey, Fido2Properties, NewCredential, Transport, UserId,
};
use crate::random;
use crate::testing::race::at_once;
use crate::testing::samples::{passkey, passkey_id, sample, sample_of, unique};

/// Asserts every law of a [`CredentialRepository`]. Panics with the first broken law, and says what
/// to change. [`CredentialRepository`] says what a repository has to do about each.
///
/// The two users have to exist if the repository has foreign keys, and should have no credentials
/// yet. The kinds are those that the repository keeps. `Password` and `Totp` have a suite of their
/// own.
///
/// ```
/// # async fn example() {
/// use credential_code::model::UserId;
/// use credential_code::testing::{MemoryHost, SIGNING, repository_contract};
///
/// let users = [UserId::new("us-1").unwrap(), UserId::new("us-2").unwrap()];
/// repository_contract(&MemoryHost::default(), &users, &SIGNING).await;
/// # }
/// # credential_code::testing::block_on(example());
/// ```
pub async fn repository_contract(
    repository: &dyn CredentialRepository,
    users: &[UserId; 2],
    kinds: &[CredentialKind],
) {
    assert!(!kinds.is_empty(), "the suite needs a kind that the repository keeps");
    a_stored_credential_is_found_unchanged(repository, users, kinds).await;
    credentials_of_another_user_are_not_seen(repository, users, kinds).await;
    a_passkeys_id_is_unique_among_all_users(repository, users, kinds).await;
    a_keys_id_is_unique_among_its_users(repository, users, kinds).await;
    ids_are_compared_to_the_letter(repository, users, kinds).await;
    of_racing_insertions_of_one_id_one_creates(repository, users, kinds).await;
    a_credential_is_found_by_its_id_under_its_own_user(repository, users, kinds).await;
    the_newest_that_may_sign_are_selected(repository, users, kinds).await;
    a_user_has_no_more_credentials_than_allowed(repository, users, kinds).await;
}

/// More credentials than the suites store, and within the range of every database's numbers.
pub(super) const MANY: usize = 1 << 20;

/// Returns what the host answers.
pub(super) fn answered<T>(answer: Result<T, BoxError>) -> T {
    answer.unwrap_or_else(|error| {
        panic!("the_host_answers (let no call of the suite fail, and keep every kind of it): {error}")
    })
}

/// The law that every suite needs before it checks another.
pub(super) const ADDED: &str = "a_new_credential_is_added \
    (answer `Added` for each kind of the suite, where no stored id is the same)";

async fn add(repository: &dyn CredentialRepository, credential: &Credential) {
    assert_eq!(insert(repository, credential).await, Addition::Added, "{ADDED}");
}

async fn insert(repository: &dyn CredentialRepository, credential: &Credential) -> Addition {
    insert_within(repository, credential, MANY).await
}

async fn insert_within(
    repository: &dyn CredentialRepository,
    credential: &Credential,
    most: usize,
) -> Addition {
    let new = NewCredential::new(credential.clone(), None);
    answered(repository.insert(new, most).await)
}

pub(super) async fn find(
    repository: &dyn CredentialRepository,
    user: &UserId,
    id: &CredentialId,
) -> Vec<Credential> {
    let mut found = answered(repository.credentials(user).await);
    found.retain(|credential| credential.id == *id);
    found
}

async fn a_stored_credential_is_found_unchanged(
    repository: &dyn CredentialRepository,
    [user, _]: &[UserId; 2],
    kinds: &[CredentialKind],
) {
    const LAW: &str = "a_stored_credential_is_found_unchanged \
        (store every field: text as UTF-8 of any length, times to the millisecond, all of `fido2`)";
    let key = sample(user, &unique("arn:aws:kms/ü key="));
    let mut protected = sample(user, &unique(""));
    protected.kind = CredentialKind::PasswordProtectedKey;
    protected.digest = Digest::Sha512;
    protected.encrypted_private_key =
        Some(EncryptedPrivateKey::new("c2VjcmV0".repeat(500)).expect("the sample is valid"));
    // The longest id that WebAuthn has.
    let padding = random::bytes::<1023>().expect("the system gives randomness");
    let mut passkey = sample(user, &base64url::encode(&padding));
    passkey.kind = CredentialKind::Fido2;
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
    for credential in [key, protected, passkey].into_iter().filter(|sample| kinds.contains(&sample.kind)) {
        add(repository, &credential).await;
        let found = find(repository, user, &credential.id).await;
        // A host may forget that a root vouches for a model. It never claims that one does.
        let mut forgetful = credential.clone();
        if let Some(fido2) = &mut forgetful.fido2 {
            fido2.attestation_trust = AttestationTrust::Untrusted;
        }
        if found != [forgetful] {
            assert_eq!(found, [credential], "{LAW}");
        }
    }
}

async fn credentials_of_another_user_are_not_seen(
    repository: &dyn CredentialRepository,
    [user, other]: &[UserId; 2],
    kinds: &[CredentialKind],
) {
    const LAW: &str = "credentials_of_another_user_are_not_seen \
        (select by the user)";
    let credential = sample_of(kinds[0], user);
    add(repository, &credential).await;
    let seen = find(repository, other, &credential.id).await;
    assert!(seen.is_empty(), "{LAW}");
}

fn report() -> ClientReport {
    let transports = ["internal", "hybrid"].map(|name| Transport::new(name).expect("the sample is valid"));
    ClientReport::new(transports, Some(true)).expect("the sample is valid")
}

async fn a_passkeys_id_is_unique_among_all_users(
    repository: &dyn CredentialRepository,
    [user, other]: &[UserId; 2],
    kinds: &[CredentialKind],
) {
    const LAW: &str = "a_passkeys_id_is_unique_among_all_users \
        (make a unique index over the ids of passkeys, and answer `Duplicate` where it refuses)";
    if !kinds.contains(&CredentialKind::Fido2) {
        return;
    }
    let first = sample_of(CredentialKind::Fido2, user);
    add(repository, &first).await;
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
    kinds: &[CredentialKind],
) {
    const LAW: &str = "a_keys_id_is_unique_among_its_users \
        (make a unique index over user and id, and answer `Duplicate` where it refuses)";
    let is_key = |kind: &CredentialKind| *kind != CredentialKind::Fido2;
    let Some(kind) = kinds.iter().copied().find(is_key) else { return };
    let id = CredentialId::new(unique("arn:aws:kms:guessable/")).expect("the sample is valid");
    let key = Credential { id, ..sample_of(kind, user) };
    add(repository, &key).await;
    for kind in kinds {
        let second = Credential { id: key.id.clone(), ..sample_of(*kind, user) };
        assert_eq!(insert(repository, &second).await, Addition::Duplicate, "{LAW}");
    }
    let foreign = Credential { id: key.id.clone(), ..sample_of(kind, other) };
    assert_eq!(insert(repository, &foreign).await, Addition::Added, "{LAW}: free for another user");
    assert_eq!(find(repository, user, &key.id).await, [key], "{LAW}: the old one stays");
    assert_eq!(find(repository, other, &foreign.id).await, [foreign], "{LAW}");
}

async fn ids_are_compared_to_the_letter(
    repository: &dyn CredentialRepository,
    [user, _]: &[UserId; 2],
    kinds: &[CredentialKind],
) {
    const LAW: &str = "ids_are_compared_to_the_letter \
        (compare ids as bytes: a binary collation, no trimming, no change of case)";
    for kind in kinds {
        let spellings = match kind {
            CredentialKind::Fido2 => {
                // Both are base64url, and encode different bytes.
                let id = passkey_id().replacen(|symbol: char| !symbol.is_ascii_lowercase(), "a", 1);
                vec![id.replacen(|symbol: char| symbol.is_ascii_lowercase(), "A", 1), id]
            }
            _ => {
                let id = unique("Key-A");
                let marked = [format!("{id} "), format!("{id}=")];
                [&[id.clone(), id.to_lowercase(), id.to_uppercase()][..], &marked].concat()
            }
        };
        for spelling in &spellings {
            let id = CredentialId::new(spelling.as_str()).expect("the sample is valid");
            let credential = Credential { id, ..sample_of(*kind, user) };
            let inserted = insert(repository, &credential).await;
            assert_eq!(inserted, Addition::Added, "{LAW}: {spelling:?}");
        }
    }
}

async fn of_racing_insertions_of_one_id_one_creates(
    repository: &dyn CredentialRepository,
    [user, other]: &[UserId; 2],
    kinds: &[CredentialKind],
) {
    const LAW: &str = "of_racing_insertions_of_one_id_one_creates \
        (let a unique index decide, not a look-up before the insertion)";
    for _ in 0..10 {
        // For passkeys, users race each other.
        let is_passkey = kinds.contains(&CredentialKind::Fido2);
        let first = sample_of(if is_passkey { CredentialKind::Fido2 } else { kinds[0] }, user);
        let racers: Vec<Credential> = (0..8)
            .map(|number| {
                let user = if is_passkey && number % 2 == 1 { other } else { user };
                let uuid = CredentialUuid::generate().expect("the system gives randomness");
                Credential { user: user.clone(), uuid, ..first.clone() }
            })
            .collect();
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
    kinds: &[CredentialKind],
) {
    const LAW: &str = "a_credential_is_found_by_its_id_under_its_own_user \
        (look for user and id together)";
    let (credential, neighbour) = (sample_of(kinds[0], user), sample_of(kinds[0], user));
    for credential in [&credential, &neighbour] {
        add(repository, credential).await;
    }
    let find = async |user, id| answered(repository.credential(user, id).await);
    assert_eq!(find(user, &credential.id).await, Some(credential.clone()), "{LAW}");
    assert_eq!(find(other, &credential.id).await, None, "{LAW}");
    let unknown = sample_of(kinds[0], user).id;
    assert_eq!(find(user, &unknown).await, None, "{LAW}");
}

async fn the_newest_that_may_sign_are_selected(
    repository: &dyn CredentialRepository,
    [user, other]: &[UserId; 2],
    kinds: &[CredentialKind],
) {
    const LAW: &str = "the_newest_that_may_sign_are_selected \
        (select by user, kind and relying party, the newest first, and limit)";
    let party = unique("party").to_lowercase();
    // These times are later than all that the suite has stored so far, each later than the one
    // before.
    let mut later = 0;
    let mut stored = async |kind, user: &UserId, change: &dyn Fn(&mut Credential)| {
        let mut credential = sample_of(kind, user);
        later += 60;
        credential.created_at += Duration::from_secs(later);
        if kind == CredentialKind::Fido2 {
            credential.relying_party_id.clone_from(&party);
        }
        change(&mut credential);
        if kinds.contains(&kind) {
            add(repository, &credential).await;
        }
        CredentialDescriptor::from(&credential)
    };
    let as_it_is = |_: &mut Credential| {};
    let elsewhere = |credential: &mut Credential| credential.relying_party_id = "example.com".into();
    let reported = |credential: &mut Credential| {
        credential.fido2 = Some(Fido2Properties { report: report(), ..Fido2Properties::new("none") });
    };
    let passkey = CredentialKind::Fido2;
    let mut keys = Vec::new();
    for kind in [CredentialKind::Key, CredentialKind::PasswordProtectedKey] {
        let key = stored(kind, user, &as_it_is).await;
        keys.splice(0..0, kinds.contains(&kind).then_some(key));
    }
    stored(CredentialKind::RecoveryKey, user, &as_it_is).await;
    let old = stored(passkey, user, &as_it_is).await;
    stored(passkey, user, &elsewhere).await;
    let new = stored(passkey, user, &reported).await;
    for kind in [passkey, CredentialKind::Key, CredentialKind::PasswordProtectedKey] {
        stored(kind, other, &as_it_is).await;
    }

    let passkeys = async |most| answered(repository.passkeys(user, &party, most).await);
    match kinds.contains(&passkey) {
        true => {
            assert_eq!(passkeys(64).await, [new.clone(), old], "{LAW}: passkeys");
            assert_eq!(passkeys(1).await, [new], "{LAW}: no more passkeys than asked for");
        }
        false => assert_eq!(passkeys(64).await, [], "{LAW}: passkeys"),
    }
    let found = answered(repository.keys(user, keys.len()).await);
    assert_eq!(found, keys, "{LAW}: keys");
}

async fn a_user_has_no_more_credentials_than_allowed(
    repository: &dyn CredentialRepository,
    [user, _]: &[UserId; 2],
    kinds: &[CredentialKind],
) {
    const LAW: &str = "a_user_has_no_more_credentials_than_allowed \
        (count and insert under a lock of the user, and look for a duplicate first)";
    let all = async || answered(repository.credentials(user).await).len();
    let count = async |most| answered(repository.count(user, most).await);
    let old = sample_of(kinds[0], user);
    add(repository, &old).await;
    for _ in 0..10 {
        let (stored, most) = (all().await, all().await + 1);
        assert_eq!(count(MANY).await, stored, "{LAW}: each counts");
        assert!(count(stored).await >= stored, "{LAW}: a count is exact up to its limit");
        let racers: Vec<Credential> = (0..8).map(|_| sample_of(kinds[0], user)).collect();
        let inserting = racers.iter().map(|credential| insert_within(repository, credential, most));
        let outcomes = at_once(inserting).await;
        let added = outcomes.iter().filter(|outcome| **outcome == Addition::Added).count();
        let full = outcomes.iter().filter(|outcome| **outcome == Addition::Full).count();
        assert_eq!((added, full), (1, 7), "{LAW}: {outcomes:?}");
        assert_eq!(all().await, most, "{LAW}");
        let again = insert_within(repository, &old, most).await;
        assert_eq!(again, Addition::Duplicate, "{LAW}: one that is stored is a duplicate first");
    }
}
