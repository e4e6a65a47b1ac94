//! No token appears in anything that a program might log: a model, an input or an error.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::fmt::Debug;

use authstore::{
    Account, AccountChanges, AuthStore, Authenticator, Challenge, Change, Error, NewAccount,
    NewSession, NewUser, Session, SessionChanges, UserChanges, VerificationToken,
};
use tempfile::TempDir;
use time::OffsetDateTime;
use uuid::Uuid;

/// Part of every secret below, so that a part of a secret is found, too.
const SECRET: &str = "hunter2";

fn secret(name: &str) -> String {
    format!("{SECRET}-{name}")
}

fn some_secret(name: &str) -> Option<String> {
    Some(secret(name))
}

/// Checks both forms of `Debug` for secrets, and returns them.
#[track_caller]
fn shown(value: &dyn Debug) -> String {
    let text = format!("{value:?}\n{value:#?}");
    assert!(!text.contains(SECRET), "a secret is shown: {text}");
    text
}

fn new_account() -> NewAccount {
    NewAccount {
        id: None,
        kind: "oauth".into(),
        provider: "github".into(),
        provider_account_id: "583231".into(),
        refresh_token: some_secret("refresh"),
        access_token: some_secret("access"),
        expires_at: Some(7),
        token_type: Some("bearer".into()),
        scope: Some("read:user".into()),
        id_token: some_secret("id"),
        session_state: some_secret("state"),
        oauth_token_secret: some_secret("oauth-secret"),
        oauth_token: some_secret("oauth"),
    }
}

fn account_changes() -> AccountChanges {
    AccountChanges {
        kind: Some("oidc".into()),
        refresh_token: Change::Set(secret("refresh")),
        access_token: Change::Set(secret("access")),
        expires_at: Change::Set(7),
        token_type: Change::set("bearer"),
        scope: Change::set("read:user"),
        id_token: Change::Set(secret("id")),
        session_state: Change::Set(secret("state")),
        oauth_token_secret: Change::Set(secret("oauth-secret")),
        oauth_token: Change::Set(secret("oauth")),
    }
}

fn authenticator(user_id: Uuid) -> Authenticator {
    Authenticator {
        credential_id: "credential".into(),
        user_id,
        provider_account_id: "583231".into(),
        credential_public_key: "key".into(),
        counter: 1,
        credential_device_type: "singleDevice".into(),
        credential_backed_up: false,
        transports: None,
    }
}

#[test]
fn models_and_inputs_show_no_secret() {
    let new = new_account();
    let stored = Account {
        id: Uuid::nil(),
        user_id: Uuid::nil(),
        kind: new.kind.clone(),
        provider: new.provider.clone(),
        provider_account_id: new.provider_account_id.clone(),
        refresh_token: new.refresh_token.clone(),
        access_token: new.access_token.clone(),
        expires_at: new.expires_at,
        token_type: new.token_type.clone(),
        scope: new.scope.clone(),
        id_token: new.id_token.clone(),
        session_state: new.session_state.clone(),
        oauth_token_secret: new.oauth_token_secret.clone(),
        oauth_token: new.oauth_token.clone(),
    };
    for text in [shown(&new), shown(&stored), shown(&account_changes())] {
        // Six secrets in two forms.
        assert_eq!(text.matches("[redacted]").count(), 12, "{text}");
        assert!(text.contains("read:user"), "too much is hidden: {text}");
    }
    // The presence of a token may be shown.
    let bare = shown(&NewAccount::new("oauth", "github", "583231"));
    assert!(!bare.contains("[redacted]"), "{bare}");
    let kept = shown(&AccountChanges::default());
    assert!(!kept.contains("[redacted]"), "{kept}");

    let expires = OffsetDateTime::UNIX_EPOCH;
    let session = Session {
        id: Uuid::nil(),
        user_id: Uuid::nil(),
        session_token: secret("session"),
        expires,
    };
    let new_session = NewSession::new(Uuid::nil(), secret("session"), expires);
    let token = VerificationToken::new("ada@example.org", secret("link"), expires);
    for text in [shown(&session), shown(&new_session), shown(&token)] {
        assert_eq!(text.matches("[redacted]").count(), 2, "{text}");
        assert!(text.contains("1970"), "too much is hidden: {text}");
    }
    let challenge = Challenge::new(secret("key"), secret("payload"), expires);
    assert_eq!(shown(&challenge).matches("[redacted]").count(), 4);
    let rotation = SessionChanges {
        session_token: some_secret("session"),
        ..SessionChanges::default()
    };
    assert_eq!(shown(&rotation).matches("[redacted]").count(), 2);
    // As in practice: in tuples, options and vectors.
    shown(&Some((session.clone(), vec![stored])));
}

