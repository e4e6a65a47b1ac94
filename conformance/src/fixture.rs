//! Rows that the checks start from. Every field of every row has a different value, so that swapped values are noticed.

use authstore::{
    Account, AuthStore, Authenticator, AuthenticatorDetails, AuthenticatorDetailsChanges,
    Challenge, Change, NewAccount, NewSession, NewUser, Session, SessionChanges, SessionDetails,
    SessionDetailsChanges, User, VerificationToken,
};
use std::sync::LazyLock;

use time::{Duration, OffsetDateTime};

use crate::call::Call;
use crate::failure::Verdict;
use crate::show::Show;
pub(crate) use crate::values::{at, id};

/// How long the suite's rows are live, from when it begins. Longer than it runs, as a soak too.
pub(crate) const LIVE: Duration = Duration::days(2);

/// Returns the time this many milliseconds after the suite's zero, at the end of [`LIVE`]. A row that expires then is
/// live by any clock, so caches of live sessions and storages that expire rows automatically are tested.
pub(crate) fn millis(number: i64) -> OffsetDateTime {
    static ZERO: LazyLock<i64> = LazyLock::new(|| {
        let live = OffsetDateTime::now_utc() + LIVE;
        live.unix_timestamp() * 1_000
    });
    since_1970(*ZERO + number)
}

/// Moves a time into one of three eras: live, far in the future, or long expired.
pub(crate) fn in_era(era: u64, time: OffsetDateTime) -> OffsetDateTime {
    match era % 3 {
        0 => time,
        1 => time + Duration::days(50 * 365),
        _ => time - Duration::days(365),
    }
}

/// Returns the time this many milliseconds after the beginning of 1970.
pub(crate) fn since_1970(milliseconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000)
        .expect("the suite's times are in range")
}

/// A time of the row with this number, to the millisecond.
fn time_of(number: u128) -> OffsetDateTime {
    let number = i64::try_from(number).expect("the suite's numbers are small");
    in_era(number.unsigned_abs(), millis(number * 1_001))
}

/// Numbers of ids that differ from the first in each single bit.
pub(crate) fn a_bit_apart() -> impl Iterator<Item = u128> {
    const FIRST: u128 = 0x1234_5678_9abc_4def_8123_4567_89ab_cdef;
    std::iter::once(FIRST).chain((0..128).map(|bit| FIRST ^ (1 << bit)))
}

/// The numbers below this one, which is no multiple of 7,919, in an order that is neither ascending nor descending.
pub(crate) fn shuffled(count: u32) -> impl Iterator<Item = u128> {
    (0..u128::from(count)).map(move |number| number * 7_919 % u128::from(count))
}

/// A user with every field.
pub(crate) fn full_user(number: u128) -> NewUser {
    NewUser {
        id: Some(id(number)),
        name: Some(format!("name {number}")),
        email: Some(format!("user-{number}@example.org")),
        email_verified: Some(time_of(number)),
        image: Some(format!("https://example.org/{number}.png")),
    }
}

/// A user with only an id.
pub(crate) fn bare_user(number: u128) -> NewUser {
    NewUser {
        id: Some(id(number)),
        ..NewUser::default()
    }
}

/// A user with an id and an email address.
pub(crate) fn user_with_email(number: u128, email: &str) -> NewUser {
    NewUser {
        email: Some(email.to_owned()),
        ..bare_user(number)
    }
}

/// An account with every field. Its id is 1,000 more than its number.
pub(crate) fn full_account(number: u128) -> NewAccount {
    let text = |field: &str| Some(format!("{field} {number}"));
    NewAccount {
        refresh_token: text("refresh_token"),
        access_token: text("access_token"),
        expires_at: Some(i64::try_from(number).expect("the suite's numbers are small") + 86_400),
        token_type: text("token_type"),
        scope: text("scope"),
        id_token: text("id_token"),
        session_state: text("session_state"),
        oauth_token_secret: text("oauth_token_secret"),
        oauth_token: text("oauth_token"),
        ..bare_account(number)
    }
}

