use crate::host::{Addition, CredentialRepository};
use crate::model::{
    Credential, CredentialId, CredentialKind, CredentialSecret, NewCredential, PasswordHash, TotpSecret,
    UserId,
};
use crate::testing::repository_contract::{ADDED, MANY, answered, find};
use crate::testing::samples::{sample, unique};

const FOUND: &str = "a_credential_without_a_public_key_is_found_unchanged \
    (let the public key be absent, and store every other field)";
const STORED: &str = "a_secret_is_stored_with_its_credential \
    (store the secret of `NewCredential` in the transaction of its credential)";
const LEFT_ALONE: &str = "a_duplicate_leaves_the_secret_alone \
    (write no secret where you answer `Duplicate`)";
const NONE: &str = "a_key_has_no_secret \
    (store a secret only where `NewCredential` has one)";

/// Asserts the laws of a [`CredentialRepository`] for the kinds `Password` and `Totp`, beyond
/// [`repository_contract`](crate::testing::repository_contract()). Panics with the broken law, and
/// says what to change. The closure reads a secret from the place where the host keeps it.
///
/// ```
/// # async fn example() {
/// use credential_code::model::UserId;
/// use credential_code::testing::{secret_contract, MemoryHost};
///
/// let (host, user) = (MemoryHost::default(), UserId::new("us-1").unwrap());
/// secret_contract(&host, &user, async |id| host.secret(id)).await;
/// # }
/// # credential_code::testing::block_on(example());
/// ```
pub async fn secret_contract(
    repository: &dyn CredentialRepository,
    user: &UserId,
    secret_of: impl AsyncFn(&CredentialId) -> Option<CredentialSecret>,
) {
    for (kind, secret, other) in samples() {
        let credential = without_key(user, kind);
        assert_eq!(insert(repository, &credential, Some(secret.clone())).await, Addition::Added, "{ADDED}");

        let found = find(repository, user, &credential.id).await;
        assert_eq!(found, std::slice::from_ref(&credential), "{FOUND}");
        let kept = secret_of(&credential.id).await;
        assert_eq!(kept.as_ref(), Some(&secret), "{STORED}");

        assert_eq!(insert(repository, &credential, Some(other)).await, Addition::Duplicate, "{LEFT_ALONE}");
        let kept = secret_of(&credential.id).await;
        assert_eq!(kept.as_ref(), Some(&secret), "{LEFT_ALONE}");
    }
    let key = sample(user, &unique(""));
    assert_eq!(insert(repository, &key, None).await, Addition::Added, "{ADDED}");
    assert_eq!(secret_of(&key.id).await, None, "{NONE}");
}

/// Returns two different secrets of each kind.
fn samples() -> [(CredentialKind, CredentialSecret, CredentialSecret); 2] {
    let totp = |byte, last_step| CredentialSecret::Totp { secret: TotpSecret::new([byte; 20]), last_step };
    let password = |hash: &str| {
        let phc = format!("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA${hash}");
        CredentialSecret::Password(PasswordHash::new(phc).expect("the sample is valid"))
    };
    let hash = "xyEbXhjRW3mNoyJOKJbmpg+9vEzpMZCNJKnS9Cn5Ofo";
    [
        (CredentialKind::Totp, totp(0xa5, i64::MAX.unsigned_abs()), totp(0, 1)),
        (CredentialKind::Password, password(hash), password(&hash.to_lowercase())),
    ]
}

fn without_key(user: &UserId, kind: CredentialKind) -> Credential {
    let mut credential = sample(user, &unique(""));
    credential.kind = kind;
    credential.public_key = None;
    credential
}

async fn insert(
    repository: &dyn CredentialRepository,
    credential: &Credential,
    secret: Option<CredentialSecret>,
) -> Addition {
    let new = NewCredential::new(credential.clone(), secret);
    answered(repository.insert(new, MANY).await)
}
