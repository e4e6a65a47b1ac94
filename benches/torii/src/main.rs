//! Times torii on SQLite from inside, so that the pipe to this process costs nothing.
//!
//! ```text
//! authstore-bench-torii FILE USERS
//! ```
//!
//! Creates a database with this many users and a session each. A request is a line: the name of an operation, a tab,
//! and a JSON array that has, for each call, an array with the number of the user. The answer is a line with the
//! duration of each call in nanoseconds.

use std::io::{BufRead, Write};
use std::sync::Arc;
use std::time::Instant;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use torii::sqlite::SqliteRepositoryProvider;
use torii::{SessionToken, Torii, UserId};
use torii_core::repositories::{RepositoryProvider, UserRepository};
use torii_core::storage::NewUser;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    // The same settings as authstore.
    let options = SqliteConnectOptions::new()
        .filename(&arguments[1])
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true);
    let pool = SqlitePoolOptions::new()
        .max_connections(8)
        .connect_with(options)
        .await?;
    let repositories = Arc::new(SqliteRepositoryProvider::new(pool));
    let torii = Torii::new(repositories.clone());
    torii.migrate().await?;

    let (mut users, mut sessions): (Vec<UserId>, Vec<SessionToken>) = Default::default();
    for user in 0..arguments[2].parse::<usize>()? {
        let new = NewUser::builder()
            .id(UserId::new_random())
            .email(format!("{user}@example.org"))
            .name("Ada".to_owned())
            .build()?;
        let id = repositories.user().create(new).await?.id;
        sessions.push(torii.create_session(&id, None, None).await?.token);
        users.push(id);
    }

    let mut output = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (operation, calls) = line.split_once('\t').ok_or("no calls")?;
        let calls: Vec<[usize; 1]> = serde_json::from_str(calls)?;
        let mut times = Vec::new();
        for [user] in calls {
            let (user, session) = (&users[user], &sessions[user]);
            let start = Instant::now();
            match operation {
                "get_user" => drop(torii.get_user(user).await?),
                "create_session" => drop(torii.create_session(user, None, None).await?),
                "get_session_and_user" => {
                    let session = torii.get_session(session).await?;
                    drop(torii.get_user(&session.user_id).await?);
                }
                "delete_session" => torii.delete_session(session).await?,
                "delete_user" => torii.delete_user(user).await?,
                other => return Err(format!("no such operation: {other}").into()),
            }
            times.push(start.elapsed().as_nanos().to_string());
        }
        writeln!(output, "{}", times.join(" "))?;
        output.flush()?;
    }
    Ok(())
}
