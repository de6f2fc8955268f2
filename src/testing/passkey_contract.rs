use crate::host::{Addition, CredentialRepository, PasskeyDirectory};
use crate::model::{Credential, CredentialId, CredentialKind, NewCredential, UserId};
use crate::testing::repository_contract::{ADDED, answered};
use crate::testing::samples::{passkey, passkey_id, sample};

/// Asserts every law of a [`PasskeyDirectory`] over the repository whose passkeys it finds. Panics
/// with the first broken law, and says what to change.
///
/// The two users have to exist if the repository has foreign keys. The kinds are those that the
/// repository keeps, and passkeys must be among them.
///
/// ```
/// # async fn example() {
/// use credential_code::model::UserId;
/// use credential_code::testing::{MemoryHost, SIGNING, passkey_contract};
///
/// let users = [UserId::new("us-1").unwrap(), UserId::new("us-2").unwrap()];
/// passkey_contract(&MemoryHost::default(), &users, &SIGNING).await;
/// # }
/// # credential_code::testing::block_on(example());
/// ```
pub async fn passkey_contract<H>(host: &H, users: &[UserId; 2], kinds: &[CredentialKind])
where
    H: CredentialRepository + PasskeyDirectory,
{
    a_passkey_is_found_without_its_user(host, users).await;
    if kinds.contains(&CredentialKind::Key) {
        nothing_but_a_passkey_is_found(host, users).await;
    }
    ids_are_compared_to_the_letter(host, users).await;
}

async fn stored<H: CredentialRepository>(host: &H, credential: Credential) -> Credential {
    let inserted = host.insert(NewCredential::new(credential.clone(), None), usize::MAX).await;
    assert_eq!(answered(inserted), Addition::Added, "{ADDED}");
    credential
}

async fn find<H: PasskeyDirectory>(host: &H, id: &str) -> Option<Credential> {
    let id = CredentialId::new(id).expect("the sample is valid");
    answered(host.passkey(&id).await)
}

async fn a_passkey_is_found_without_its_user<H: CredentialRepository + PasskeyDirectory>(
    host: &H,
    users: &[UserId; 2],
) {
    const LAW: &str = "a_passkey_is_found_without_its_user \
        (look for the id among all users)";
    for user in users {
        let credential = stored(host, passkey(user, &passkey_id())).await;
        assert_eq!(find(host, credential.id.as_str()).await, Some(credential), "{LAW}");
    }
    assert_eq!(find(host, &passkey_id()).await, None, "{LAW}: one that nobody has is not there");
}

async fn nothing_but_a_passkey_is_found<H: CredentialRepository + PasskeyDirectory>(
    host: &H,
    [user, other]: &[UserId; 2],
) {
    const LAW: &str = "nothing_but_a_passkey_is_found \
        (select the kind `Fido2` alone)";
    let id = passkey_id();
    let key = stored(host, sample(user, &id)).await;
    assert_eq!((key.kind, find(host, &id).await), (CredentialKind::Key, None), "{LAW}");
    let credential = stored(host, passkey(other, &id)).await;
    assert_eq!(find(host, &id).await, Some(credential), "{LAW}: a key of that id is in nobody's way");
}

async fn ids_are_compared_to_the_letter<H: CredentialRepository + PasskeyDirectory>(
    host: &H,
    [user, _]: &[UserId; 2],
) {
    const LAW: &str = "ids_are_compared_to_the_letter \
        (compare ids as bytes: a binary collation, no trimming, no change of case)";
    let id = passkey_id();
    stored(host, passkey(user, &id)).await;
    // The last symbol stays, so this is the id of some passkey.
    let (symbols, last) = id.split_at(id.len() - 1);
    assert_eq!(find(host, &format!("{}{last}", symbols.to_uppercase())).await, None, "{LAW}");
}