/// Returns the errors of every operation, whether or not it takes or returns a secret.
fn run_all(store: &AuthStore, user_id: Uuid, suffix: &str) -> Vec<Error> {
    let session_token = secret(&format!("session{suffix}"));
    let link = secret(&format!("link{suffix}"));
    let expires = OffsetDateTime::UNIX_EPOCH;
    let account = NewAccount {
        access_token: some_secret(&format!("access{suffix}")),
        ..new_account()
    };
    let token_change = AccountChanges {
        id_token: Change::Set(secret(&format!("id{suffix}"))),
        ..account_changes()
    };
    let results = [
        store
            .create_user_with_account(
                NewUser {
                    id: Some(user_id),
                    email: Some("ada@example.org".into()),
                    ..NewUser::default()
                },
                account.clone(),
            )
            .err(),
        store
            .create_user(NewUser {
                id: Some(user_id),
                ..NewUser::default()
            })
            .err(),
        store.link_account(user_id, account.clone()).err(),
        store
            .link_account(
                Uuid::max(),
                NewAccount {
                    provider: "other".into(),
                    ..account
                },
            )
            .err(),
        store
            .update_account("github", "583231", token_change.clone())
            .err(),
        store.update_account("nobody", "583231", token_change).err(),
        store.get_account("github", "583231").err(),
        store.list_accounts_by_user_id(user_id).err(),
        store.get_user(user_id).err(),
        store.get_user_by_email("ada@example.org").err(),
        store.get_user_by_account("github", "583231").err(),
        store.update_user(user_id, UserChanges::default()).err(),
        store
            .create_session(NewSession::new(user_id, &session_token, expires))
            .err(),
        store
            .create_session(NewSession::new(Uuid::max(), secret("other"), expires))
            .err(),
        store.get_session_and_user(&session_token).err(),
        store
            .update_session(
                &session_token,
                SessionChanges {
                    user_id: Some(Uuid::max()),
                    ..SessionChanges::default()
                },
            )
            .err(),
        store.list_sessions_by_user_id(user_id).err(),
        store
            .delete_sessions_by_user_id(Uuid::max(), Some(&session_token))
            .err(),
        store
            .create_verification_token(VerificationToken::new("ada", &link, expires))
            .err(),
        store
            .create_verification_token(VerificationToken::new("ada", &link, expires))
            .err(),
        store.use_verification_token("grace", &link).err(),
        store.create_authenticator(authenticator(user_id)).err(),
        store.create_authenticator(authenticator(user_id)).err(),
        store.get_authenticator("credential").err(),
        store.list_authenticators_by_user_id(user_id).err(),
        store.update_authenticator_counter("credential", 2).err(),
        store.ping().err(),
    ];
    results.into_iter().flatten().collect()
}