/// An account with only the required fields.
pub(crate) fn bare_account(number: u128) -> NewAccount {
    NewAccount {
        id: Some(id(1_000 + number)),
        ..NewAccount::new(
            format!("type {number}"),
            format!("provider {number}"),
            format!("account {number}"),
        )
    }
}

/// Kinds of accounts that are ways to sign in: those of Auth.js, and some that only look like `webauthn`, which is none.
pub(crate) const KINDS: [&str; 9] = [
    "oauth",
    "oidc",
    "email",
    "credentials",
    "WebAuthn",
    "WEBAUTHN",
    "webauthn ",
    "web",
    "webauthn2",
];

/// An account at this provider.
pub(crate) fn account_at(number: u128, provider: &str, provider_account_id: &str) -> NewAccount {
    NewAccount {
        id: Some(id(1_000 + number)),
        ..NewAccount::new("oauth", provider, provider_account_id)
    }
}

/// An account of this kind.
pub(crate) fn account_of_kind(
    number: u128,
    kind: &str,
    provider: &str,
    provider_account_id: &str,
) -> NewAccount {
    NewAccount {
        kind: kind.to_owned(),
        ..account_at(number, provider, provider_account_id)
    }
}

/// A session of a user. Its id is 2,000 more than its number.
pub(crate) fn session(number: u128, user: u128) -> NewSession {
    session_with_token(number, user, &format!("session {number}"))
}

/// A session with this token.
pub(crate) fn session_with_token(number: u128, user: u128, token: &str) -> NewSession {
    NewSession {
        id: Some(id(2_000 + number)),
        ..NewSession::new(id(user), token, time_of(number))
    }
}

/// A session with this expiry.
pub(crate) fn session_until(number: u128, user: u128, expires: OffsetDateTime) -> NewSession {
    NewSession {
        expires,
        ..session(number, user)
    }
}

/// A verification token.
pub(crate) fn token(number: u128) -> VerificationToken {
    token_until(number, time_of(number))
}

/// A verification token with this expiry.
pub(crate) fn token_until(number: u128, expires: OffsetDateTime) -> VerificationToken {
    VerificationToken::new(
        format!("person-{number}@example.org"),
        format!("token {number}"),
        expires,
    )
}

/// A challenge with this expiry.
pub(crate) fn challenge_until(number: u128, expires: OffsetDateTime) -> Challenge {
    Challenge::new(
        format!("challenge {number}"),
        format!("payload {number}"),
        expires,
    )
}

/// The call that gives a session another token.
pub(crate) fn rotation(from: &str, to: &str) -> Call {
    let changes = SessionChanges {
        session_token: Some(to.to_owned()),
        ..Default::default()
    };
    Call::UpdateSession(from.to_owned(), changes)
}

/// Changes that set every detail of a session.
pub(crate) fn full_session_details(number: u128) -> SessionDetailsChanges {
    SessionDetailsChanges {
        began: Change::Set(time_of(number)),
        last_seen: Change::Set(time_of(number + 1)),
        ip: Change::Set(format!("2001:db8::{number}")),
        user_agent: Change::Set(format!("user agent {number}")),
    }
}

/// Changes that set every detail of a passkey.
pub(crate) fn full_authenticator_details(number: u128) -> AuthenticatorDetailsChanges {
    AuthenticatorDetailsChanges {
        name: Change::Set(format!("name of passkey {number}")),
        created: Change::Set(time_of(number)),
        last_used: Change::Set(time_of(number + 1)),
    }
}

/// A passkey of a user, with every field.
pub(crate) fn authenticator(number: u128, user: u128) -> Authenticator {
    Authenticator {
        credential_id: format!("credential-{number}"),
        user_id: id(user),
        provider_account_id: format!("account {number}"),
        credential_public_key: format!("public key {number}"),
        counter: i64::try_from(number).expect("the suite's numbers are small") + 7,
        credential_device_type: format!("device type {number}"),
        credential_backed_up: number % 2 == 1,
        transports: Some(format!("transports {number}")),
    }
}

