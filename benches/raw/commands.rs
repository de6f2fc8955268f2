//! What a flow sends to Redis, heard of a real one by `MONITOR`, and sent again with other names.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_code::error::BoxError;
use credential_code::model::{CredentialKind, CredentialUuid};
use credential_code::store::{CodeGrant, PendingRegistration, Record};
use credential_code::testing::KeyClient;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, Connection, Pipeline, Value};
use sha2::{Digest, Sha256};

use crate::Person;
use crate::flow::Flow;
use crate::servers::redis::Redis;

const PREFIX: &str = "credential-code:";
/// How many commands are asked together, one time after the other.
///
/// 1. A payment.
/// 2. A grant and an enrolment.
/// 3. Both payments of a guess, as one.
/// 4. A look-up.
/// 5. The return of both payments, a challenge and a stage.
/// 6. Both payments, and a look-up.
/// 7. The return of both payments, and a claim.
const TOGETHER: [usize; 7] = [1, 2, 1, 1, 4, 2, 3];

/// Sends flows over a connection that all share.
#[derive(Clone)]
pub(crate) struct Commands {
    waves: Arc<[Vec<Command>]>,
    connection: MultiplexedConnection,
}

type Command = Vec<Word>;

#[derive(Clone, Debug)]
enum Word {
    Fixed(Vec<u8>),
    /// What is named anew in each flow, after what it starts with.
    Named(String, Name),
}

/// What an argument names.
#[derive(Clone, Copy, Debug)]
enum Name {
    Grant,
    Challenge,
    Enrolment,
    /// The enrolments of a user, in order of the user's number.
    User,
    UserPurse,
    SourcePurse,
}

impl Commands {
    /// Listens to a flow.
    pub(crate) async fn hear(flow: &Flow, server: &Redis) -> Result<Self, BoxError> {
        let mut monitor = server.connection();
        redis::cmd("MONITOR").query::<()>(&mut monitor)?;
        let minted = flow.mint(0).await?;
        let enrolment = minted.enrolment.clone();
        let opened = flow.exchange(0, minted.code).await?;
        flow.register(0, opened).await?;
        redis::cmd("PING").query::<()>(&mut server.connection())?;
        let mut heard = heard(&mut monitor)?.into_iter();

        let mut purses = Vec::new();
        let mut command = |words: Vec<Vec<u8>>| -> Command {
            words.into_iter().map(|word| named(word, enrolment.as_str(), &mut purses)).collect()
        };
        let waves: Arc<[Vec<Command>]> =
            TOGETHER.iter().map(|count| heard.by_ref().take(*count).map(&mut command).collect()).collect();
        assert_eq!(heard.count(), 0, "a flow sends more than is sent here");
        assert!(waves.iter().map(Vec::len).eq(TOGETHER), "a flow sends less than is sent here");
        let connection = redis::Client::open(server.url())?.get_multiplexed_async_connection().await?;
        Ok(Self { waves, connection })
    }

    /// Returns how many commands a flow is.
    pub(crate) fn count(&self) -> usize {
        self.waves.iter().map(Vec::len).sum()
    }
}

impl Person for Commands {
    async fn add_credential(&mut self, user: u64) -> Result<(), BoxError> {
        let names = Names::draw(user)?;
        for wave in &*self.waves {
            let mut pipeline = Pipeline::with_capacity(wave.len());
            for command in wave {
                pipeline.add_command(names.fill(command));
            }
            let answers: Vec<Value> = pipeline.query_async(&mut self.connection).await?;
            // A script that gives back answers nothing; it is alone among those that begin a wave.
            if answers.last() == Some(&Value::Nil) {
                return Err("a raw command did not do what it does in a flow".into());
            }
        }
        Ok(())
    }
}

/// What is of one flow alone.
struct Names {
    user: String,
    grant: [u8; 32],
    enrolment: CredentialUuid,
}

