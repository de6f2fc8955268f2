//! What a flow sends to an engine of SQL, heard of a real one, and sent again with other values.

use std::sync::Arc;
use std::time::Duration;

use credential_code::error::BoxError;
use credential_code::model::{User, UserId};
use credential_code::store::SqlStore;
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use crate::connection::{Connection, Value};
use crate::flow::{Flow, user_id};
use crate::names::{Names, blob, charge, from_now, hash, skew};
use crate::statements::Statements;
use crate::{Person, USERS};

const MINUTE: Duration = Duration::from_secs(60);

/// The statements of a flow.
pub(crate) struct Sent {
    all: Vec<String>,
    spend: SqlStr,
    spend_both: SqlStr,
    give_back: SqlStr,
    insert_record: SqlStr,
    take_record: SqlStr,
    enter: SqlStr,
    advance: SqlStr,
    user: SqlStr,
    count: SqlStr,
    insert_credential: SqlStr,
    /// What begins the transaction of an insertion, up to the number that it locks.
    begin: Begin,
    sizes: Sizes,
}

enum Begin {
    Immediate,
    Locking(String),
}

/// How many bytes the engine keeps of each.
struct Sizes {
    grant: usize,
    pending: usize,
    opening: usize,
    shown: usize,
}

/// Adds all users at once.
pub(crate) async fn put_users(
    store: &SqlStore,
    statements: &Statements,
    on: &mut impl Connection,
) -> Result<(), BoxError> {
    let (put, heard) = statements.of(store.put_user(&User::new(UserId::new(user_id(0))?, "nobody"))).await;
    put?;
    let sql = starting(&heard, "INSERT INTO credential_code_users")?;
    on.control("BEGIN".to_owned()).await?;
    for user in 0..USERS {
        let id = user_id(user);
        let mut values: Vec<_> = [&*id, "somebody@example.com", "somebody@example.com", "Active"]
            .map(|text| Value::Text(text.to_owned()))
            .into();
        values.extend([Value::NoInteger, Value::Bytes(id.into_bytes())]);
        on.execute(&sql, values).await?;
    }
    Ok(on.control("COMMIT".to_owned()).await?)
}

fn starting(heard: &[String], start: &str) -> Result<SqlStr, BoxError> {
    let found = heard.iter().find(|statement| statement.starts_with(start));
    Ok(AssertSqlSafe(found.ok_or_else(|| format!("no flow sent `{start}`"))?.as_str()).into_sql_str())
}

impl Sent {
    /// Listens to a flow, and sees that the same is sent without it.
    pub(crate) async fn hear(
        flow: &Flow,
        statements: &Statements,
        on: &mut impl Connection,
    ) -> Result<Self, BoxError> {
        let mut whole = flow.clone();
        let (added, heard) = statements.of(whole.add_credential(0)).await;
        added?;
        let find = |start| starting(&heard, start);
        let begin = match heard.iter().find(|statement| statement.starts_with("BEGIN")) {
            Some(begin) => Begin::Locking(begin.rsplit_once(' ').ok_or("it locks nothing")?.0.to_owned()),
            None => Begin::Immediate,
        };
        let sent = Self {
            spend: find("INSERT INTO credential_code_purses")?,
            spend_both: find("WITH")?,
            give_back: find("UPDATE credential_code_purses")?,
            insert_record: find("INSERT INTO credential_code_records")?,
            take_record: find("DELETE FROM credential_code_records")?,
            enter: find("INSERT INTO credential_code_enrolments")?,
            advance: find("UPDATE credential_code_enrolments")?,
            user: find("SELECT name, display_name")?,
            count: find("SELECT COUNT")?,
            insert_credential: find("INSERT INTO credential_code_credentials")?,
            begin,
            sizes: Sizes::measure(flow, on).await?,
            all: heard,
        };
        let (added, resent) = statements.of(sent.add_credential(on, 0)).await;
        added?;
        assert_eq!(sorted(&resent), sorted(&sent.all), "a raw flow sends what a flow sends");
        Ok(sent)
    }

    /// Returns how many statements a flow is. SQLite's driver does not tell of transactions.
    pub(crate) fn count(&self) -> usize {
        match self.begin {
            Begin::Immediate => self.all.len() + 2,
            Begin::Locking(_) => self.all.len(),
        }
    }

    /// Sends what a flow sends, one after the other.
    async fn add_credential(&self, on: &mut impl Connection, user: u64) -> Result<(), BoxError> {
        let names = Names::draw(user)?;
        self.mint(on, &names).await?;
        self.exchange(on, &names).await?;
        self.register(on, &names).await
    }

    async fn mint(&self, on: &mut impl Connection, names: &Names) -> Result<(), BoxError> {
        let [user, enrolment] = names.enrolment();
        let [slot, now, per, interval] = charge(&names.purse);
        once(on.fetch(&self.spend, vec![slot, now, per, interval, skew()]).await?)?;
        once(on.fetch(&self.user, vec![names.user()]).await?)?;
        let [kind, slot] = names.grant();
        let record = vec![kind, slot, from_now(10 * MINUTE), blob(self.sizes.grant)];
        once(on.execute(&self.insert_record, record).await?)?;
        let stage = Value::Text("waiting".to_owned());
        let times = [from_now(Duration::ZERO), from_now(10 * MINUTE), from_now(70 * MINUTE)];
        let rest = [Value::NoBytes, Value::NoBytes, Value::NoBytes, Value::NoInteger];
        let values = [user, enrolment, stage].into_iter().chain(times).chain(rest).collect();
        once(on.execute(&self.enter, values).await?)
    }