/// A passkey with this credential id.
pub(crate) fn authenticator_with_id(
    number: u128,
    user: u128,
    credential_id: &str,
) -> Authenticator {
    Authenticator {
        credential_id: credential_id.to_owned(),
        ..authenticator(number, user)
    }
}

/// Three users, each with two accounts, two sessions and two passkeys with their details, numbered 11 and 12 for user
/// 1, and so on.
pub(crate) fn populate(store: &AuthStore) -> Verdict {
    for call in population(1..=3) {
        call.on_store(store)?;
    }
    Ok(())
}

/// The calls of [`populate`], for users with these numbers.
pub(crate) fn population(users: impl IntoIterator<Item = u128>) -> Vec<Call> {
    let mut calls = Vec::new();
    for user in users {
        calls.push(Call::CreateUser(full_user(user)));
        for number in [user * 10 + 1, user * 10 + 2] {
            calls.extend([
                Call::LinkAccount(id(user), full_account(number)),
                Call::CreateSession(session(number, user)),
                Call::UpdateSessionDetails(id(2_000 + number), full_session_details(number)),
                Call::CreateAuthenticator(authenticator(number, user)),
                Call::UpdateAuthenticatorDetails(
                    id(user),
                    authenticator(number, user).credential_id,
                    full_authenticator_details(number),
                ),
            ]);
        }
    }
    calls
}

/// The rows of some users, and all rows that refer to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct World {
    users: Vec<User>,
    accounts: Vec<Account>,
    sessions: Vec<Session>,
    /// In the order of the sessions; the default if there are none.
    session_details: Vec<SessionDetails>,
    authenticators: Vec<Authenticator>,
    /// In the order of the authenticators; the default if there are none.
    authenticator_details: Vec<AuthenticatorDetails>,
}

/// Reads the rows of the users with these numbers.
pub(crate) fn look(
    store: &AuthStore,
    users: impl IntoIterator<Item = u128>,
) -> authstore::Result<World> {
    let mut world = World {
        users: Vec::new(),
        accounts: Vec::new(),
        sessions: Vec::new(),
        session_details: Vec::new(),
        authenticators: Vec::new(),
        authenticator_details: Vec::new(),
    };
    for user in users {
        world.users.extend(store.get_user(id(user))?);
        world
            .accounts
            .extend(store.list_accounts_by_user_id(id(user))?);
        for (session, details) in store.list_sessions_with_details_by_user_id(id(user))? {
            world.sessions.push(session);
            world.session_details.push(details);
        }
        for (authenticator, details) in
            store.list_authenticators_with_details_by_user_id(id(user))?
        {
            world.authenticators.push(authenticator);
            world.authenticator_details.push(details);
        }
    }
    Ok(world)
}

impl World {
    /// Returns true if each table has either the same rows as then, or none.
    pub(crate) fn is_what_is_left_of(&self, then: &World) -> bool {
        fn left<T: PartialEq>(now: &[T], then: &[T]) -> bool {
            now.is_empty() || now == then
        }
        fn details_left<T: PartialEq + Default>(now: &[T], then: &[T]) -> bool {
            now.iter().all(|details| *details == T::default()) || now == then
        }
        left(&self.users, &then.users)
            && left(&self.accounts, &then.accounts)
            && left(&self.sessions, &then.sessions)
            && details_left(&self.session_details, &then.session_details)
            && left(&self.authenticators, &then.authenticators)
            && details_left(&self.authenticator_details, &then.authenticator_details)
    }

    pub(crate) fn has_users(&self) -> bool {
        !self.users.is_empty()
    }

    /// Returns true if there are no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.users.is_empty()
            && self.accounts.is_empty()
            && self.sessions.is_empty()
            && self.authenticators.is_empty()
    }
}

impl Show for World {
    fn show(&self) -> String {
        format!(
            "users {}\naccounts {}\nsessions {}\ntheir details {}\nauthenticators {}\ntheir details {}",
            self.users.show(),
            self.accounts.show(),
            self.sessions.show(),
            self.session_details.show(),
            self.authenticators.show(),
            self.authenticator_details.show()
        )
    }
}