impl Names {
    /// Draws them. Their person makes a key and signs with it, as in a whole flow.
    fn draw(user: u64) -> Result<Self, BoxError> {
        let mut grant = [0; 32];
        getrandom::fill(&mut grant)?;
        let signed = format!("{}-challenge-of-forty-three-letters", grant[0]);
        let _ = KeyClient::ed25519().attest(CredentialKind::Key, &signed);
        Ok(Self { user: crate::flow::user_id(user), grant, enrolment: CredentialUuid::generate()? })
    }

    fn fill(&self, command: &Command) -> Cmd {
        let mut filled = Cmd::new();
        for word in command {
            match word {
                Word::Fixed(bytes) => filled.arg(bytes),
                Word::Named(start, name) => filled.arg(format!("{start}{}", self.of(*name))),
            };
        }
        filled
    }

    fn of(&self, name: Name) -> String {
        let hash = |label: &str| URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{label} {}", self.user)));
        match name {
            Name::Grant => URL_SAFE_NO_PAD.encode(self.grant),
            Name::Challenge => URL_SAFE_NO_PAD.encode(Sha256::digest(self.grant)),
            Name::Enrolment => self.enrolment.as_str().to_owned(),
            Name::User => URL_SAFE_NO_PAD.encode(&self.user),
            Name::UserPurse => hash("user"),
            Name::SourcePurse => hash("source"),
        }
    }
}

/// Reads a word of a flow, whose purses come in this order: the user's, the source's, everybody's.
fn named(word: Vec<u8>, enrolment: &str, purses: &mut Vec<Vec<u8>>) -> Word {
    let Ok(text) = str::from_utf8(&word) else { return Word::Fixed(word) };
    if let Some(start) = text.strip_suffix(enrolment) {
        return Word::Named(start.to_owned(), Name::Enrolment);
    }
    let Some((store, _)) = text.strip_prefix(PREFIX).and_then(|key| key.split_once(':')) else {
        return Word::Fixed(word);
    };
    let name = match store {
        CodeGrant::NAME => Name::Grant,
        PendingRegistration::NAME => Name::Challenge,
        "enrolments" => Name::User,
        _ => {
            let place = purses.iter().position(|known| *known == word).unwrap_or_else(|| {
                purses.push(word.clone());
                purses.len() - 1
            });
            match place {
                0 => Name::UserPurse,
                1 => Name::SourcePurse,
                _ => return Word::Fixed(word),
            }
        }
    };
    Word::Named(format!("{PREFIX}{store}:"), name)
}

/// Reads what was sent until the first ping, but for what scripts sent themselves.
fn heard(monitor: &mut Connection) -> Result<Vec<Vec<Vec<u8>>>, BoxError> {
    let mut all = Vec::new();
    loop {
        let line: String = redis::from_redis_value(monitor.recv_response()?)?;
        let (from, words) = line.split_once("] ").ok_or("a monitor tells who sent what")?;
        let words = unescaped(words);
        match words.first().map(Vec::as_slice) {
            Some(b"PING") => return Ok(all),
            Some(b"EVAL" | b"SET" | b"GETDEL") if !from.ends_with("lua") => all.push(words),
            _ => {}
        }
    }
}

/// Reads words between quotation marks, as Redis prints them.
fn unescaped(text: &str) -> Vec<Vec<u8>> {
    let (mut words, mut bytes) = (Vec::new(), text.bytes());
    while bytes.by_ref().any(|byte| byte == b'"') {
        let mut word = Vec::new();
        while let Some(byte) = bytes.next().filter(|byte| *byte != b'"') {
            let plain = match byte {
                b'\\' => match bytes.next().unwrap_or_default() {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'a' => 0x07,
                    b'b' => 0x08,
                    b'x' => hexadecimal(&mut bytes) << 4 | hexadecimal(&mut bytes),
                    other => other,
                },
                other => other,
            };
            word.push(plain);
        }
        words.push(word);
    }
    words
}

fn hexadecimal(bytes: &mut impl Iterator<Item = u8>) -> u8 {
    let digit = bytes.next().and_then(|byte| char::from(byte).to_digit(16));
    digit.and_then(|digit| u8::try_from(digit).ok()).unwrap_or_default()
}
