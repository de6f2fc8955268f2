use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use credential_code::model::UserId;

/// How many mails are kept, of both users.
const KEPT: usize = 50;

/// The mails that the users got, for the panel of app 1. A real host sends them and keeps none.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    mails: Mutex<VecDeque<Mail>>,
}

/// A mail to a user.
#[derive(Clone)]
pub(crate) struct Mail {
    pub(crate) user: UserId,
    pub(crate) date: SystemTime,
    pub(crate) subject: &'static str,
    pub(crate) text: String,
    /// The token that takes back what the mail reports. It is a secret.
    pub(crate) undo: Option<String>,
}

/// Shows the mail without the link.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("user", &self.user)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

impl Mailbox {
    /// Delivers a mail. The oldest mail is dropped when there are too many.
    pub(crate) fn deliver(&self, mail: Mail) {
        let mut mails = self.mails();
        mails.truncate(KEPT - 1);
        mails.push_front(mail);
    }

    /// Returns a user's mails, the newest first.
    pub(crate) fn of(&self, user: &UserId) -> Vec<Mail> {
        self.mails().iter().filter(|mail| mail.user == *user).cloned().collect()
    }

    fn mails(&self) -> MutexGuard<'_, VecDeque<Mail>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
