use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::SystemTime;

use async_trait::async_trait;
use http::header::AUTHORIZATION;

use crate::error::BoxError;
use crate::host::{
    Addition, Advance, AuthError, AuthRequest, Authenticator, Caller, Changed, CredentialManagement,
    CredentialRepository, Keep, PasskeyDirectory, Removal, SignCounters, UserDirectory, is_key_that_signs,
    is_passkey_of, newest,
};
use crate::model::{
    Credential, CredentialDescriptor, CredentialId, CredentialKind, CredentialSecret, CredentialStatus,
    CredentialUuid, NewCredential, RelyingParty, User, UserId, UserStatus,
};
use crate::site::{Site, SiteBuilder};

/// A host in memory. A user's bearer token is `Bearer ` and their id. Use it only in tests and
/// examples.
///
/// ```
/// use credential_code::model::User;
/// use credential_code::testing::MemoryHost;
///
/// let id = "us-1".to_string().try_into().unwrap();
/// let host = MemoryHost::new([User::new(id, "ada@example.com")]);
/// assert!(host.stored().is_empty());
/// ```
#[derive(Default)]
pub struct MemoryHost(Mutex<State>);

#[derive(Default)]
struct State {
    users: HashMap<UserId, User>,
    credentials: Vec<Credential>,
    secrets: HashMap<CredentialUuid, CredentialSecret>,
    is_failing: bool,
    insertions: Insertions,
    held: Vec<Waker>,
    is_keeping: bool,
}

impl State {
    fn of(&self, user: &UserId) -> impl Iterator<Item = &Credential> {
        self.credentials.iter().filter(move |stored| stored.user == *user)
    }

    fn position(&self, user: &UserId, uuid: &CredentialUuid) -> Option<usize> {
        self.credentials.iter().position(|stored| stored.user == *user && stored.uuid == *uuid)
    }

    /// Returns whether a credential that signs has to be kept, and this is the last.
    fn is_kept(&self, index: usize, keep: Keep) -> bool {
        let signs = |stored: &Credential| stored.is_active() && stored.kind.signs();
        keep == Keep::OneThatSigns
            && signs(&self.credentials[index])
            && self.of(&self.credentials[index].user).filter(|stored| signs(stored)).count() == 1
    }
}

/// How insertions behave.
#[derive(Clone, Copy, Default)]
enum Insertions {
    #[default]
    Work,
    Fail,
    /// They work, but their answers are lost.
    AreLost,
    /// They wait until they are released.
    Wait,
}

impl MemoryHost {
    /// Creates a host with these users.
    pub fn new(users: impl IntoIterator<Item = User>) -> Self {
        let users = users.into_iter().map(|user| (user.id.clone(), user)).collect();
        Self(Mutex::new(State { users, ..State::default() }))
    }

    /// Returns every credential that was stored, the oldest first.
    pub fn stored(&self) -> Vec<Credential> {
        self.state().credentials.clone()
    }

    /// Returns the secret that checks a password or a one-time password. A real host keeps it
    /// encrypted.
    pub fn secret(&self, id: &CredentialId) -> Option<CredentialSecret> {
        let state = self.state();
        let stored = state.credentials.iter().find(|stored| stored.id == *id)?;
        state.secrets.get(&stored.uuid).cloned()
    }

    /// Stores a credential as if it had been registered before.
    pub fn seed(&self, credential: Credential) {
        self.state().credentials.push(credential);
    }

    /// Changes whether a user may add credentials.
    pub fn set_status(&self, id: &UserId, status: UserStatus) {
        if let Some(user) = self.state().users.get_mut(id) {
            user.status = status;
        }
    }

    /// Declares everything void that a user began before that time.
    pub fn set_void_before(&self, id: &UserId, at: SystemTime) {
        if let Some(user) = self.state().users.get_mut(id) {
            user.void_before = Some(at);
        }
    }

    /// Adds a user, or changes their data.
    pub fn put_user(&self, user: User) {
        self.state().users.insert(user.id.clone(), user);
    }

    /// Forgets a user.
    pub fn remove_user(&self, id: &UserId) {
        self.state().users.remove(id);
    }

