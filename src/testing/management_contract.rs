use crate::host::{Addition, Changed, CredentialManagement, CredentialRepository, Keep, Removal};
use crate::model::{Credential, CredentialKind, CredentialStatus, CredentialUuid, NewCredential, UserId};
use crate::testing::race::at_once;
use crate::testing::repository_contract::{ADDED, MANY, answered, find};
use crate::testing::samples::sample_of;

/// Asserts every law of a [`CredentialManagement`] over the repository that it changes. Panics with
/// the first broken law, and says what to change.
///
/// The two users have to exist if the repository has foreign keys. The kinds are those that the
/// repository keeps, and the first one must sign.
///
/// ```
/// # async fn example() {
/// use credential_code::model::UserId;
/// use credential_code::testing::{MemoryHost, SIGNING, management_contract};
///
/// let users = [UserId::new("us-1").unwrap(), UserId::new("us-2").unwrap()];
/// management_contract(&MemoryHost::default(), &users, &SIGNING).await;
/// # }
/// # credential_code::testing::block_on(example());
/// ```
pub async fn management_contract<H>(host: &H, users: &[UserId; 2], kinds: &[CredentialKind])
where
    H: CredentialRepository + CredentialManagement,
{
    let signs = kinds.first().is_some_and(|kind| kind.signs());
    assert!(signs, "the suite needs a kind that signs, and that the repository keeps");
    a_change_changes_one_member_of_one_credential(host, users, kinds).await;
    an_inactive_one_is_found_and_counted_and_not_offered(host, users, kinds).await;
    what_is_so_already_stays_so(host, users, kinds).await;
    a_foreign_or_unknown_credential_is_missing(host, users, kinds).await;
    a_removed_credential_is_gone_and_its_id_is_free(host, users, kinds).await;
    of_racing_changes_one_is_told_that_it_changed(host, users, kinds).await;
    one_that_signs_is_kept_where_one_has_to_be(host, users, kinds).await;
    of_racing_changes_to_the_last_two_one_is_refused(host, users, kinds).await;
}

async fn stored<H: CredentialRepository>(host: &H, user: &UserId, kind: CredentialKind) -> Credential {
    let credential = sample_of(kind, user);
    let inserted = host.insert(NewCredential::new(credential.clone(), None), MANY).await;
    assert_eq!(answered(inserted), Addition::Added, "{ADDED}");
    credential
}

/// Returns a user without a credential.
async fn cleared<H: CredentialRepository + CredentialManagement>(host: &H, user: &UserId) {
    for credential in answered(host.credentials(user).await) {
        assert_eq!(remove(host, user, &credential.uuid).await, Removal::Removed);
    }
}

async fn now_is<H: CredentialRepository>(host: &H, credential: &Credential, law: &str) {
    let found = find(host, &credential.user, &credential.id).await;
    assert_eq!(found, std::slice::from_ref(credential), "{law}");
}

async fn set_status<H: CredentialManagement>(
    host: &H,
    user: &UserId,
    uuid: &CredentialUuid,
    status: CredentialStatus,
) -> Changed {
    answered(host.set_status(user, uuid, status, Keep::Nothing).await)
}

async fn rename<H: CredentialManagement>(
    host: &H,
    user: &UserId,
    uuid: &CredentialUuid,
    name: &str,
) -> Changed {
    answered(host.rename(user, uuid, name).await)
}

async fn remove<H: CredentialManagement>(host: &H, user: &UserId, uuid: &CredentialUuid) -> Removal {
    answered(host.remove(user, uuid, Keep::Nothing).await)
}

async fn a_change_changes_one_member_of_one_credential<H>(
    host: &H,
    [user, _]: &[UserId; 2],
    kinds: &[CredentialKind],
) where
    H: CredentialRepository + CredentialManagement,
{
    const LAW: &str = "a_change_changes_one_member_of_one_credential \
        (name user and uuid in the `WHERE`, and write one column)";
    let (mut changed, other) = (stored(host, user, kinds[0]).await, stored(host, user, kinds[0]).await);
    for status in [CredentialStatus::Deactivated, CredentialStatus::Active] {
        assert_eq!(set_status(host, user, &changed.uuid, status).await, Changed::Changed, "{LAW}");
        changed.status = status;
        now_is(host, &changed, LAW).await;
    }
    assert_eq!(rename(host, user, &changed.uuid, "Büro 🔑 'x'").await, Changed::Changed, "{LAW}");
    changed.name = "Büro 🔑 'x'".into();
    now_is(host, &changed, LAW).await;
    now_is(host, &other, LAW).await;
}

