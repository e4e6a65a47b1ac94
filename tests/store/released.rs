//! Databases of released versions are migrated without losing data.
//!
//! `tests/released/` has a SQLite file for each release in `CHANGELOG.md`, named by its version. `just
//! released-database` writes the file of the version that is about to be released.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use authstore::{
    AuthStore, Authenticator, NewAccount, NewSession, NewUser, SessionChanges, VerificationToken,
};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::{Uuid, uuid};

const USER: Uuid = uuid!("019a0000-0000-7000-8000-000000000001");
const EXPIRES: OffsetDateTime = datetime!(2100-01-01 0:00:00.123 UTC);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/released")
}

fn open(file: &Path) -> AuthStore {
    AuthStore::connect(&format!("sqlite:{}", file.display())).unwrap()
}

/// Writes one row of each model. Never change these rows, because the files of older versions contain them.
fn fill(store: &AuthStore) {
    let user = NewUser {
        id: Some(USER),
        name: Some("Ada Lovelace".into()),
        email: Some("ada@example.org".into()),
        ..NewUser::default()
    };
    let account = NewAccount {
        access_token: Some("an access token".into()),
        ..NewAccount::new("oauth", "github", "583231")
    };
    store.create_user_with_account(user, account).unwrap();
    let session = NewSession::new(USER, "a session token", EXPIRES);
    store.create_session(session).unwrap();
    let token = VerificationToken::new("ada@example.org", "a verification token", EXPIRES);
    store.create_verification_token(token).unwrap();
    store.create_authenticator(authenticator()).unwrap();
}

fn authenticator() -> Authenticator {
    Authenticator {
        credential_id: "KEDetxZcUfinhVi6Za5nZQ".into(),
        user_id: USER,
        provider_account_id: "KEDetxZcUfinhVi6Za5nZQ".into(),
        credential_public_key: "pQECAyYgASFYIGmSdQ".into(),
        counter: 7,
        credential_device_type: "multiDevice".into(),
        credential_backed_up: true,
        transports: Some("internal".into()),
    }
}

/// Migrates a copy of the file, and uses everything in it.
fn check(file: &Path) {
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("auth.db");
    fs::copy(file, &copy).unwrap();
    let store = open(&copy);
    store.migrate().unwrap();
    assert!(store.migrate().unwrap().is_empty());

    let user = store
        .get_user_by_account("github", "583231")
        .unwrap()
        .unwrap();
    assert_eq!(
        (user.id, user.name.as_deref()),
        (USER, Some("Ada Lovelace"))
    );
    let account = store.get_account("github", "583231").unwrap().unwrap();
    assert_eq!(account.access_token.as_deref(), Some("an access token"));
    let (session, owner) = store
        .get_session_and_user("a session token")
        .unwrap()
        .unwrap();
    assert_eq!((session.expires, &owner), (EXPIRES, &user));
    let credential_id = authenticator().credential_id;
    assert_eq!(
        store.get_authenticator(&credential_id).unwrap(),
        Some(authenticator())
    );
    let token = store
        .use_verification_token("ada@example.org", "a verification token")
        .unwrap();
    assert_eq!(token.unwrap().expires, EXPIRES);
    let changes = SessionChanges {
        expires: Some(EXPIRES + time::Duration::DAY),
        ..SessionChanges::default()
    };
    store
        .update_session("a session token", changes)
        .unwrap()
        .unwrap();
    assert!(store.delete_user(USER).unwrap());
    assert_eq!(store.get_authenticator(&credential_id).unwrap(), None);
}

/// Returns the versions in the changelog, without the unreleased one.
fn released() -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("CHANGELOG.md");
    let changelog = fs::read_to_string(path).unwrap();
    let headings: Vec<&str> = changelog
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    assert!(!headings.is_empty());
    headings
        .into_iter()
        .filter(|heading| !heading.to_lowercase().contains("unreleased"))
        .filter_map(|heading| heading.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_release_has_its_database_file() {
    let files: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "db"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(
        files,
        released(),
        "run `just released-database` before a release"
    );
    for version in &files {
        check(&folder().join(format!("{version}.db")));
    }
}

/// Tests a new file like the old ones above. If `AUTHSTORE_RELEASE` is set, keeps the file.
#[test]
fn a_file_of_this_version_passes() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("new.db");
    let store = open(&file);
    store.migrate().unwrap();
    fill(&store);
    // Closing the last connection moves the log into the file.
    drop(store);
    assert!(!directory.path().join("new.db-wal").exists());
    check(&file);
    if std::env::var_os("AUTHSTORE_RELEASE").is_some() {
        let kept = folder().join(concat!(env!("CARGO_PKG_VERSION"), ".db"));
        fs::copy(&file, kept).unwrap();
    }
}