    /// Makes the directory and the repository fail, until [`recover`](Self::recover).
    pub fn fail(&self) {
        self.state().is_failing = true;
    }

    /// Makes insertions fail without storing anything, until [`recover`](Self::recover).
    pub fn fail_insertions(&self) {
        self.state().insertions = Insertions::Fail;
    }

    /// Makes insertions fail after they stored the credential, until [`recover`](Self::recover).
    pub fn lose_insertions(&self) {
        self.state().insertions = Insertions::AreLost;
    }

    /// Makes removals fail, until [`recover`](Self::recover).
    pub fn fail_removals(&self) {
        self.state().is_keeping = true;
    }

    /// Makes insertions wait, until [`release_insertions`](Self::release_insertions).
    pub fn hold_insertions(&self) {
        self.state().insertions = Insertions::Wait;
    }

    /// Returns how many insertions wait.
    pub fn held_insertions(&self) -> usize {
        self.state().held.len()
    }

    /// Lets insertions go on.
    pub fn release_insertions(&self) {
        let mut state = self.state();
        state.insertions = Insertions::Work;
        state.held.drain(..).for_each(Waker::wake);
    }

    /// Makes the directory and the repository answer again.
    pub fn recover(&self) {
        let mut state = self.state();
        (state.is_failing, state.is_keeping) = (false, false);
        state.insertions = Insertions::Work;
    }

    /// Forgets every credential.
    pub fn clear(&self) {
        self.state().credentials.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn working_state(&self) -> Result<MutexGuard<'_, State>, BoxError> {
        let state = self.state();
        match state.is_failing {
            true => Err("the host was told to fail".into()),
            false => Ok(state),
        }
    }
}

impl fmt::Debug for MemoryHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryHost").finish_non_exhaustive()
    }
}

#[async_trait]
impl Authenticator for MemoryHost {
    async fn authenticate(&self, request: &AuthRequest<'_>) -> Result<Caller, AuthError> {
        let header = request.head.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token =
            header.and_then(|value| value.strip_prefix("Bearer ")).ok_or(AuthError::Unauthenticated)?;
        let id = UserId::new(token).map_err(|_| AuthError::Unauthenticated)?;
        match self.state().users.contains_key(&id) {
            true => Ok(Caller::new(id)),
            false => Err(AuthError::Unauthenticated),
        }
    }
}

#[async_trait]
impl UserDirectory for MemoryHost {
    async fn user(&self, id: &UserId) -> Result<Option<User>, BoxError> {
        Ok(self.working_state()?.users.get(id).cloned())
    }
}

#[async_trait]
impl CredentialRepository for MemoryHost {
    async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>, BoxError> {
        let state = self.working_state()?;
        Ok(state.of(user).cloned().collect())
    }

    async fn credential(&self, user: &UserId, id: &CredentialId) -> Result<Option<Credential>, BoxError> {
        Ok(self.working_state()?.of(user).find(|stored| stored.id == *id).cloned())
    }

    async fn passkeys(
        &self,
        user: &UserId,
        relying_party_id: &str,
        most: usize,
    ) -> Result<Vec<CredentialDescriptor>, BoxError> {
        let is_wanted = |stored: &Credential| is_passkey_of(stored, relying_party_id);
        Ok(newest(self.working_state()?.of(user), most, is_wanted))
    }

    async fn keys(&self, user: &UserId, most: usize) -> Result<Vec<CredentialDescriptor>, BoxError> {
        Ok(newest(self.working_state()?.of(user), most, is_key_that_signs))
    }

    async fn count(&self, user: &UserId, most: usize) -> Result<usize, BoxError> {
        Ok(self.working_state()?.of(user).take(most).count())
    }