async fn an_inactive_one_is_found_and_counted_and_not_offered<H>(
    host: &H,
    [user, _]: &[UserId; 2],
    kinds: &[CredentialKind],
) where
    H: CredentialRepository + CredentialManagement,
{
    const LAW: &str = "an_inactive_one_is_found_and_counted_and_not_offered \
        (select the status `Active` in `passkeys` and `keys`, and nowhere else)";
    for kind in kinds {
        let (mut inactive, active) = (stored(host, user, *kind).await, stored(host, user, *kind).await);
        let count = async || answered(host.count(user, MANY).await);
        let before = count().await;
        inactive.status = CredentialStatus::Deactivated;
        let changed = set_status(host, user, &inactive.uuid, inactive.status).await;
        assert_eq!(changed, Changed::Changed, "{LAW}");

        let found = answered(host.credential(user, &inactive.id).await);
        assert_eq!(found.as_ref(), Some(&inactive), "{LAW}");
        assert_eq!(count().await, before, "{LAW}");
        let offered = match kind {
            CredentialKind::Fido2 => host.passkeys(user, &inactive.relying_party_id, MANY).await,
            _ => host.keys(user, MANY).await,
        };
        let offered = answered(offered);
        let is_offered = |credential: &Credential| offered.iter().any(|it| it.id == credential.id);
        assert!(!is_offered(&inactive), "{LAW}: {kind}");
        assert_eq!(is_offered(&active), kind.signs(), "{LAW}: {kind}, while it is active");
    }
}

async fn what_is_so_already_stays_so<H>(host: &H, [user, _]: &[UserId; 2], kinds: &[CredentialKind])
where
    H: CredentialRepository + CredentialManagement,
{
    const LAW: &str = "what_is_so_already_stays_so \
        (answer `Unchanged` where the stored value is the new one)";
    let credential = stored(host, user, kinds[0]).await;
    let unchanged = set_status(host, user, &credential.uuid, CredentialStatus::Active).await;
    assert_eq!(unchanged, Changed::Unchanged, "{LAW}");
    assert_eq!(rename(host, user, &credential.uuid, &credential.name).await, Changed::Unchanged, "{LAW}");
    now_is(host, &credential, LAW).await;
}

async fn a_foreign_or_unknown_credential_is_missing<H>(
    host: &H,
    [user, other]: &[UserId; 2],
    kinds: &[CredentialKind],
) where
    H: CredentialRepository + CredentialManagement,
{
    const LAW: &str = "a_foreign_or_unknown_credential_is_missing \
        (name user and uuid in the `WHERE`, and answer `Missing` where no row has both)";
    let credential = stored(host, user, kinds[0]).await;
    let unknown = CredentialUuid::generate().expect("the system gives randomness");
    for (user, uuid) in [(other, &credential.uuid), (user, &unknown)] {
        let status = set_status(host, user, uuid, CredentialStatus::Deactivated).await;
        assert_eq!(status, Changed::Missing, "{LAW}");
        assert_eq!(rename(host, user, uuid, "stolen").await, Changed::Missing, "{LAW}");
        assert_eq!(remove(host, user, uuid).await, Removal::Missing, "{LAW}");
    }
    now_is(host, &credential, LAW).await;
}

async fn a_removed_credential_is_gone_and_its_id_is_free<H>(
    host: &H,
    [user, other]: &[UserId; 2],
    kinds: &[CredentialKind],
) where
    H: CredentialRepository + CredentialManagement,
{
    const LAW: &str = "a_removed_credential_is_gone_and_its_id_is_free \
        (delete the row, or leave a tombstone out of every look-up and unique index)";
    let (removed, left) = (stored(host, user, kinds[0]).await, stored(host, user, kinds[0]).await);
    assert_eq!(remove(host, user, &removed.uuid).await, Removal::Removed, "{LAW}");
    assert_eq!(remove(host, user, &removed.uuid).await, Removal::Missing, "{LAW}: once");
    assert!(find(host, user, &removed.id).await.is_empty(), "{LAW}");
    assert_eq!(rename(host, user, &removed.uuid, "x").await, Changed::Missing, "{LAW}");
    now_is(host, &left, LAW).await;
    let again = Credential { user: other.clone(), id: removed.id, ..sample_of(kinds[0], other) };
    let again = NewCredential::new(again, None);
    let inserted = answered(host.insert(again, MANY).await);
    assert_eq!(inserted, Addition::Added, "{LAW}");
}

