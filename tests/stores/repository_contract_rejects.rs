//! Hosts that keep or change credentials wrongly on purpose. The suites name the law that each
//! breaks.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use credential_code::crypto::Digest;
use credential_code::error::BoxError;
use credential_code::host::{
    Addition, Changed, CredentialManagement, CredentialRepository, Keep, PasskeyDirectory, Removal,
};
use credential_code::model::{
    Credential, CredentialDescriptor, CredentialId, CredentialKind, CredentialStatus, CredentialUuid,
    NewCredential, UserId,
};
use credential_code::testing::{SIGNING, management_contract, passkey_contract, repository_contract};

use super::store_contract_rejects::{complaint, names, round_trip};

/// The fault of a host.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Mistake {
    FoldsCase,
    TrimsIds,
    SharesPasskeyIds,
    SharesAllIds,
    LetsOnesOwnIdsMeet,
    LooksThenInserts,
    ForgetsTheName,
    ForgetsTheDigest,
    ForgetsTheEncryptedKey,
    ForgetsPasskeyProperties,
    RoundsTimes,
    ShowsEverybodys,
    ReplacesTheOld,
    FindsForeignOnes,
    FindsAnyOne,
    OffersInactiveOnes,
    OffersTheOldest,
    OffersOtherParties,
    OffersForeignOnes,
    FindsActiveOnesAlone,
    OffersTooMany,
    OffersRecoveryKeys,
    OffersNoTransports,
    CountsActiveOnes,
    HasNoBound,
    CountsThenInserts,
    SaysFullFirst,
    ChangesForeignOnes,
    ChangesEachOfAUser,
    SaysChangedAlways,
    SaysUnchangedForMissing,
    KeepsTheRemoved,
    LooksThenChanges,
    KeepsNone,
    KeepsWhatSignsNothing,
    TakesRecoveryKeysForSigners,
    TakesInactiveOnesForSigners,
    TakesForeignOnesForSigners,
    LooksThenKeeps,
    FindsKeysForPasskeys,
}

struct WrongHost {
    mistake: Mistake,
    credentials: Mutex<Vec<Credential>>,
}

impl WrongHost {
    fn new(mistake: Mistake) -> Self {
        Self { mistake, credentials: Mutex::default() }
    }

    fn has(&self, mistake: Mistake) -> bool {
        self.mistake == mistake
    }

    fn takes_id(&self, stored: &Credential, new: &Credential) -> bool {
        let spelling = |credential: &Credential| {
            let id = credential.id.as_str();
            match self.mistake {
                Mistake::FoldsCase => id.to_lowercase(),
                Mistake::TrimsIds => id.trim_end().to_owned(),
                _ => id.to_owned(),
            }
        };
        let are_passkeys = stored.kind == CredentialKind::Fido2 && new.kind == CredentialKind::Fido2;
        let is_own = stored.user == new.user;
        spelling(stored) == spelling(new)
            && match self.mistake {
                Mistake::SharesPasskeyIds => is_own,
                Mistake::SharesAllIds => true,
                Mistake::LetsOnesOwnIdsMeet => are_passkeys || (is_own && stored.kind == new.kind),
                _ => are_passkeys || is_own,
            }
    }

    /// Tells whether a credential may sign, in the view of this host.
    fn may_sign(&self, credential: &Credential) -> bool {
        let signs = credential.kind.signs() || self.has(Mistake::TakesRecoveryKeysForSigners);
        signs && (credential.is_active() || self.has(Mistake::TakesInactiveOnesForSigners))
    }

    /// Tells whether this host offers a credential for signing.
    fn is_offered(&self, credential: &Credential) -> bool {
        let signs = credential.kind.signs() || self.has(Mistake::OffersRecoveryKeys);
        signs && (credential.is_active() || self.has(Mistake::OffersInactiveOnes))
    }

    fn offered(
        &self,
        user: &UserId,
        most: usize,
        is_wanted: impl Fn(&Credential) -> bool,
    ) -> Vec<CredentialDescriptor> {
        let mut offered = self.credentials.lock().unwrap().clone();
        let is_own = |stored: &Credential| stored.user == *user || self.has(Mistake::OffersForeignOnes);
        offered.retain(|stored| is_own(stored) && self.is_offered(stored) && is_wanted(stored));
        offered.sort_by_key(|stored| stored.created_at);
        if !self.has(Mistake::OffersTheOldest) {
            offered.reverse();
        }
        if !self.has(Mistake::OffersTooMany) {
            offered.truncate(most);
        }
        offered.into_iter().map(|stored| self.described(stored)).collect()
    }

