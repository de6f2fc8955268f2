use std::time::Duration;

use sqlx::SqlitePool;

use crate::app::Error;

/// Sends the mails of the outbox. Here they go to stdout; a real application sends mail.
pub(crate) async fn deliver(db: &SqlitePool) -> Result<(), Error> {
    let mut every = tokio::time::interval(Duration::from_millis(500));
    loop {
        every.tick().await;
        let mails: Vec<(i64, String, String)> = sqlx::query_as(
            "SELECT outbox.id, users.name, mail FROM outbox JOIN users ON users.id = user_id ORDER BY 1",
        )
        .fetch_all(db)
        .await?;
        for (id, name, mail) in mails {
            println!("To: {name}\n{mail}\n");
            sqlx::query("DELETE FROM outbox WHERE id = ?1").bind(id).execute(db).await?;
        }
    }
}
