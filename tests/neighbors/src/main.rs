//! Opens SQLite with authstore, Diesel and SQLx in one program. A program can link the library only once, so the three
//! must agree on one `libsqlite3-sys`.

use authstore::AuthStore;
use diesel::connection::SimpleConnection;
use diesel::{Connection as _, SqliteConnection};
use sqlx::Connection as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("authstore-neighbors-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let result = open_by_each(&folder.join("auth.db"));
    std::fs::remove_dir_all(&folder)?;
    result
}

fn open_by_each(path: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
    let url = format!("sqlite:{}", path.display());
    let store = AuthStore::connect(&url)?;
    store.migrate()?;
    let user = store.create_user(authstore::NewUser::default())?;

    SqliteConnection::establish(&path.display().to_string())?
        .batch_execute(r#"UPDATE "User" SET "name" = 'Ada'"#)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let name: String = runtime.block_on(async {
        let mut connection = sqlx::SqliteConnection::connect(&url).await?;
        sqlx::query_scalar(r#"SELECT "name" FROM "User""#)
            .fetch_one(&mut connection)
            .await
    })?;
    assert_eq!(name, "Ada");
    assert_eq!(
        store.get_user(user.id)?.and_then(|user| user.name),
        Some(name)
    );
    println!("authstore, Diesel and SQLx read and wrote one file");
    Ok(())
}