    fn described(&self, mut credential: Credential) -> CredentialDescriptor {
        if self.has(Mistake::OffersNoTransports) {
            credential.fido2 = None;
        }
        CredentialDescriptor::from(&credential)
    }

    fn find(&self, user: &UserId, uuid: &CredentialUuid) -> Option<usize> {
        let credentials = self.credentials.lock().unwrap();
        let is_own = |stored: &Credential| stored.user == *user || self.has(Mistake::ChangesForeignOnes);
        credentials.iter().position(|stored| is_own(stored) && stored.uuid == *uuid)
    }

    /// Tells whether the credential is the last that signs.
    fn is_kept(&self, at: usize, keep: Keep) -> bool {
        let credentials = self.credentials.lock().unwrap();
        let changed = &credentials[at];
        let is_other = |stored: &&Credential| {
            (stored.user == changed.user || self.has(Mistake::TakesForeignOnesForSigners))
                && stored.uuid != changed.uuid
        };
        let has_another = credentials.iter().filter(is_other).any(|stored| self.may_sign(stored));
        let signs = changed.kind.signs() && changed.is_active();
        keep == Keep::OneThatSigns
            && !has_another
            && !self.has(Mistake::KeepsNone)
            && (signs || self.has(Mistake::KeepsWhatSignsNothing))
    }

    /// Changes a credential, unless it is not found or has to be kept.
    async fn change(
        &self,
        user: &UserId,
        uuid: &CredentialUuid,
        keep: Keep,
        change: impl Fn(&mut Credential) -> bool + Send,
    ) -> Changed {
        let missing =
            if self.has(Mistake::SaysUnchangedForMissing) { Changed::Unchanged } else { Changed::Missing };
        let Some(at) = self.find(user, uuid) else { return missing };
        let would_change = change(&mut self.credentials.lock().unwrap()[at].clone());
        let is_kept = would_change && self.is_kept(at, keep);
        if self.has(Mistake::LooksThenChanges) || self.has(Mistake::LooksThenKeeps) {
            round_trip().await;
        }
        if is_kept {
            return Changed::Last;
        }
        let mut credentials = self.credentials.lock().unwrap();
        let mut changed = false;
        for (index, stored) in credentials.iter_mut().enumerate() {
            let is_meant = index == at || (self.has(Mistake::ChangesEachOfAUser) && stored.user == *user);
            changed |= is_meant && change(stored);
        }
        let looked = self.has(Mistake::LooksThenChanges) && would_change;
        match changed || looked || self.has(Mistake::SaysChangedAlways) {
            true => Changed::Changed,
            false => Changed::Unchanged,
        }
    }
}

#[async_trait]
impl CredentialRepository for WrongHost {
    async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>, BoxError> {
        let credentials = self.credentials.lock().unwrap();
        let seen =
            credentials.iter().filter(|stored| stored.user == *user || self.has(Mistake::ShowsEverybodys));
        Ok(seen.cloned().collect())
    }

    async fn insert(&self, credential: NewCredential, most: usize) -> Result<Addition, BoxError> {
        let mut credential = credential.into_credential();
        match self.mistake {
            Mistake::ForgetsTheName => credential.name.clear(),
            Mistake::ForgetsTheDigest => credential.digest = Digest::Sha256,
            Mistake::ForgetsTheEncryptedKey => credential.encrypted_private_key = None,
            Mistake::ForgetsPasskeyProperties => credential.fido2 = None,
            Mistake::RoundsTimes => credential.created_at -= Duration::from_millis(123),
            _ => {}
        }
        let look = |stored: &[Credential]| {
            let taken = stored.iter().position(|stored| self.takes_id(stored, &credential));
            let own = stored.iter().filter(|stored| stored.user == credential.user).count();
            (taken, own >= most && !self.has(Mistake::HasNoBound))
        };
        let (mut taken, mut is_full) = look(&self.credentials.lock().unwrap());
        round_trip().await;
        let mut credentials = self.credentials.lock().unwrap();
        let now = look(&credentials);
        if !self.has(Mistake::LooksThenInserts) {
            taken = now.0;
        }
        if !self.has(Mistake::CountsThenInserts) {
            is_full = now.1;
        }
        if is_full && (taken.is_none() || self.has(Mistake::SaysFullFirst)) {
            return Ok(Addition::Full);
        }
        match taken {
            Some(old) => {
                if self.has(Mistake::ReplacesTheOld) {
                    credentials[old] = credential;
                }
                Ok(Addition::Duplicate)
            }
            None => {
                credentials.push(credential);
                Ok(Addition::Added)
            }
        }
    }

