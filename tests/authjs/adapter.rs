//! For each operation, this crate reads what JavaScript writes and vice versa, with the same values.

use authstore::{
    Account, AuthStore, Authenticator, Change, Constraint, Error, NewAccount, NewSession, NewUser,
    SessionChanges, User, UserChanges, VerificationToken,
};
use authstore_test_databases::{Database, Kind, Test};
use serde_json::{Value, json};
use time::Duration;
use time::macros::datetime;
use uuid::Uuid;

use crate::node::Js;
use crate::on_each;
use crate::values::{self, INTEGERS, TEXTS, TIMES, bigint, date, full_account, in_an_hour};

pub(crate) fn tests() -> Vec<Test> {
    [
        on_each("authjs_creates_users", authjs_creates_users),
        on_each("authjs_reads_users", authjs_reads_users),
        on_each("authjs_updates_users", authjs_updates_users),
        on_each("authjs_sees_updated_users", authjs_sees_updated_users),
        on_each("either_deletes_users", either_deletes_users),
        on_each("authjs_links_accounts", authjs_links_accounts),
        on_each("authjs_reads_accounts", authjs_reads_accounts),
        on_each("either_unlinks_accounts", either_unlinks_accounts),
        on_each("authjs_opens_sessions", authjs_opens_sessions),
        on_each("authjs_resolves_sessions", authjs_resolves_sessions),
        on_each("authjs_makes_tokens", authjs_makes_tokens),
        on_each("authjs_uses_tokens", authjs_uses_tokens),
        on_each("both_agree_on_missing_rows", both_agree_on_missing_rows),
        on_each(
            "both_hit_the_same_unique_constraints",
            both_hit_the_same_unique_constraints,
        ),
        on_each("both_compare_keys_bytewise", both_compare_keys_bytewise),
        on_each(
            "name_like_a_time_stays_a_string",
            name_like_a_time_stays_a_string,
        ),
        on_each(
            "authenticators_are_read_by_both",
            authenticators_are_read_by_both,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A migrated database with both on it.
pub(crate) struct Both {
    pub(crate) store: AuthStore,
    pub(crate) js: Js,
    /// Dropped last.
    _database: Database,
}

impl Both {
    pub(crate) fn new(kind: Kind) -> Self {
        let database = Database::new(kind).expect("a database");
        Both {
            store: database.store(),
            js: Js::open(&database.url()),
            _database: database,
        }
    }

    fn user(&self, email: &str) -> User {
        self.store
            .create_user(NewUser {
                email: Some(email.into()),
                ..NewUser::default()
            })
            .expect("a user")
    }
}

/// Users with every text and every time, some fields missing.
fn varied_users() -> Vec<NewUser> {
    let text = |number: usize| Some(TEXTS[number % TEXTS.len()].to_owned());
    (0..TEXTS.len() * 2)
        .map(|number| NewUser {
            id: None,
            name: text(number).filter(|_| number % 5 != 4),
            email: Some(format!(
                "{number} {}@example.org",
                TEXTS[number % TEXTS.len()]
            ))
            .filter(|_| number % 7 != 6),
            email_verified: Some(TIMES[number % TIMES.len()]).filter(|_| number % 3 != 2),
            image: text(number + 3).filter(|_| number % 4 != 3),
        })
        .collect()
}

fn authjs_creates_users(kind: Kind) {
    let both = Both::new(kind);
    let Both { store, mut js, .. } = both;
    for new in varied_users() {
        let sent = json!({
            "name": new.name,
            "email": new.email,
            "emailVerified": new.email_verified.map(date),
            "image": new.image,
        });
        let created = js.call("createUser", &json!([sent]));
        let id: Uuid = created["id"]
            .as_str()
            .expect("an id")
            .parse()
            .expect("a UUID");
        let expected = User {
            id,
            name: new.name,
            email: new.email,
            email_verified: new.email_verified,
            image: new.image,
        };
        assert_eq!(store.get_user(id).unwrap().as_ref(), Some(&expected));
        if let Some(email) = &expected.email {
            assert_eq!(
                store.get_user_by_email(email).unwrap().as_ref(),
                Some(&expected)
            );
        }
    }
    // A new user of Auth.js whose address no one has verified is not verified.
    let fields = json!([{ "name": "Eve", "email": "eve@example.org" }]);
    let id = js.call("createUser", &fields)["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(store.get_user(id).unwrap().unwrap().email_verified, None);
}

fn authjs_reads_users(kind: Kind) {
    let both = Both::new(kind);
    let Both { store, mut js, .. } = both;
    for (number, mut new) in varied_users().into_iter().enumerate() {
        if number % 2 == 0 {
            // Auth.js's own version; otherwise version 7, from this crate.
            new.id = Some(Uuid::from_u128(
                0x4d2a_9c00_0000_4000_8000_0000_0000_0000 + number as u128,
            ));
        }
        let account = NewAccount::new("oauth", "github", number.to_string());
        let (user, _) = store.create_user_with_account(new, account).unwrap();
        let expected = values::user(&user);
        assert_eq!(js.call("getUser", &json!([user.id.to_string()])), expected);
        if let Some(email) = &user.email {
            assert_eq!(js.call("getUserByEmail", &json!([email])), expected);
        }
        let key = json!([{ "provider": "github", "providerAccountId": number.to_string() }]);
        assert_eq!(js.call("getUserByAccount", &key), expected);
    }
}

fn authjs_updates_users(kind: Kind) {
    let both = Both::new(kind);
    let mut before = both.user("ada@example.org");
    let Both { store, mut js, .. } = both;
    let mut update = |fields: Value, after: User| {
        let mut sent = fields;
        sent["id"] = json!(after.id.to_string());
        assert_eq!(js.call("updateUser", &json!([sent])), values::user(&after));
        assert_eq!(store.get_user(after.id).unwrap(), Some(after));
    };
    for text in TEXTS {
        before.name = Some(text.into());
        update(json!({ "name": text }), before.clone());
        before.image = Some(text.into());
        update(json!({ "image": text }), before.clone());
    }
    for time in TIMES {
        before.email_verified = Some(time);
        update(json!({ "emailVerified": date(time) }), before.clone());
    }
    before.email = Some("Ada@Example.org ".into());
    update(json!({ "email": before.email }), before.clone());
    (before.name, before.email_verified) = (None, None);
    update(
        json!({ "name": null, "emailVerified": null }),
        before.clone(),
    );
    (before.email, before.image) = (None, None);
    update(json!({ "email": null, "image": null }), before);
}

fn authjs_sees_updated_users(kind: Kind) {
    let both = Both::new(kind);
    let id = both.user("ada@example.org").id;
    let Both { store, mut js, .. } = both;
    let mut update = |changes: UserChanges| {
        let after = store.update_user(id, changes).unwrap();
        assert_eq!(
            js.call("getUser", &json!([id.to_string()])),
            values::user(&after)
        );
    };
    for text in TEXTS {
        update(UserChanges {
            name: Change::set(text),
            image: Change::set(format!("{text}{text}")),
            ..UserChanges::default()
        });
    }
    for time in TIMES {
        update(UserChanges {
            email_verified: Change::Set(time),
            ..UserChanges::default()
        });
    }
    update(UserChanges {
        name: Change::Clear,
        email: Change::Clear,
        email_verified: Change::Clear,
        image: Change::Clear,
    });
}

fn either_deletes_users(kind: Kind) {
    let both = Both::new(kind);
    let users = ["ada@example.org", "grace@example.org", "stays@example.org"].map(|email| {
        let user = both.user(email);
        both.store.link_account(user.id, full_account(7)).err();
        both.store
            .link_account(user.id, NewAccount::new("oauth", "github", email))
            .unwrap();
        both.store
            .create_session(NewSession::new(user.id, email, in_an_hour()))
            .unwrap();
        user
    });
    let Both { store, mut js, .. } = both;
    let [by_js, by_rust, stays] = users.map(|user| user.id);

    js.call("deleteUser", &json!([by_js.to_string()]));
    assert!(store.delete_user(by_rust).unwrap());

    for gone in [by_js, by_rust] {
        let id = gone.to_string();
        assert_eq!(store.get_user(gone).unwrap(), None);
        assert_eq!(js.call("getUser", &json!([id])), Value::Null);
        assert_eq!(store.list_accounts_by_user_id(gone).unwrap(), []);
        assert_eq!(store.list_sessions_by_user_id(gone).unwrap(), []);
        for table in ["Account", "Session"] {
            assert_eq!(
                js.call("select", &json!([table, { "userId": id }])),
                json!([])
            );
        }
    }
    assert!(!store.delete_user(by_js).unwrap());
    assert!(
        store
            .get_session_and_user("stays@example.org")
            .unwrap()
            .is_some()
    );
    assert_eq!(store.list_accounts_by_user_id(stays).unwrap().len(), 1);
    assert_ne!(js.call("getUser", &json!([stays.to_string()])), Value::Null);
}

fn authjs_links_accounts(kind: Kind) {
    let both = Both::new(kind);
    let user_id = both.user("ada@example.org").id;
    let Both { store, mut js, .. } = both;
    for number in 0..TEXTS.len().max(INTEGERS.len()) {
        let new = full_account(number);
        let mut expected = account_of(user_id, new);
        js.call("linkAccount", &json!([values::account(&expected)]));
        let found = store
            .get_account(&expected.provider, &expected.provider_account_id)
            .unwrap()
            .expect("the account");
        // Auth.js sends no id, so the database creates one.
        assert_eq!(
            found.id.get_version_num(),
            if kind == Kind::Mysql || kind == Kind::Mariadb {
                1
            } else {
                4
            }
        );
        expected.id = found.id;
        assert_eq!(found, expected);
        assert_eq!(
            store
                .get_user_by_account(&expected.provider, &expected.provider_account_id)
                .unwrap()
                .map(|user| user.id),
            Some(user_id)
        );
    }
    // Auth.js omits fields that the provider did not send.
    let bare = json!([{ "userId": user_id.to_string(), "type": "email", "provider": "email", "providerAccountId": "x" }]);
    js.call("linkAccount", &bare);
    let found = store.get_account("email", "x").unwrap().unwrap();
    let expected = account_of(user_id, NewAccount::new("email", "email", "x"));
    assert_eq!(
        found,
        Account {
            id: found.id,
            ..expected
        }
    );
}

fn account_of(user_id: Uuid, new: NewAccount) -> Account {
    Account {
        id: Uuid::nil(),
        user_id,
        kind: new.kind,
        provider: new.provider,
        provider_account_id: new.provider_account_id,
        refresh_token: new.refresh_token,
        access_token: new.access_token,
        expires_at: new.expires_at,
        token_type: new.token_type,
        scope: new.scope,
        id_token: new.id_token,
        session_state: new.session_state,
        oauth_token_secret: new.oauth_token_secret,
        oauth_token: new.oauth_token,
    }
}

fn authjs_reads_accounts(kind: Kind) {
    let both = Both::new(kind);
    let user_id = both.user("ada@example.org").id;
    let Both { store, mut js, .. } = both;
    let bare = NewAccount::new("credentials", "bare", "bare");
    let accounts = (0..TEXTS.len()).map(full_account).chain([bare]);
    for new in accounts {
        let account = store.link_account(user_id, new).unwrap();
        let key = json!({
            "provider": account.provider,
            "providerAccountId": account.provider_account_id,
        });
        // The adapter itself reads only the user of an account.
        assert_eq!(
            js.call("getUserByAccount", &json!([key]))["id"],
            json!(user_id.to_string())
        );
        let rows = js.call("select", &json!(["Account", key]));
        let [row] = rows.as_array().expect("rows").as_slice() else {
            panic!("one row: {rows}");
        };
        let mut row = row.clone();
        if !row["expires_at"].is_null() {
            row["expires_at"] = bigint(values::integer(&row["expires_at"]));
        }
        let mut expected = values::account(&account);
        expected["id"] = json!(account.id.to_string());
        assert_eq!(row, expected);
    }
}

fn either_unlinks_accounts(kind: Kind) {
    let both = Both::new(kind);
    let user_id = both.user("ada@example.org").id;
    let Both { store, mut js, .. } = both;
    for id in ["1", "01", "1 "] {
        store
            .link_account(user_id, NewAccount::new("oauth", "github", id))
            .unwrap();
    }
    let key = json!([{ "provider": "github", "providerAccountId": "1" }]);
    js.call("unlinkAccount", &key);
    assert_eq!(store.get_account("github", "1").unwrap(), None);
    assert!(store.unlink_account("github", "01").unwrap());
    let key = json!([{ "provider": "github", "providerAccountId": "01" }]);
    assert_eq!(js.call("getUserByAccount", &key), Value::Null);
    let left = store.list_accounts_by_user_id(user_id).unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].provider_account_id, "1 ");
}

fn authjs_opens_sessions(kind: Kind) {
    let both = Both::new(kind);
    let user = both.user("ada@example.org");
    let Both { store, mut js, .. } = both;
    for (number, expires) in TIMES.into_iter().enumerate() {
        let token = format!("{number}-{}", Uuid::new_v4());
        let sent = json!([{ "sessionToken": token, "userId": user.id.to_string(), "expires": date(expires) }]);
        js.call("createSession", &sent);
        let (session, found) = store
            .get_session_and_user(&token)
            .unwrap()
            .expect("a session");
        assert_eq!(
            (session.user_id, session.session_token.as_str()),
            (user.id, token.as_str())
        );
        assert_eq!(session.expires, expires);
        assert_eq!(found, user);

        // Extended by us, and by JavaScript.
        let later = datetime!(2031-03-30 01:30:00.123 UTC);
        let changes = |expires| SessionChanges {
            expires: Some(expires),
            ..SessionChanges::default()
        };
        store
            .update_session(&token, changes(later))
            .unwrap()
            .expect("a session");
        let seen = js.call("getSessionAndUser", &json!([token]));
        assert_eq!(seen["session"]["expires"], date(later));
        let sent = json!([{ "sessionToken": token, "expires": date(expires) }]);
        let updated = js.call("updateSession", &sent);
        assert_eq!(updated["expires"], date(expires));
        assert_eq!(
            store
                .get_session_and_user(&token)
                .unwrap()
                .unwrap()
                .0
                .expires,
            expires
        );

        // If one side ends a session, it does not exist for the other.
        if number % 2 == 0 {
            assert!(store.delete_session(&token).unwrap());
        } else {
            js.call("deleteSession", &json!([token]));
        }
        assert_eq!(store.get_session_and_user(&token).unwrap(), None);
        assert_eq!(js.call("getSessionAndUser", &json!([token])), Value::Null);
    }
}

fn authjs_resolves_sessions(kind: Kind) {
    let both = Both::new(kind);
    let Both { store, mut js, .. } = both;
    for (number, new) in varied_users().into_iter().enumerate() {
        let user = store.create_user(new).unwrap();
        let token = format!("{number} {}", TEXTS[number % TEXTS.len()]);
        let new = NewSession::new(user.id, token.as_str(), TIMES[number % TIMES.len()]);
        let session = store.create_session(new).unwrap();
        let seen = js.call("getSessionAndUser", &json!([token]));
        let expected = json!({ "session": values::session(&session), "user": values::user(&user) });
        assert_eq!(seen, expected);

        let sent =
            json!([{ "sessionToken": token, "expires": date(session.expires + Duration::ZERO) }]);
        assert_eq!(
            js.call("updateSession", &sent)["id"],
            json!(session.id.to_string())
        );
        js.call("deleteSession", &json!([token]));
        assert_eq!(store.get_session_and_user(&token).unwrap(), None);
    }
}

fn authjs_makes_tokens(kind: Kind) {
    let both = Both::new(kind);
    let Both { store, mut js, .. } = both;
    for (token, again) in varied_tokens().into_iter().zip(0..) {
        js.call(
            "createVerificationToken",
            &json!([values::verification_token(&token)]),
        );
        let use_by =
            |identifier: &str, token: &str| store.use_verification_token(identifier, token);
        assert_eq!(use_by("someone else", &token.token).unwrap(), None);
        assert_eq!(
            use_by(&token.identifier, &token.token).unwrap().as_ref(),
            Some(&token)
        );
        assert_eq!(
            use_by(&token.identifier, &token.token).unwrap(),
            None,
            "{again}"
        );
        let key = json!([{ "identifier": token.identifier, "token": token.token }]);
        assert_eq!(js.call("useVerificationToken", &key), Value::Null);
    }
}

fn authjs_uses_tokens(kind: Kind) {
    let both = Both::new(kind);
    let Both { store, mut js, .. } = both;
    for token in varied_tokens() {
        store.create_verification_token(token.clone()).unwrap();
        let wrong = json!([{ "identifier": "someone else", "token": token.token }]);
        assert_eq!(js.call("useVerificationToken", &wrong), Value::Null);
        let key = json!([{ "identifier": token.identifier, "token": token.token }]);
        assert_eq!(
            js.call("useVerificationToken", &key),
            values::verification_token(&token)
        );
        assert_eq!(js.call("useVerificationToken", &key), Value::Null);
        assert_eq!(
            store
                .use_verification_token(&token.identifier, &token.token)
                .unwrap(),
            None
        );
    }
}

fn varied_tokens() -> Vec<VerificationToken> {
    (0..TEXTS.len())
        .map(|number| {
            let text = TEXTS[number];
            let expires = TIMES[number % TIMES.len()];
            VerificationToken::new(
                format!("{text}@example.org"),
                format!("{number} {text}"),
                expires,
            )
        })
        .collect()
}

fn both_agree_on_missing_rows(kind: Kind) {
    let both = Both::new(kind);
    let Both { store, mut js, .. } = both;
    let id = Uuid::new_v4();
    let key = json!([{ "provider": "github", "providerAccountId": "1" }]);
    let token = json!([{ "identifier": "a", "token": "b" }]);
    assert_eq!(js.call("getUser", &json!([id.to_string()])), Value::Null);
    assert_eq!(store.get_user(id).unwrap(), None);
    assert_eq!(
        js.call("getUserByEmail", &json!(["a@example.org"])),
        Value::Null
    );
    assert_eq!(store.get_user_by_email("a@example.org").unwrap(), None);
    assert_eq!(js.call("getUserByAccount", &key), Value::Null);
    assert_eq!(store.get_user_by_account("github", "1").unwrap(), None);
    assert_eq!(js.call("getSessionAndUser", &json!(["s"])), Value::Null);
    assert_eq!(store.get_session_and_user("s").unwrap(), None);
    assert_eq!(js.call("useVerificationToken", &token), Value::Null);
    assert_eq!(store.use_verification_token("a", "b").unwrap(), None);
    // These three return nothing in JavaScript, and false here.
    js.call("deleteUser", &json!([id.to_string()]));
    assert!(!store.delete_user(id).unwrap());
    js.call("unlinkAccount", &key);
    assert!(!store.unlink_account("github", "1").unwrap());
    js.call("deleteSession", &json!(["s"]));
    assert!(!store.delete_session("s").unwrap());
    // These throw there, contrary to the adapter's interface.
    let session = json!([{ "sessionToken": "s", "expires": date(TIMES[4]) }]);
    js.try_call("updateSession", &session).unwrap_err();
    assert_eq!(
        store
            .update_session("s", SessionChanges::default())
            .unwrap(),
        None
    );
    js.try_call(
        "updateUser",
        &json!([{ "id": id.to_string(), "name": "x" }]),
    )
    .unwrap_err();
    assert!(matches!(
        store.update_user(id, UserChanges::default()),
        Err(Error::NotFound { .. })
    ));
}

fn both_hit_the_same_unique_constraints(kind: Kind) {
    let both = Both::new(kind);
    let user = both.user("ada@example.org");
    let Both { store, mut js, .. } = both;
    let user_id = user.id.to_string();
    let refused = |outcome: Result<Value, String>| {
        outcome.expect_err("a conflict");
    };
    let conflict = |outcome: authstore::Result<()>, expected: Constraint| match outcome {
        Err(Error::Conflict { constraint }) => assert_eq!(constraint, expected),
        other => panic!("{other:?}"),
    };

    refused(js.try_call("createUser", &json!([{ "email": "ada@example.org" }])));
    js.call("createUser", &json!([{ "email": "grace@example.org" }]));
    let taken = NewUser {
        email: Some("grace@example.org".into()),
        ..NewUser::default()
    };
    conflict(store.create_user(taken).map(drop), Constraint::UserEmail);

    let account = |id: &str| json!([{ "userId": user_id, "type": "oauth", "provider": "github", "providerAccountId": id }]);
    store
        .link_account(user.id, NewAccount::new("oauth", "github", "1"))
        .unwrap();
    refused(js.try_call("linkAccount", &account("1")));
    js.call("linkAccount", &account("2"));
    let taken = NewAccount::new("oauth", "github", "2");
    conflict(
        store.link_account(user.id, taken).map(drop),
        Constraint::ProviderAccount,
    );

    let session = |token: &str| json!([{ "sessionToken": token, "userId": user_id, "expires": date(TIMES[4]) }]);
    store
        .create_session(NewSession::new(user.id, "1", TIMES[4]))
        .unwrap();
    refused(js.try_call("createSession", &session("1")));
    js.call("createSession", &session("2"));
    let taken = NewSession::new(user.id, "2", TIMES[4]);
    conflict(
        store.create_session(taken).map(drop),
        Constraint::SessionToken,
    );

    let token = |token: &str| VerificationToken::new("ada@example.org", token, TIMES[4]);
    store.create_verification_token(token("1")).unwrap();
    refused(js.try_call(
        "createVerificationToken",
        &json!([values::verification_token(&token("1"))]),
    ));
    js.call(
        "createVerificationToken",
        &json!([values::verification_token(&token("2"))]),
    );
    conflict(
        store.create_verification_token(token("2")).map(drop),
        Constraint::VerificationToken,
    );

    // Both reject a user that does not exist.
    let nobody = Uuid::new_v4();
    let lost =
        json!([{ "sessionToken": "3", "userId": nobody.to_string(), "expires": date(TIMES[4]) }]);
    refused(js.try_call("createSession", &lost));
    assert!(matches!(
        store.create_session(NewSession::new(nobody, "3", TIMES[4])),
        Err(Error::NotFound { .. })
    ));
}

/// The schema compares keys bytewise, for JavaScript too.
fn both_compare_keys_bytewise(kind: Kind) {
    let both = Both::new(kind);
    let Both { store, mut js, .. } = both;
    let emails = [
        "ada@x.org",
        "Ada@x.org",
        "ada@x.org ",
        " ada@x.org",
        "äda@x.org",
        "a\u{308}da@x.org",
        "strasse@x.org",
        "straße@x.org",
        "123",
        "0123",
        "1e5",
    ];
    for email in emails {
        js.call("createUser", &json!([{ "email": email, "name": email }]));
    }
    for email in emails {
        let rust = store.get_user_by_email(email).unwrap().expect(email);
        let js = js.call("getUserByEmail", &json!([email]));
        assert_eq!(rust.name.as_deref(), Some(email));
        assert_eq!(js, values::user(&rust));
    }
}

/// On SQLite, the adapter treats every string that it can parse as a time as one. The name is stored unchanged.
fn name_like_a_time_stays_a_string(kind: Kind) {
    const NAME: &str = "2024-01-01T00:00:00Z";
    let both = Both::new(kind);
    let Both { store, mut js, .. } = both;
    let sent = json!([{ "name": NAME, "email": "ada@example.org" }]);
    let id: Uuid = js.call("createUser", &sent)["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let user = store.get_user(id).unwrap().unwrap();
    assert_eq!(user.name.as_deref(), Some(NAME));
    assert_eq!(user.email_verified, None);
    let changes = UserChanges {
        name: Change::set(NAME),
        image: Change::set("2024-01-01T00:00:00.000Z"),
        ..UserChanges::default()
    };
    let user = store.update_user(id, changes).unwrap();
    assert_eq!(store.get_user(id).unwrap(), Some(user.clone()));
    let seen = js.call("getUser", &json!([id.to_string()]));
    if kind == Kind::SqliteFile {
        assert_eq!(seen["name"], date(datetime!(2024-01-01 00:00:00 UTC)));
    } else {
        assert_eq!(seen, values::user(&user));
    }
}

/// The adapter has no operation for them; an application reads and writes the table itself.
fn authenticators_are_read_by_both(kind: Kind) {
    let both = Both::new(kind);
    let user = both.user("ada@example.org");
    let Both { store, mut js, .. } = both;
    for (number, counter) in [0, 1, 9_007_199_254_740_993, i64::MAX]
        .into_iter()
        .enumerate()
    {
        let backed_up = number % 2 == 0;
        let transports = [None, Some("usb,nfc"), Some("")][number % 3];
        let by_rust = Authenticator {
            credential_id: format!("rust-{number}"),
            user_id: user.id,
            provider_account_id: format!("rust-{number}"),
            credential_public_key: "pQECAyYgASFYIA".into(),
            counter,
            credential_device_type: "multiDevice".into(),
            credential_backed_up: backed_up,
            transports: transports.map(str::to_owned),
        };
        store.create_authenticator(by_rust.clone()).unwrap();
        let rows = js.call(
            "select",
            &json!(["Authenticator", { "credentialID": by_rust.credential_id }]),
        );
        let row = &rows[0];
        assert_eq!(row["userId"], json!(user.id.to_string()));
        assert_eq!(values::integer(&row["counter"]), counter);
        assert_eq!(row["transports"], json!(transports));
        let backed_up_there = match &row["credentialBackedUp"] {
            Value::Bool(bool) => *bool,
            other => values::integer(other) == 1,
        };
        assert_eq!(backed_up_there, backed_up);

        let by_js = Authenticator {
            credential_id: format!("js-{number}"),
            provider_account_id: format!("js-{number}"),
            ..by_rust
        };
        let backed_up_there = match kind {
            // better-sqlite3 does not accept booleans.
            Kind::SqliteFile => json!(i32::from(backed_up)),
            _ => json!(backed_up),
        };
        let row = json!({
            "credentialID": by_js.credential_id,
            "userId": user.id.to_string(),
            "providerAccountId": by_js.provider_account_id,
            "credentialPublicKey": by_js.credential_public_key,
            "counter": bigint(counter),
            "credentialDeviceType": by_js.credential_device_type,
            "credentialBackedUp": backed_up_there,
            "transports": by_js.transports,
        });
        js.call("insert", &json!(["Authenticator", row]));
        assert_eq!(
            store.get_authenticator(&by_js.credential_id).unwrap(),
            Some(by_js)
        );
    }
}