    async fn exchange(&self, on: &mut impl Connection, names: &Names) -> Result<(), BoxError> {
        self.guess(on, names).await?;
        once(on.fetch(&self.take_record, names.grant().into()).await?)?;
        self.give_back(on, names).await?;
        once(on.fetch(&self.user, vec![names.user()]).await?)?;
        once(on.fetch(&self.count, vec![names.user(), Value::Integer(256)]).await?)?;
        let [kind, slot] = names.pending();
        let record = vec![kind, slot, from_now(60 * MINUTE), blob(self.sizes.pending)];
        once(on.execute(&self.insert_record, record).await?)?;
        let parts = [from_now(60 * MINUTE), blob(self.sizes.opening), Value::NoBytes];
        self.advance(on, names, [" waiting opened ", "opened"], parts).await
    }

    async fn register(&self, on: &mut impl Connection, names: &Names) -> Result<(), BoxError> {
        self.guess(on, names).await?;
        once(on.fetch(&self.take_record, names.pending().into()).await?)?;
        self.give_back(on, names).await?;
        once(on.fetch(&self.user, vec![names.user()]).await?)?;
        let parts = [Value::NoInteger, Value::NoBytes, blob(self.sizes.shown)];
        self.advance(on, names, [" opened ", "added"], parts).await?;
        once(on.change(self.begin(&names.user), &self.insert_credential, names.credential()).await?)
    }

    async fn guess(&self, on: &mut impl Connection, names: &Names) -> Result<(), BoxError> {
        let [slot, now, per, interval] = charge(&names.source);
        let [everybodys, _, ..] = charge("");
        let values = vec![slot, now, per.clone(), interval.clone(), skew(), everybodys, per, interval];
        match on.fetch(&self.spend_both, values).await? {
            2 => Ok(()),
            _ => Err("a guess pays from two purses".into()),
        }
    }

    async fn give_back(&self, on: &mut impl Connection, names: &Names) -> Result<(), BoxError> {
        for name in [&*names.source, ""] {
            let [slot, _, _, interval] = charge(name);
            once(on.execute(&self.give_back, vec![slot, interval]).await?)?;
        }
        Ok(())
    }

    async fn advance(
        &self,
        on: &mut impl Connection,
        names: &Names,
        stages: [&str; 2],
        [expires_at, opening, shown]: [Value; 3],
    ) -> Result<(), BoxError> {
        let [user, enrolment] = names.enrolment();
        let [from, to] = stages.map(|stage| Value::Text(stage.to_owned()));
        let gone_at = from_now(120 * MINUTE);
        let values = vec![user, enrolment, from, to, gone_at, expires_at, opening, shown, Value::NoInteger];
        once(on.fetch(&self.advance, values).await?)
    }

    fn begin(&self, user: &str) -> String {
        match &self.begin {
            Begin::Immediate => "BEGIN IMMEDIATE".to_owned(),
            Begin::Locking(start) => {
                let [a, b, c, d, ..] = hash(user);
                format!("{start} {})", i32::from_be_bytes([a, b, c, d]))
            }
        }
    }
}

impl Sizes {
    /// Of flows that stop in the middle, and of the one that was heard.
    async fn measure(flow: &Flow, on: &mut impl Connection) -> Result<Self, BoxError> {
        flow.mint(0).await?;
        let minted = flow.mint(0).await?;
        flow.exchange(0, minted.code).await?;
        let of_record = "SELECT CAST(MAX(LENGTH(record)) AS BIGINT) FROM credential_code_records";
        let pending = on.number(of_record).await?;
        let of_record = "SELECT CAST(MIN(LENGTH(record)) AS BIGINT) FROM credential_code_records";
        let grant = on.number(of_record).await?;
        let of_opening = "SELECT CAST(MAX(LENGTH(opening)) AS BIGINT) FROM credential_code_enrolments";
        let opening = on.number(of_opening).await?;
        let of_shown = "SELECT CAST(MAX(LENGTH(credential)) AS BIGINT) FROM credential_code_enrolments";
        let shown = on.number(of_shown).await?;
        let size = |length: i64| usize::try_from(length);
        Ok(Self {
            grant: size(grant)?,
            pending: size(pending)?,
            opening: size(opening)?,
            shown: size(shown)?,
        })
    }
}

/// Sends flows over a connection.
pub(crate) struct Raw<C> {
    sent: Arc<Sent>,
    connection: C,
}

impl<C> Raw<C> {
    pub(crate) fn new(sent: Arc<Sent>, connection: C) -> Self {
        Self { sent, connection }
    }
}

impl<C: Connection> Person for Raw<C> {
    async fn add_credential(&mut self, user: u64) -> Result<(), BoxError> {
        self.sent.add_credential(&mut self.connection, user).await
    }
}

/// A statement that changes nothing, or finds nothing, is not what a flow sends.
fn once(rows: u64) -> Result<(), BoxError> {
    if rows == 1 { Ok(()) } else { Err("a raw statement did not do what it does in a flow".into()) }
}

/// Without the number of a lock, and in no order: what is asked together arrives in any.
fn sorted(statements: &[String]) -> Vec<&str> {
    let is_told = |statement: &&str| !statement.starts_with("BEGIN") && *statement != "COMMIT";
    let mut all: Vec<&str> = statements.iter().map(String::as_str).filter(is_told).collect();
    all.sort_unstable();
    all
}