    async fn credential(&self, user: &UserId, id: &CredentialId) -> Result<Option<Credential>, BoxError> {
        let credentials = self.credentials.lock().unwrap();
        let is_own = |stored: &&Credential| stored.user == *user || self.has(Mistake::FindsForeignOnes);
        let is_it = |stored: &&Credential| {
            (stored.id == *id || self.has(Mistake::FindsAnyOne))
                && (stored.is_active() || !self.has(Mistake::FindsActiveOnesAlone))
        };
        Ok(credentials.iter().filter(is_own).find(is_it).cloned())
    }

    async fn passkeys(
        &self,
        user: &UserId,
        relying_party_id: &str,
        most: usize,
    ) -> Result<Vec<CredentialDescriptor>, BoxError> {
        Ok(self.offered(user, most, |stored| {
            stored.kind == CredentialKind::Fido2
                && (stored.relying_party_id == relying_party_id || self.has(Mistake::OffersOtherParties))
        }))
    }

    async fn keys(&self, user: &UserId, most: usize) -> Result<Vec<CredentialDescriptor>, BoxError> {
        Ok(self.offered(user, most, |stored| stored.kind != CredentialKind::Fido2))
    }

    async fn count(&self, user: &UserId, most: usize) -> Result<usize, BoxError> {
        let credentials = self.credentials(user).await?;
        let counted = credentials.iter().filter(|it| it.is_active() || !self.has(Mistake::CountsActiveOnes));
        Ok(counted.count().min(most))
    }
}

#[async_trait]
impl CredentialManagement for WrongHost {
    async fn set_status(
        &self,
        user: &UserId,
        uuid: &CredentialUuid,
        status: CredentialStatus,
        keep: Keep,
    ) -> Result<Changed, BoxError> {
        let set = |stored: &mut Credential| std::mem::replace(&mut stored.status, status) != status;
        let keep = if status == CredentialStatus::Active { Keep::Nothing } else { keep };
        Ok(self.change(user, uuid, keep, set).await)
    }

    async fn rename(&self, user: &UserId, uuid: &CredentialUuid, name: &str) -> Result<Changed, BoxError> {
        let set = |stored: &mut Credential| std::mem::replace(&mut stored.name, name.to_owned()) != name;
        Ok(self.change(user, uuid, Keep::Nothing, set).await)
    }

    async fn remove(&self, user: &UserId, uuid: &CredentialUuid, keep: Keep) -> Result<Removal, BoxError> {
        match self.change(user, uuid, keep, |_| true).await {
            Changed::Missing => return Ok(Removal::Missing),
            Changed::Last => return Ok(Removal::Last),
            Changed::Changed | Changed::Unchanged => {}
        }
        let mut credentials = self.credentials.lock().unwrap();
        let before = credentials.len();
        credentials.retain(|stored| stored.uuid != *uuid || self.has(Mistake::KeepsTheRemoved));
        let is_told = credentials.len() < before || !self.has(Mistake::LooksThenKeeps);
        Ok(if is_told { Removal::Removed } else { Removal::Missing })
    }
}

#[async_trait]
impl PasskeyDirectory for WrongHost {
    async fn passkey(&self, id: &CredentialId) -> Result<Option<Credential>, BoxError> {
        let credentials = self.credentials.lock().unwrap();
        let spelling = |id: &CredentialId| match self.mistake {
            Mistake::FoldsCase => id.as_str().to_lowercase(),
            _ => id.as_str().to_owned(),
        };
        let is_it = |stored: &&Credential| {
            spelling(&stored.id) == spelling(id)
                && (stored.kind == CredentialKind::Fido2 || self.has(Mistake::FindsKeysForPasskeys))
                && (stored.is_active() || !self.has(Mistake::FindsActiveOnesAlone))
        };
        Ok(credentials.iter().find(is_it).cloned())
    }
}

fn users() -> [UserId; 2] {
    ["us-1", "us-2"].map(|id| UserId::new(id).unwrap())
}