    async fn insert(&self, credential: NewCredential, most: usize) -> Result<Addition, BoxError> {
        poll_fn(|cx| {
            let mut state = self.state();
            match state.insertions {
                Insertions::Wait => {
                    state.held.push(cx.waker().clone());
                    Poll::Pending
                }
                Insertions::Work | Insertions::Fail | Insertions::AreLost => Poll::Ready(()),
            }
        })
        .await;
        let mut state = self.working_state()?;
        let insertions = state.insertions;
        if matches!(insertions, Insertions::Fail) {
            return Err("the host was told to fail".into());
        }
        if state.credentials.iter().any(|stored| stored.takes_id_of(&credential)) {
            return Ok(Addition::Duplicate);
        }
        if state.of(&credential.user).count() >= most {
            return Ok(Addition::Full);
        }
        if let Some(secret) = credential.secret() {
            state.secrets.insert(credential.uuid.clone(), secret.clone());
        }
        state.credentials.push(credential.into_credential());
        match insertions {
            Insertions::Work | Insertions::Fail | Insertions::Wait => Ok(Addition::Added),
            Insertions::AreLost => Err("the host was told to lose the answer".into()),
        }
    }
}

#[async_trait]
impl CredentialManagement for MemoryHost {
    async fn set_status(
        &self,
        user: &UserId,
        uuid: &CredentialUuid,
        status: CredentialStatus,
        keep: Keep,
    ) -> Result<Changed, BoxError> {
        let mut state = self.working_state()?;
        let Some(index) = state.position(user, uuid) else { return Ok(Changed::Missing) };
        if state.credentials[index].status == status {
            return Ok(Changed::Unchanged);
        }
        if state.is_kept(index, keep) {
            return Ok(Changed::Last);
        }
        state.credentials[index].status = status;
        Ok(Changed::Changed)
    }

    async fn rename(&self, user: &UserId, uuid: &CredentialUuid, name: &str) -> Result<Changed, BoxError> {
        let mut state = self.working_state()?;
        let Some(index) = state.position(user, uuid) else { return Ok(Changed::Missing) };
        let before = std::mem::replace(&mut state.credentials[index].name, name.to_owned());
        Ok(if before == name { Changed::Unchanged } else { Changed::Changed })
    }

    async fn remove(&self, user: &UserId, uuid: &CredentialUuid, keep: Keep) -> Result<Removal, BoxError> {
        let mut state = self.working_state()?;
        if state.is_keeping {
            return Err("the host was told to keep what it has".into());
        }
        let Some(index) = state.position(user, uuid) else { return Ok(Removal::Missing) };
        if state.is_kept(index, keep) {
            return Ok(Removal::Last);
        }
        let removed = state.credentials.remove(index);
        state.secrets.remove(&removed.uuid);
        Ok(Removal::Removed)
    }
}

#[async_trait]
impl PasskeyDirectory for MemoryHost {
    async fn passkey(&self, id: &CredentialId) -> Result<Option<Credential>, BoxError> {
        let state = self.working_state()?;
        let passkeys = state.credentials.iter().filter(|stored| stored.kind == CredentialKind::Fido2);
        Ok(passkeys.into_iter().find(|stored| stored.id == *id).cloned())
    }
}

#[async_trait]
impl SignCounters for MemoryHost {
    async fn advance(&self, id: &CredentialId, count: u32) -> Result<Advance, BoxError> {
        let mut state = self.working_state()?;
        let stored = state.credentials.iter_mut().filter(|stored| stored.id == *id);
        let mut stored = stored.filter_map(|stored| stored.fido2.as_mut());
        let stored = stored.next().ok_or("no such passkey")?;
        if stored.sign_count >= count {
            return Ok(Advance::NotGreater);
        }
        stored.sign_count = count;
        Ok(Advance::Advanced)
    }
}

/// Starts a site over a [`MemoryHost`], for the relying party `example.com` with the origins
/// `https://app.example.com` and `https://example.com`. It lacks a listener for events.
pub fn site_builder(host: &Arc<MemoryHost>) -> SiteBuilder {
    let site = Site::builder().host(host.clone()).sign_counters(host.clone()).management(host.clone());
    site.passkeys(host.clone()).relying_party(party())
}

/// Builds the same site with a listener that ignores its events.
///
/// # Panics
///
/// Without the feature `memory`, since it keeps everything in memory.
pub fn site(host: &Arc<MemoryHost>) -> Site {
    site_builder(host).events(|_| {}).build().expect("the sample site is complete")
}

fn party() -> RelyingParty {
    RelyingParty::new("example.com", "Example", ["https://app.example.com", "https://example.com"])
        .expect("the sample relying party is valid")
}
