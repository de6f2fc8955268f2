use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use credential_code::event::Event;
use credential_code::model::{Credential, UndoToken};
use serde_json::json;

use crate::api::App;

/// Tells users of their new credentials, which a real host does by mail. Here the mails go to
/// stdout.
#[derive(Debug)]
pub(crate) struct Notices {
    app: App,
    undo_tokens: Option<File>,
}

impl Notices {
    /// Opens the file for undo tokens, if there is to be one.
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
        let Some(credential) = event.added_credential() else { return };
        // Nobody learned whether it was stored, so the mail does not say more.
        let verb = if matches!(event, Event::Unsettled { .. }) { "may have" } else { "has" };
        println!("{}", self.mail(credential, verb, event.undo_token()));
        if let Some(token) = event.undo_token()
            && let Err(error) = self.note(credential, token)
        {
            eprintln!("an undo token could not be written: {error}");
        }
    }

    /// The token stands in the fragment of the link, which no browser sends and no server logs.
    fn mail(&self, credential: &Credential, verb: &str, token: Option<&UndoToken>) -> String {
        let Credential { user, kind, name, relying_party_id, .. } = credential;
        let address = self.app.host.find(user).map_or("", |user| &user.name);
        let link = token.map_or(String::new(), |token| {
            let app1 = self.app.places.app1();
            format!("\nWas it not you? Take it back within seven days:\n{app1}/undo#{}\n", token.reveal())
        });
        format!(
            "\nTo: {address}\nSubject: A new way to sign in\n\n\
             {address} {verb} a new {kind}: {name}\nIt signs in at {relying_party_id}.\n{link}"
        )
    }

    /// Adds a line, in one write: requests come at once.
    fn note(&self, credential: &Credential, token: &UndoToken) -> io::Result<()> {
        let Some(mut file) = self.undo_tokens.as_ref() else { return Ok(()) };
        let line = json!({ "credentialUuid": credential.uuid.as_str(), "token": token.reveal() });
        file.write_all(format!("{line}\n").as_bytes())
    }
}

/// Opens a file to add to, which nobody but its owner can read.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    // One of an earlier run has the rights that it had then.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}