#[test]
fn each_wrong_repository_is_caught_by_the_law_that_it_breaks() {
    let mistakes = [
        (Mistake::FoldsCase, "ids_are_compared_to_the_letter"),
        (Mistake::TrimsIds, "ids_are_compared_to_the_letter"),
        (Mistake::SharesPasskeyIds, "a_passkeys_id_is_unique_among_all_users"),
        (Mistake::SharesAllIds, "a_keys_id_is_unique_among_its_users"),
        (Mistake::LetsOnesOwnIdsMeet, "a_keys_id_is_unique_among_its_users"),
        (Mistake::LooksThenInserts, "of_racing_insertions_of_one_id_one_creates"),
        (Mistake::ForgetsTheName, "a_stored_credential_is_found_unchanged"),
        (Mistake::ForgetsTheDigest, "a_stored_credential_is_found_unchanged"),
        (Mistake::ForgetsTheEncryptedKey, "a_stored_credential_is_found_unchanged"),
        (Mistake::ForgetsPasskeyProperties, "a_stored_credential_is_found_unchanged"),
        (Mistake::RoundsTimes, "a_stored_credential_is_found_unchanged"),
        (Mistake::ShowsEverybodys, "credentials_of_another_user_are_not_seen"),
        (Mistake::ReplacesTheOld, "a_passkeys_id_is_unique_among_all_users"),
        (Mistake::FindsForeignOnes, "a_credential_is_found_by_its_id_under_its_own_user"),
        (Mistake::FindsAnyOne, "a_credential_is_found_by_its_id_under_its_own_user"),
        (Mistake::OffersTheOldest, "the_newest_that_may_sign_are_selected"),
        (Mistake::OffersOtherParties, "the_newest_that_may_sign_are_selected"),
        (Mistake::OffersForeignOnes, "the_newest_that_may_sign_are_selected"),
        (Mistake::OffersTooMany, "the_newest_that_may_sign_are_selected"),
        (Mistake::OffersRecoveryKeys, "the_newest_that_may_sign_are_selected"),
        (Mistake::OffersNoTransports, "the_newest_that_may_sign_are_selected"),
        (Mistake::HasNoBound, "a_user_has_no_more_credentials_than_allowed"),
        (Mistake::CountsThenInserts, "a_user_has_no_more_credentials_than_allowed"),
        (Mistake::SaysFullFirst, "a_user_has_no_more_credentials_than_allowed"),
    ];
    for (mistake, law) in mistakes {
        let complaint = complaint(repository_contract(&WrongHost::new(mistake), &users(), &SIGNING));
        assert!(names(&complaint, law), "{mistake:?}: {complaint}");
    }
}

#[test]
fn each_wrong_management_is_caught_by_the_law_that_it_breaks() {
    let mistakes = [
        (Mistake::ChangesForeignOnes, "a_foreign_or_unknown_credential_is_missing"),
        (Mistake::ChangesEachOfAUser, "a_change_changes_one_member_of_one_credential"),
        (Mistake::OffersInactiveOnes, "an_inactive_one_is_found_and_counted_and_not_offered"),
        (Mistake::FindsActiveOnesAlone, "an_inactive_one_is_found_and_counted_and_not_offered"),
        (Mistake::CountsActiveOnes, "an_inactive_one_is_found_and_counted_and_not_offered"),
        (Mistake::SaysChangedAlways, "what_is_so_already_stays_so"),
        (Mistake::SaysUnchangedForMissing, "a_foreign_or_unknown_credential_is_missing"),
        (Mistake::KeepsTheRemoved, "a_removed_credential_is_gone_and_its_id_is_free"),
        (Mistake::LooksThenChanges, "of_racing_changes_one_is_told_that_it_changed"),
        (Mistake::KeepsNone, "one_that_signs_is_kept_where_one_has_to_be"),
        (Mistake::KeepsWhatSignsNothing, "one_that_signs_is_kept_where_one_has_to_be"),
        (Mistake::TakesRecoveryKeysForSigners, "one_that_signs_is_kept_where_one_has_to_be"),
        (Mistake::TakesInactiveOnesForSigners, "one_that_signs_is_kept_where_one_has_to_be"),
        (Mistake::TakesForeignOnesForSigners, "one_that_signs_is_kept_where_one_has_to_be"),
        (Mistake::LooksThenKeeps, "of_racing_changes_to_the_last_two_one_is_refused"),
    ];
    for (mistake, law) in mistakes {
        let complaint = complaint(management_contract(&WrongHost::new(mistake), &users(), &SIGNING));
        assert!(names(&complaint, law), "{mistake:?}: {complaint}");
    }
}

#[test]
fn each_wrong_directory_of_passkeys_is_caught_by_the_law_that_it_breaks() {
    let mistakes = [
        (Mistake::FindsKeysForPasskeys, "nothing_but_a_passkey_is_found"),
        (Mistake::FoldsCase, "ids_are_compared_to_the_letter"),
    ];
    for (mistake, law) in mistakes {
        let complaint = complaint(passkey_contract(&WrongHost::new(mistake), &users(), &SIGNING));
        assert!(names(&complaint, law), "{mistake:?}: {complaint}");
    }
}
