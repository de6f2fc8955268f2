use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

use credential_code::event::{Change, Event};
use credential_code::model::{Credential, CredentialKind, CredentialUuid, UndoToken};
use serde_json::json;

use crate::api::App;
use crate::mailbox::Mail;

/// Tells users by mail which credentials were added and changed. Here the mails go to stdout, and
/// to a panel of app 1.
#[derive(Debug)]
pub(crate) struct Notices {
    app: App,
    undo_tokens: Option<File>,
}

impl Notices {
    /// Opens the file for undo tokens, if one is wanted.
    pub(crate) fn new(app: &App, undo_tokens: Option<&Path>) -> Result<Self, Box<dyn Error>> {
        let open = |path: &Path| {
            open(path).map_err(|error| {
                format!("--undo-tokens {}: it is a file that can be written: {error}", path.display())
            })
        };
        Ok(Self { app: app.clone(), undo_tokens: undo_tokens.map(open).transpose()? })
    }

    /// Listens to the flow.
    pub(crate) fn hear(&self, event: &Event<'_>) {
        if let Some(credential) = event.added_credential() {
            self.send(self.about_new(credential, verb_of(event), event.undo_token()));
            if let Some(token) = event.undo_token()
                && let Err(error) = self.note(credential, token)
            {
                eprintln!("an undo token could not be written: {error}");
            }
        }
        if let Some((uuid, change)) = event.changed_credential()
            && let Some(mail) = self.about_change(event, uuid, change)
        {
            self.send(mail);
        }
    }

    /// Writes the mail about a new credential. The token stands in the fragment of the link: no
    /// browser sends that part, and no server logs it.
    fn about_new(&self, credential: &Credential, verb: &str, token: Option<&UndoToken>) -> Mail {
        let Credential { user, kind, name, relying_party_id, .. } = credential;
        let kind = kind_in_words(*kind);
        let address = self.address(credential);
        let app1 = self.app.places.app1();
        Mail {
            user: user.clone(),
            date: SystemTime::now(),
            subject: "A new way to sign in",
            text: format!(
                "{address} {verb} a new {kind}: {}\nIt signs in at {relying_party_id}.",
                isolated(name)
            ),
            undo: token.map(|token| format!("{app1}/undo#{}", token.reveal())),
        }
    }

    fn about_change(&self, event: &Event<'_>, uuid: &CredentialUuid, change: Change) -> Option<Mail> {
        let credential = self.app.host.known(uuid)?;
        let Credential { user, kind, name, .. } = &credential;
        let kind = kind_in_words(*kind);
        let address = self.address(&credential);
        let subject = match (event, change) {
            (Event::ChangeUnsettled { .. }, _) => "A way to sign in may have changed",
            (_, Change::Activated) => "A way to sign in works again",
            (_, Change::Deactivated) => "A way to sign in was deactivated",
            (_, Change::Renamed) => "A way to sign in has another name",
            (_, Change::Removed) => "A way to sign in was removed",
            _ => "A way to sign in was changed",
        };
        let (verb, change, name) = (verb_of(event), change.as_str(), isolated(name));
        let text = format!("{address} {verb} {change} a {kind}: {name}\nWas it not you? Look at your list.");
        Some(Mail { user: user.clone(), date: SystemTime::now(), subject, text, undo: None })
    }

    fn address(&self, credential: &Credential) -> String {
        self.app.host.find(&credential.user).map_or(String::new(), |user| isolated(&user.name))
    }

    fn send(&self, mail: Mail) {
        let Mail { user, subject, text, undo, .. } = &mail;
        let address = self.app.host.find(user).map_or("", |user| &user.name);
        let link = undo.as_ref().map_or(String::new(), |link| {
            format!("\nWas it not you? Take it back within seven days:\n{link}\n")
        });
        println!("\nTo: {address}\nSubject: {subject}\n\n{text}\n{link}");
        self.app.mailbox.deliver(mail);
    }

    /// Adds a line, in one write, since requests may come at the same time.
    fn note(&self, credential: &Credential, token: &UndoToken) -> io::Result<()> {
        let Some(mut file) = self.undo_tokens.as_ref() else { return Ok(()) };
        let line = json!({ "credentialUuid": credential.uuid.as_str(), "token": token.reveal() });
        file.write_all(format!("{line}\n").as_bytes())
    }
}

/// Returns the verb of a mail. If nobody learned what the host did, the mail does not say more.
fn verb_of(event: &Event<'_>) -> &'static str {
    if matches!(event, Event::Unsettled { .. } | Event::ChangeUnsettled { .. }) { "may have" } else { "has" }
}

/// Isolates a name that somebody chose, so that it can't change the direction of the text around
/// it.
fn isolated(name: &str) -> String {
    format!("\u{2068}{name}\u{2069}")
}

/// Returns the name of a kind, as the pages call it.
fn kind_in_words(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::Fido2 => "passkey",
        CredentialKind::RecoveryKey => "recovery key",
        CredentialKind::PasswordProtectedKey => "password-protected key",
        _ => "key",
    }
}

/// Opens a file to append to. Nobody but its owner can read it.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    // A file of an earlier run keeps the rights that it had then.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}