async fn of_racing_changes_one_is_told_that_it_changed<H>(
    host: &H,
    [user, _]: &[UserId; 2],
    kinds: &[CredentialKind],
) where
    H: CredentialRepository + CredentialManagement,
{
    const LAW: &str = "of_racing_changes_one_is_told_that_it_changed \
        (decide by what the statement changed, not by what was read before it)";
    for _ in 0..10 {
        let uuid = &stored(host, user, kinds[0]).await.uuid;
        let status = CredentialStatus::Deactivated;
        let outcomes = at_once((0..8).map(|_| set_status(host, user, uuid, status))).await;
        let changed = outcomes.iter().filter(|outcome| **outcome == Changed::Changed).count();
        assert_eq!(changed, 1, "{LAW}: {outcomes:?}");
        let outcomes = at_once((0..8).map(|_| remove(host, user, uuid))).await;
        let removed = outcomes.iter().filter(|outcome| **outcome == Removal::Removed).count();
        assert_eq!(removed, 1, "{LAW}: {outcomes:?}");
    }
}

async fn one_that_signs_is_kept_where_one_has_to_be<H>(
    host: &H,
    [user, other]: &[UserId; 2],
    kinds: &[CredentialKind],
) where
    H: CredentialRepository + CredentialManagement,
{
    const LAW: &str = "one_that_signs_is_kept_where_one_has_to_be \
        (count what signs as `Credential::signs` does, in the transaction that changes)";
    cleared(host, user).await;
    // None of these counts as another one that signs.
    let recovery = match kinds.contains(&CredentialKind::RecoveryKey) {
        true => Some(stored(host, user, CredentialKind::RecoveryKey).await),
        false => None,
    };
    let inactive = stored(host, user, kinds[0]).await;
    let status = set_status(host, user, &inactive.uuid, CredentialStatus::Deactivated).await;
    assert_eq!(status, Changed::Changed);
    stored(host, other, kinds[0]).await;
    let last = stored(host, user, kinds[0]).await;

    let deactivate = async |uuid: &CredentialUuid| {
        let status = CredentialStatus::Deactivated;
        answered(host.set_status(user, uuid, status, Keep::OneThatSigns).await)
    };
    let remove = async |uuid: &CredentialUuid| answered(host.remove(user, uuid, Keep::OneThatSigns).await);
    assert_eq!(deactivate(&last.uuid).await, Changed::Last, "{LAW}");
    assert_eq!(remove(&last.uuid).await, Removal::Last, "{LAW}");
    now_is(host, &last, LAW).await;
    assert_eq!(deactivate(&inactive.uuid).await, Changed::Unchanged, "{LAW}: it is inactive already");
    assert_eq!(remove(&inactive.uuid).await, Removal::Removed, "{LAW}: it signs nothing");
    if let Some(recovery) = &recovery {
        assert_eq!(deactivate(&recovery.uuid).await, Changed::Changed, "{LAW}: it signs nothing");
    }
    for kind in kinds.iter().copied().filter(|kind| kind.signs()) {
        let another = stored(host, user, kind).await;
        assert_eq!(deactivate(&last.uuid).await, Changed::Changed, "{LAW}: {kind} signs");
        assert_eq!(remove(&another.uuid).await, Removal::Last, "{LAW}: {kind} signs");
        let status = set_status(host, user, &last.uuid, CredentialStatus::Active).await;
        assert_eq!(status, Changed::Changed);
        assert_eq!(remove(&another.uuid).await, Removal::Removed, "{LAW}");
    }
    assert_eq!(self::remove(host, user, &last.uuid).await, Removal::Removed, "{LAW}: where none has to be");
    if let Some(recovery) = &recovery {
        assert_eq!(remove(&recovery.uuid).await, Removal::Removed, "{LAW}: it signs nothing");
    }
}

async fn of_racing_changes_to_the_last_two_one_is_refused<H>(
    host: &H,
    [user, _]: &[UserId; 2],
    kinds: &[CredentialKind],
) where
    H: CredentialRepository + CredentialManagement,
{
    const LAW: &str = "of_racing_changes_to_the_last_two_one_is_refused \
        (lock the user, or serialise the transaction, before you count what signs)";
    let status = CredentialStatus::Deactivated;
    for round in 0..10 {
        cleared(host, user).await;
        let two = [stored(host, user, kinds[0]).await, stored(host, user, kinds[0]).await];
        let taken = at_once(two.iter().enumerate().map(|(index, credential)| async move {
            let (uuid, keep) = (&credential.uuid, Keep::OneThatSigns);
            match (round + index) % 3 {
                0 => answered(host.remove(user, uuid, keep).await) == Removal::Removed,
                _ => {
                    let changed = host.set_status(user, uuid, status, keep).await;
                    changed.expect("the host answers") == Changed::Changed
                }
            }
        }))
        .await;
        assert_eq!(taken.iter().filter(|taken| **taken).count(), 1, "{LAW}");
    }
}