/// Checks an error and its causes for secrets, in every form, and returns its kind.
fn look(error: &Error) -> &'static str {
    shown(error);
    assert!(!error.to_string().contains(SECRET), "{error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        shown(&error);
        assert!(!error.to_string().contains(SECRET), "{error}");
        cause = error.source();
    }
    match error {
        Error::Invalid { .. } => "invalid",
        Error::Conflict { .. } => "conflict",
        Error::NotFound { .. } => "not found",
        Error::Unavailable { .. } => "unavailable",
        Error::OutcomeUnknown { .. } => "outcome unknown",
        Error::Migration(_) => "migration",
        Error::Backend { .. } => "backend",
        _ => "another",
    }
}

#[track_caller]
fn kinds(errors: &[Error], expected: &[&str]) {
    let kinds: BTreeSet<_> = errors.iter().map(look).collect();
    assert_eq!(kinds, expected.iter().copied().collect(), "{errors:?}");
}

#[test]
fn errors_show_no_secret() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("auth.db");
    let url = format!("sqlite:{}?busy_timeout_ms=20", path.display());
    let store = AuthStore::connect(&url).expect("a store");
    let other = rusqlite::Connection::open(&path).expect("a second connection");
    let user_id = Uuid::now_v7();
    shown(&store);

    // Without the schema.
    kinds(&run_all(&store, user_id, ""), &["migration"]);
    store.migrate().expect("a schema");
    // Rows that exist already, and rows that do not exist.
    kinds(&run_all(&store, user_id, ""), &["conflict", "not found"]);
    kinds(&run_all(&store, user_id, ""), &["conflict", "not found"]);
    // Too long, and with a NUL in it.
    kinds(
        &run_all(&store, user_id, &"x".repeat(2_000_000)),
        &["conflict", "invalid", "not found"],
    );
    kinds(
        &run_all(&store, user_id, "\0"),
        &["conflict", "invalid", "not found"],
    );
    // While another process writes.
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    kinds(&run_all(&store, user_id, ""), &["unavailable"]);
    other.execute_batch("ROLLBACK").expect("an unlock");
    // A file that is no longer a database.
    drop((store, other));
    std::fs::write(&path, secret("file").repeat(1_000)).expect("garbage");
    kinds(
        &[AuthStore::connect(&url).expect_err("garbage")],
        &["backend"],
    );
}

/// The error identifies the row, but not by its secret.
#[test]
fn rows_that_cannot_be_read_show_no_secret() {
    type Read = fn(&AuthStore, Uuid) -> Option<Error>;
    let get_account: Read = |store, _| store.get_account("github", "583231").err();
    let list_sessions: Read = |store, user_id| store.list_sessions_by_user_id(user_id).err();
    let get_session: Read = |store, _| store.get_session_and_user(&secret("session")).err();
    let use_token: Read = |store, _| store.use_verification_token("ada", &secret("link")).err();
    let blob = "x'68756e74657232'";
    let text = "'hunter2'";
    for (table, column, garbage, read) in [
        ("Account", "expires_at", text, get_account),
        ("Account", "access_token", blob, get_account),
        ("Account", "oauth_token", blob, get_account),
        ("Session", "expires", text, list_sessions),
        ("Session", "expires", text, get_session),
        ("Session", "sessionToken", blob, list_sessions),
        ("Session", "id", blob, get_session),
        ("VerificationToken", "expires", text, use_token),
    ] {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("auth.db");
        let store = AuthStore::connect(&format!("sqlite:{}", path.display())).expect("a store");
        store.migrate().expect("a schema");
        let user_id = Uuid::now_v7();
        run_all(&store, user_id, "");
        assert!(read(&store, user_id).is_none(), "{table}.{column}");
        // A token that was just used exists again.
        run_all(&store, user_id, "");
        rusqlite::Connection::open(&path)
            .and_then(|other| {
                other.execute_batch(&format!("UPDATE \"{table}\" SET \"{column}\" = {garbage}"))
            })
            .expect("garbage");
        match read(&store, user_id) {
            Some(error) => kinds(&[error], &["backend"]),
            None => panic!("{table}.{column} could be read, or was not found"),
        }
    }
}
