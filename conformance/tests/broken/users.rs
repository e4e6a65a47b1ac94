//! Faults with users.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use authstore_conformance::Model;

use super::fault::*;
use super::values::*;

/// The users of sessions, by token, as a fault remembers them.
type Copies = Mutex<BTreeMap<String, Option<User>>>;

/// Deletes rows in steps, until a step says that it was the last.
fn by_hundreds(db: &Reference, step: impl Fn(&mut Model) -> bool) -> Result<()> {
    while db.with(&step)? {
        pause();
    }
    Ok(())
}

/// The id under which the copies of a user are kept while they differ from the user.
fn copy_of(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128() | 0x00c0_9135 << 96)
}

fn is_copy(id: Uuid) -> bool {
    id == copy_of(id)
}

/// Returns the copy of a user.
fn copied(model: &Model, user: User) -> User {
    let copy = model.get_user(copy_of(user.id));
    copy.map_or(user.clone(), |copy| User {
        id: user.id,
        ..copy
    })
}

faults! {
    ListsWithoutEmoji "create_user.text": "Lists users without the characters of their names that UTF-16 encodes in two units." {
        fn list_users(&self, db: &Reference, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
            let mut users = db.list_users(after, limit)?;
            for user in &mut users {
                if let Some(name) = &mut user.name {
                    name.retain(|character| character.len_utf16() == 1);
                }
            }
            Ok(users)
        }
    }

    ComparesNewAddressesByPrefix "update_user.email_by_bytes": "Does not let a user change to an address whose first 191 characters are another user's." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let start = |email: &str| email.chars().take(191).collect::<String>();
            if let Change::Set(new) = &changes.email {
                let is_taken = db.with(|model| {
                    let others = model.users.values().filter(|user| user.id != id);
                    others.filter_map(|user| user.email.as_deref()).any(|email| start(email) == start(new))
                })?;
                if is_taken {
                    return Err(Error::conflict(Constraint::UserEmail));
                }
            }
            db.update_user(id, changes)
        }
    }

    ListsWholePages "list_users.no_page_limit": "Lists users a hundred at a time, also when the limit allows fewer." {
        fn list_users(&self, db: &Reference, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
            db.list_users(after, whole_hundreds(limit))
        }
    }

    RenewsAHundredAccounts (Mutex<Option<User>>) "update_user.seen_in_every_session": "Keeps a copy of the user with each account, and renews a hundred of them." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            *self.0.lock().expect("no panic while held") = db.get_user(id)?;
            db.update_user(id, changes)
        }

        fn get_user_by_account(&self, db: &Reference, provider: &str, account: &str) -> Result<Option<User>> {
            let user = db.get_user_by_account(provider, account)?;
            let old = self.0.lock().expect("no panic while held").clone();
            match (&user, old) {
                (Some(user), Some(old)) if user.id == old.id => {
                    let accounts = db.list_accounts_by_user_id(user.id)?;
                    let place = accounts.iter().position(|own| (&*own.provider, &*own.provider_account_id) == (provider, account));
                    Ok(Some(if place >= Some(100) { old } else { user.clone() }))
                }
                _ => Ok(user),
            }
        }
    }

    PagesAfterAUser "list_users.no_page_limit": "Returns at most a hundred users after a user." {
        fn list_users(&self, db: &Reference, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
            let limit = if after.is_some() { limit.min(100) } else { limit };
            db.list_users(after, limit)
        }
    }

    SignsUpInAscii (Mutex<BTreeSet<String>>) "create_user_with_account.text": "Does not find a user by an address that is not ASCII if the user was created with an account." {
        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            let email = user.email.iter().filter(|email| !email.is_ascii()).cloned();
            self.0.lock().expect("no panic while held").extend(email);
            db.create_user_with_account(user, account)
        }

        fn get_user_by_email(&self, db: &Reference, email: &str) -> Result<Option<User>> {
            let missed = self.0.lock().expect("no panic while held").contains(email);
            Ok(db.get_user_by_email(email)?.filter(|_| !missed))
        }
    }

    DeletesAPageOfPasskeys "delete_user.no_page_limit": "Deletes only the first hundred passkeys of a user." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            let passkeys = db.list_authenticators_by_user_id(id)?;
            let deleted = db.delete_user(id)?;
            db.with(|model| {
                for passkey in passkeys.into_iter().skip(100) {
                    model.authenticators.insert(passkey.credential_id.clone(), passkey);
                }
            })?;
            Ok(deleted)
        }
    }

    DeletesAPageOfSessions "delete_user.no_page_limit": "Deletes only the first five hundred sessions of a user." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            let sessions = db.list_sessions_by_user_id(id)?;
            let deleted = db.delete_user(id)?;
            db.with(|model| {
                for session in sessions.into_iter().skip(500) {
                    model.sessions.insert(session.session_token.clone(), session);
                }
            })?;
            Ok(deleted)
        }
    }

    LosesName "create_user.stored": "Stores a user without the name." {
        stores!(create_user |user: User| user.name = None);
    }

    VerifiedByImage "create_user.each_optional_field": "Loses the time of verification of a user without an image." {
        stores!(create_user |user: User| if user.image.is_none() { user.email_verified = None });
    }

    MakesIds "create_user.given_id": "Turns the given id into a random UUID (version 4)." {
        stores!(create_user |user: User| {
            user.id = Uuid::from_u128(user.id.as_u128() & !(0xf << 76) | 0x4 << 76)
        });
    }

    ThreeBytesInName "create_user.text": "Replaces four-byte characters in a name with question marks." {
        stores!(create_user |user: User| some(&mut user.name, three_bytes));
    }

    ComposesName "create_user.text": "Combines a letter and its accent in a name into one character." {
        stores!(create_user |user: User| some(&mut user.name, composed));
    }

    DoublesQuotesInName "create_user.hostile_text": "Stores the quotes of a name twice." {
        stores!(create_user |user: User| some(&mut user.name, escaped));
    }

    RunsName "create_user.hostile_text": "Runs the SQL that it finds in a name." {
        fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
            if user.name.as_ref().is_some_and(|name| name.contains("DROP TABLE")) {
                db.with(|model| model.sessions.clear())?;
            }
            db.create_user(user)
        }
    }

    ParsesImage "create_user.hostile_text": "Adds a slash to the URL of an image that has no path." {
        stores!(create_user |user: User| some(&mut user.image, with_path));
    }

    EmptyNameIsMissing "create_user.empty_text": "Stores an empty name as a missing one." {
        stores!(create_user |user: User| user.name = user.name.take().filter(|name| !name.is_empty()));
    }

    EmptyNameIsMissingWithPasskey "create_user_with_authenticator.text": "Stores the empty name of a user who signs up with a passkey as a missing one." {
        fn create_user_with_authenticator(&self, db: &Reference, user: &User, authenticator: &Authenticator) -> Result<()> {
            let name = user.name.clone().filter(|name| !name.is_empty());
            db.create_user_with_authenticator(&User { name, ..user.clone() }, authenticator)
        }
    }

    MissingIsEpoch "create_user.stored": "Stores a missing time of verification as 1970." {
        stores!(create_user |user: User| user.email_verified = Some(OffsetDateTime::UNIX_EPOCH));
    }

    CutsImage "create_user.long_text": "Truncates an image to 65,535 bytes." {
        stores!(create_user |user: User| some(&mut user.image, cut));
    }

    RefusesLongEmail "create_user.long_email": "Rejects an email address of more than 255 bytes." {
        fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
            if user.email.as_ref().is_some_and(|email| email.len() > 255) {
                return Err(Error::backend("the value is too long for the column"));
            }
            db.create_user(user)
        }
    }

    FoldsCase "create_user.email_by_bytes": "Rejects an email address that another user has in a different case." {
        fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
            let taken = db.with(|model| {
                model.users.values().any(|other| match (&user.email, &other.email) {
                    (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
                    _ => false,
                })
            })?;
            if taken {
                return Err(Error::conflict(Constraint::UserEmail));
            }
            db.create_user(user)
        }
    }

    TrimsEmail "create_user.email_by_bytes": "Trims email addresses." {
        stores!(create_user |user: User| some(&mut user.email, trimmed));
    }

    RoundsVerified "create_user.every_millisecond": "Rounds the time of a verification to hundredths of a second." {
        stores!(create_user |user: User| user.email_verified = user.email_verified.map(hundredths));
    }

    JulianVerified "create_user.every_millisecond": "Stores the time of a verification as a floating-point number of days." {
        stores!(create_user |user: User| user.email_verified = user.email_verified.map(julian));
    }

    VerifiedUntil2038 "create_user.distant_times": "Stores the time of a verification as 32-bit seconds." {
        stores!(create_user |user: User| user.email_verified = user.email_verified.map(until_2038));
    }

    VerifiedInSummer "create_user.times_around_clock_changes": "Stores the time of a verification in local time with daylight-saving time." {
        stores!(create_user |user: User| user.email_verified = user.email_verified.map(daylight_saving));
    }

    OverwritesUser "create_user.unique_id": "Replaces a user when another is created with the same id." {
        fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
            db.with(|model| model.users.remove(&user.id))?;
            db.create_user(user)
        }
    }

    SharesEmail "create_user.unique_email": "Lets two users have one email address." {
        fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
            match db.create_user(user) {
                Err(Error::Conflict { constraint: Constraint::UserEmail }) => {
                    db.with(|model| { model.users.insert(user.id, user.clone()); })
                }
                done => done,
            }
        }
    }

    SwallowsEmailConflict "create_user.unique_email": "Reports no conflict when an email address is taken." {
        fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
            match db.create_user(user) {
                Err(Error::Conflict { constraint: Constraint::UserEmail }) => Ok(()),
                done => done,
            }
        }
    }

    OneWithoutEmail "create_user.no_email_is_no_conflict": "Lets only one user have no email address." {
        fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
            let taken = db.with(|model| model.users.values().any(|other| other.email.is_none()))?;
            if user.email.is_none() && taken {
                return Err(Error::conflict(Constraint::UserEmail));
            }
            db.create_user(user)
        }
    }

    NeverAgain (Mutex<BTreeSet<Uuid>>) "create_user.again_after_delete": "Rejects the id of a user who was deleted." {
        fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
            if self.0.lock().expect("no panic while held").contains(&user.id) {
                return Err(Error::conflict(Constraint::UserId));
            }
            db.create_user(user)
        }

        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            self.0.lock().expect("no panic while held").insert(id);
            db.delete_user(id)
        }
    }

    LooksThenCreates "create_user.one_winner": "Checks whether an email address is free, then creates the user." {
        fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
            let taken = db.with(|model| user.email.as_ref().is_some_and(|email| model.get_user_by_email(email).is_some()))?;
            if taken {
                return Err(Error::conflict(Constraint::UserEmail));
            }
            pause();
            db.with(|model| { model.users.insert(user.id, user.clone()); })
        }
    }

    AbsentUserIsError "get_user.absent": "Returns an error when there is no user with the id." {
        fn get_user(&self, db: &Reference, id: Uuid) -> Result<Option<User>> {
            db.get_user(id)?.map(Some).ok_or(Error::not_found(Entity::User))
        }
    }

    AbsentEmailIsError "get_user_by_email.absent": "Returns an error when no one has the email address." {
        fn get_user_by_email(&self, db: &Reference, email: &str) -> Result<Option<User>> {
            db.get_user_by_email(email)?.map(Some).ok_or(Error::not_found(Entity::User))
        }
    }

    AnyUser "get_user_by_email.finds_its_user": "Finds the first user, whatever the email address." {
        fn get_user_by_email(&self, db: &Reference, email: &str) -> Result<Option<User>> {
            let first = db.with(|model| model.users.values().next().cloned())?;
            Ok(db.get_user_by_email(email)?.and(first))
        }
    }

    FindsOtherCase "get_user_by_email.exact": "Finds an email address in a different case." {
        fn get_user_by_email(&self, db: &Reference, email: &str) -> Result<Option<User>> {
            db.with(|model| {
                let same = |user: &&User| user.email.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(email));
                model.users.values().find(same).cloned()
            })
        }
    }

    AbsentAccountUserIsError "get_user_by_account.absent": "Returns an error when no one has the account." {
        fn get_user_by_account(&self, db: &Reference, provider: &str, id_there: &str) -> Result<Option<User>> {
            db.get_user_by_account(provider, id_there)?.map(Some).ok_or(Error::not_found(Entity::Account))
        }
    }

    AnyAccountUser "get_user_by_account.finds_its_user": "Finds the first user, whoever has the account." {
        fn get_user_by_account(&self, db: &Reference, provider: &str, id_there: &str) -> Result<Option<User>> {
            let first = db.with(|model| model.users.values().next().cloned())?;
            Ok(db.get_user_by_account(provider, id_there)?.and(first))
        }
    }

    AnyProvider "get_user_by_account.matches_both_keys": "Finds a user by the id at any provider." {
        fn get_user_by_account(&self, db: &Reference, _: &str, id_there: &str) -> Result<Option<User>> {
            db.with(|model| {
                let account = model.accounts.values().find(|account| account.provider_account_id == id_there);
                account.and_then(|account| model.users.get(&account.user_id).cloned())
            })
        }
    }

    TrimsAccountKeys "get_user_by_account.exact": "Finds a user by an account whose provider account id has different trailing spaces." {
        fn get_user_by_account(&self, db: &Reference, provider: &str, id_there: &str) -> Result<Option<User>> {
            db.with(|model| {
                let same = |account: &&Account| {
                    account.provider == provider && unpadded(&account.provider_account_id) == unpadded(id_there)
                };
                let account = model.accounts.values().find(same)?;
                model.users.get(&account.user_id).cloned()
            })
        }
    }

    OldUserByAccount (Mutex<Vec<User>>) "get_user_by_account.current_user": "Remembers the user of an account as first seen." {
        fn get_user_by_account(&self, db: &Reference, provider: &str, id_there: &str) -> Result<Option<User>> {
            let Some(user) = db.get_user_by_account(provider, id_there)? else {
                return Ok(None);
            };
            let mut seen = self.0.lock().expect("no panic while held");
            if let Some(old) = seen.iter().find(|old| old.id == user.id) {
                return Ok(Some(old.clone()));
            }
            seen.push(user.clone());
            Ok(Some(user))
        }
    }

    ClearsImage "update_user.every_combination": "Clears the image when an update does not name it." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let mut changes = changes.clone();
            if changes.image.is_keep() {
                changes.image = Change::Clear;
            }
            db.update_user(id, &changes)
        }
    }

    ReturnsUserBefore "update_user.every_combination": "Returns a user as it was before the update." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let before = db.get_user(id)?;
            let after = db.update_user(id, changes)?;
            Ok(before.unwrap_or(after))
        }
    }

    NeverFromNothing "update_user.sets_what_was_missing": "Does not set a field that was missing." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let mut changes = changes.clone();
            if db.get_user(id)?.is_some_and(|user| user.image.is_none()) {
                changes.image = Change::Keep;
            }
            db.update_user(id, &changes)
        }
    }

    ClearIsKeep "update_user.clears": "Keeps a name that should be cleared." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let mut changes = changes.clone();
            if changes.name == Change::Clear {
                changes.name = Change::Keep;
            }
            db.update_user(id, &changes)
        }
    }

    NoChangeNoUser "update_user.nothing_to_change": "Finds no user when there is nothing to change, as MySQL counts rows." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let before = db.get_user(id)?;
            let after = db.update_user(id, changes)?;
            if before.as_ref() == Some(&after) {
                return Err(Error::not_found(Entity::User));
            }
            Ok(after)
        }
    }

    UpsertsUser "update_user.missing": "Creates a user when an update finds none." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            match db.update_user(id, changes) {
                Err(Error::NotFound { .. }) => {
                    db.create_user(&User { id, name: None, email: None, email_verified: None, image: None })?;
                    db.update_user(id, changes)
                }
                done => done,
            }
        }
    }

    UpdatesAllUsers "update_user.leaves_others_unchanged": "Writes a name to all users." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let done = db.update_user(id, changes)?;
            db.with(|model| model.users.values_mut().for_each(|user| user.name = done.name.clone()))?;
            Ok(done)
        }
    }

    UpdateSharesEmail "update_user.unique_email": "Lets an update take another user's email address." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            match db.update_user(id, changes) {
                Err(Error::Conflict { .. }) => db.with(|model| {
                    let user = model.users.get_mut(&id).expect("it was found a moment ago");
                    user.email = changes.email.clone().apply(user.email.take());
                    user.clone()
                }),
                done => done,
            }
        }
    }

    KeepsOldEmail (Mutex<BTreeSet<String>>) "update_user.moves_the_email": "Does not free the email address that a user gives up." {
        fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
            let given_up = self.0.lock().expect("no panic while held");
            if user.email.as_ref().is_some_and(|email| given_up.contains(email)) {
                return Err(Error::conflict(Constraint::UserEmail));
            }
            db.create_user(user)
        }

        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let before = db.get_user(id)?.and_then(|user| user.email);
            let done = db.update_user(id, changes)?;
            if done.email != before {
                self.0.lock().expect("no panic while held").extend(before);
            }
            Ok(done)
        }
    }

    UpdatesNameInThreeBytes "update_user.text": "Replaces four-byte characters in a new name with question marks." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let mut changes = changes.clone();
            if let Change::Set(name) = &mut changes.name {
                *name = three_bytes(name);
            }
            db.update_user(id, &changes)
        }
    }

    CutsNewImage "update_user.long_text": "Truncates a new image to 65,535 bytes." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let mut changes = changes.clone();
            if let Change::Set(image) = &mut changes.image {
                *image = cut(image);
            }
            db.update_user(id, &changes)
        }
    }

    SameEmailInOtherCase "update_user.email_by_bytes": "Keeps an email address that changes in case only." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let mut changes = changes.clone();
            let before = db.get_user(id)?.and_then(|user| user.email).unwrap_or_default();
            if changes.email.value().is_some_and(|email| email.eq_ignore_ascii_case(&before)) {
                changes.email = Change::Keep;
            }
            db.update_user(id, &changes)
        }
    }

    PaddedEmailIsTaken "update_user.email_by_bytes": "Rejects an email address that another user has with a different trailing space." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let taken = db.with(|model| {
                model.users.values().any(|other| match (changes.email.value(), &other.email) {
                    (Some(email), Some(own)) => other.id != id && unpadded(own) == unpadded(email),
                    _ => false,
                })
            })?;
            if taken {
                return Err(Error::conflict(Constraint::UserEmail));
            }
            db.update_user(id, changes)
        }
    }

    UpdatesVerifiedInSeconds "update_user.times": "Truncates a new time of verification to seconds." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let mut changes = changes.clone();
            if let Change::Set(time) = &mut changes.email_verified {
                *time = seconds(*time);
            }
            db.update_user(id, &changes)
        }
    }

    LosesUpdates "update_user.all_survive": "Reads a user, and writes all fields back." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let Some(mut user) = db.get_user(id)? else {
                return Err(Error::not_found(Entity::User));
            };
            pause();
            user.name = changes.name.clone().apply(user.name);
            user.email = changes.email.clone().apply(user.email);
            user.email_verified = changes.email_verified.clone().apply(user.email_verified);
            user.image = changes.image.clone().apply(user.image);
            db.with(|model| { model.users.insert(id, user.clone()); })?;
            Ok(user)
        }
    }

    LooksThenUpdates "update_user.one_email_one_winner": "Checks whether an email address is free, then updates the user." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let taken = db.with(|model| changes.email.value().is_some_and(|email| {
                model.get_user_by_email(email).is_some_and(|user| user.id != id)
            }))?;
            if taken {
                return Err(Error::conflict(Constraint::UserEmail));
            }
            pause();
            let mut user = db.get_user(id)?.ok_or(Error::not_found(Entity::User))?;
            user.email = changes.email.clone().apply(user.email);
            db.with(|model| { model.users.insert(id, user.clone()); })?;
            Ok(user)
        }
    }

    DeletesNoUser "delete_user.reports_whether_deleted": "Reports a user as deleted, but does nothing." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            Ok(db.get_user(id)?.is_some())
        }
    }

    AlwaysDeletedUser "delete_user.reports_whether_deleted": "Reports a user as deleted, although the user does not exist." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            db.delete_user(id).map(|_| true)
        }
    }

    LeavesAccounts "delete_user.accounts_too": "Leaves the accounts of a deleted user." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            db.with(|model| {
                let accounts = model.accounts.clone();
                let deleted = model.delete_user(id);
                model.accounts = accounts;
                deleted
            })
        }
    }

    LeavesSessions "delete_user.sessions_too": "Leaves the sessions of a deleted user." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            db.with(|model| {
                let sessions = model.sessions.clone();
                let deleted = model.delete_user(id);
                model.sessions = sessions;
                deleted
            })
        }
    }

    LeavesAuthenticators "delete_user.authenticators_too": "Leaves the authenticators of a deleted user." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            db.with(|model| {
                let authenticators = model.authenticators.clone();
                let deleted = model.delete_user(id);
                model.authenticators = authenticators;
                deleted
            })
        }
    }

    DeletesOthersSessions "delete_user.leaves_others_unchanged": "Deletes all users' sessions with a user." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            db.with(|model| model.sessions.clear())?;
            db.delete_user(id)
        }
    }

    DeletesUserLast "delete_user.never_half": "Deletes what belongs to a user, then the user." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            db.delete_sessions_by_user_id(id, None)?;
            pause();
            db.delete_user(id)
        }
    }

    DeletesUserFirst "delete_user.never_half": "Deletes a user, then what belongs to the user." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            let deleted = db.with(|model| model.users.remove(&id).is_some())?;
            pause();
            db.with(|model| {
                model.accounts.retain(|_, account| account.user_id != id);
                model.sessions.retain(|_, session| session.user_id != id);
                model.authenticators.retain(|_, authenticator| authenticator.user_id != id);
            })?;
            Ok(deleted)
        }
    }

    DeletesTokens "delete_user.verification_tokens_stay": "Deletes the verification tokens for a user's email address." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            let email = db.get_user(id)?.and_then(|user| user.email);
            db.with(|model| model.verification_tokens.retain(|_, token| Some(&token.identifier) != email.as_ref()))?;
            db.delete_user(id)
        }
    }

    DeletedByAllUsers "delete_user.one_winner": "Returns true to every caller who concurrently deletes a user." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            let found = db.get_user(id)?.is_some();
            pause();
            db.delete_user(id)?;
            Ok(found)
        }
    }

    OrphansSessions "delete_user.no_orphan_session": "Checks whether the user exists, then creates the session." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            if db.get_user(session.user_id)?.is_none() {
                return Err(Error::not_found(Entity::User));
            }
            pause();
            db.with(|model| { model.sessions.insert(session.session_token.clone(), session.clone()); })
        }
    }

    OrphansAccounts "delete_user.no_orphan_account": "Checks whether the user exists, then links the account." {
        fn link_account(&self, db: &Reference, account: &Account) -> Result<()> {
            if db.get_user(account.user_id)?.is_none() {
                return Err(Error::not_found(Entity::User));
            }
            pause();
            let key = (account.provider.clone(), account.provider_account_id.clone());
            db.with(|model| { model.accounts.insert(key, account.clone()); })
        }
    }

    OrphansAuthenticators "delete_user.no_orphan_authenticator": "Checks whether the user exists, then creates the authenticator." {
        fn create_authenticator(&self, db: &Reference, authenticator: &Authenticator) -> Result<()> {
            if db.get_user(authenticator.user_id)?.is_none() {
                return Err(Error::not_found(Entity::User));
            }
            pause();
            let id = authenticator.credential_id.clone();
            db.with(|model| { model.authenticators.insert(id, authenticator.clone()); })
        }
    }

    LooksForIdThenCreates "create_user.one_id_one_winner": "Checks whether an id is free, then creates the user." {
        fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
            if db.get_user(user.id)?.is_some() {
                return Err(Error::conflict(Constraint::UserId));
            }
            pause();
            db.with(|model| { model.users.insert(user.id, user.clone()); })
        }
    }

    LengthIn16Bits "create_user.every_length": "Stores the length of a name in 16 bits." {
        stores!(create_user |user: User| some(&mut user.name, |name| {
            name.get(..name.len() & 0xffff).unwrap_or(name).to_owned()
        }));
    }

    OneByteShort "create_user.every_length": "Loses the last byte of a name of 4,096 bytes, which just fills a page." {
        stores!(create_user |user: User| some(&mut user.name, |name| {
            name[..name.len() - usize::from(name.len() == 4_096)].to_owned()
        }));
    }

    ImageOfAPage "create_user.every_length": "Loses the last byte of an image of 16,384 bytes." {
        stores!(create_user |user: User| some(&mut user.image, |image| {
            image[..image.len() - usize::from(image.len() == 16_384)].to_owned()
        }));
    }

    SixtyFourBitsOfTheId "create_user.every_bit_of_the_id": "Treats ids as the same if their last 64 bits are the same." {
        fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
            let taken = db.with(|model| model.users.keys().any(|id| id.as_u128() as u64 == user.id.as_u128() as u64))?;
            if taken {
                return Err(Error::conflict(Constraint::UserId));
            }
            db.create_user(user)
        }
    }

    HalfTheIdOfTheOwner "create_user.every_bit_of_the_id": "Lists a user's accounts by the last 64 bits of the user's id." {
        fn list_accounts_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Account>> {
            let half = |id: Uuid| id.as_u64_pair().1;
            db.with(|model| {
                let accounts = model.accounts.values();
                accounts.filter(|account| half(account.user_id) == half(user_id)).cloned().collect()
            })
        }
    }

    HalfTheIdInDeletions "create_user.every_bit_of_the_id": "Deletes the sessions of all users whose ids have the same first 64 bits." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            let half = |id: Uuid| id.as_u64_pair().0;
            let deleted = db.delete_user(id)?;
            // The suite's other ids are small numbers, whose first halves are all zero.
            if half(id) != 0 {
                db.with(|model| model.sessions.retain(|_, session| half(session.user_id) != half(id)))?;
            }
            Ok(deleted)
        }
    }

    FoldsDomain "create_user.email_by_bytes": "Rejects an email address whose domain is another's in a different case." {
        fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
            let folded = |email: &str| match email.rsplit_once('@') {
                Some((local, domain)) => format!("{local}@{}", domain.to_ascii_lowercase()),
                None => email.to_owned(),
            };
            let email = user.email.as_deref().map(folded);
            let taken = db.with(|model| model.users.values().any(|other| email.is_some() && other.email.as_deref().map(folded) == email))?;
            if taken {
                return Err(Error::conflict(Constraint::UserEmail));
            }
            db.create_user(user)
        }
    }

    HashesEmail "create_user.email_by_bytes": "Treats email addresses as the same if their CRC-32 is the same." {
        fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
            let email = user.email.as_deref().map(crc32);
            let taken = db.with(|model| model.users.values().any(|other| email.is_some() && other.email.as_deref().map(crc32) == email))?;
            if taken {
                return Err(Error::conflict(Constraint::UserEmail));
            }
            db.create_user(user)
        }
    }

    ReadsNumbersInYaml "create_user.hostile_text": "Writes a name to YAML without quotes, and reads yes and no as booleans." {
        stores!(create_user |user: User| some(&mut user.name, |name| match name {
            "yes" | "on" => "true".to_owned(),
            other => other.to_owned(),
        }));
    }

    UpdatesFieldByField "update_user.never_half": "Updates a user field by field." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            db.update_user(id, &UserChanges { image: Change::Keep, ..changes.clone() })?;
            pause();
            db.update_user(id, &UserChanges { image: changes.image.clone(), ..UserChanges::default() })
        }
    }

    UserInASecondTrip "get_user_by_account.one_moment": "Reads the account, then the user." {
        fn get_user_by_account(&self, db: &Reference, provider: &str, id_there: &str) -> Result<Option<User>> {
            let Some(account) = db.get_account(provider, id_there)? else {
                return Ok(None);
            };
            pause();
            db.get_user(account.user_id)
        }
    }

    ListsUsersInTwoTrips "list_users.one_moment": "Reads the ids of the users, then the users." {
        fn list_users(&self, db: &Reference, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
            let ids: Vec<Uuid> = db.list_users(after, limit)?.iter().map(|user| user.id).collect();
            pause();
            let users = ids.into_iter().map(|id| db.get_user(id)).collect::<Result<Vec<_>>>()?;
            Ok(users.into_iter().flatten().collect())
        }
    }

    FourMebibytesOfUsers "list_users.large_rows": "Ends a page of users at 4 MiB." {
        fn list_users(&self, db: &Reference, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
            let users = db.list_users(after, limit)?;
            Ok(four_mebibytes(users, |user| user.image.as_ref()))
        }
    }

    RenewsAHundredCopies (Copies) "update_user.seen_in_every_session": "Keeps a copy of the user with each session, and renews a hundred of them." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            db.create_session(session)?;
            let user = db.get_user(session.user_id)?;
            self.0.lock().expect("no panic while held").insert(session.session_token.clone(), user);
            Ok(())
        }
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let user = db.update_user(id, changes)?;
            let mut copies = self.0.lock().expect("no panic while held");
            let of_user = copies.values_mut().flatten().filter(|copy| copy.id == id);
            for copy in of_user.take(100) {
                *copy = user.clone();
            }
            Ok(user)
        }
        fn get_session_and_user(&self, db: &Reference, token: &str) -> Result<Option<(Session, User)>> {
            let Some((session, user)) = db.get_session_and_user(token)? else {
                return Ok(None);
            };
            let copies = self.0.lock().expect("no panic while held");
            let copy = copies.get(token).cloned().flatten();
            Ok(Some((session, copy.unwrap_or(user))))
        }
    }

    ListsUsersByPages "list_users.one_moment_of_many": "Reads the users in pages of 100." {
        fn list_users(&self, db: &Reference, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
            let mut users = db.list_users(after, limit.min(100))?;
            while users.len() < limit as usize && let Some(last) = users.last() {
                pause();
                let rest = limit - u32::try_from(users.len()).expect("no more than the limit");
                let page = db.list_users(Some(last.id), rest.min(100))?;
                if page.is_empty() {
                    break;
                }
                users.extend(page);
            }
            Ok(users)
        }
    }

    OneByteShortInUpdate "update_user.every_length": "Loses the last byte of a new name of 8,192 bytes." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let mut changes = changes.clone();
            if let Change::Set(name) = &mut changes.name && name.len() == 8_192 {
                name.pop();
            }
            db.update_user(id, &changes)
        }
    }

    ShortNewEmail "update_user.every_length": "Rejects a new email address of more than 254 characters." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            if changes.email.value().is_some_and(|email| email.chars().count() > 254) {
                return Err(Error::backend("the value is too long for the column"));
            }
            db.update_user(id, changes)
        }
    }

    InvisibleInEmail "values.absent_keys": "If no user has the email address, finds one whose address differs only in invisible characters." {
        fn get_user_by_email(&self, db: &Reference, email: &str) -> Result<Option<User>> {
            db.with(|model| {
                let mut users = model.users.values();
                let alike = |user: &&User| user.email.as_deref().is_some_and(|other| visible(other) == visible(email));
                model.get_user_by_email(email).or_else(|| users.find(alike).cloned())
            })
        }
    }

    CutsUserOfEmail "create_user.long_text": "Truncates the image of a user who is found by email address to 65,535 bytes." {
        fn get_user_by_email(&self, db: &Reference, email: &str) -> Result<Option<User>> {
            let mut user = db.get_user_by_email(email)?;
            if let Some(user) = &mut user {
                some(&mut user.image, cut);
            }
            Ok(user)
        }
    }

    CutsUserOfSession "update_user.long_text": "Truncates the name of a user who is found with a session to 65,535 bytes." {
        fn get_session_and_user(&self, db: &Reference, token: &str) -> Result<Option<(Session, User)>> {
            let mut found = db.get_session_and_user(token)?;
            if let Some((_, user)) = &mut found {
                some(&mut user.name, cut);
            }
            Ok(found)
        }
    }

    CutsListedUsers "list_users.large_rows": "Truncates an image in a list of users to 65,535 bytes." {
        fn list_users(&self, db: &Reference, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
            let mut users = db.list_users(after, limit)?;
            users.iter_mut().for_each(|user| some(&mut user.image, cut));
            Ok(users)
        }
    }

    AfterTheLowerHalf "list_users.pages": "Lists the users whose last 64 bits of the id are greater than those of the id to begin after." {
        fn list_users(&self, db: &Reference, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
            let half = |id: Uuid| id.as_u64_pair().1;
            let users = db.list_users(None, u32::MAX)?.into_iter();
            let following = users.filter(|user| after.is_none_or(|after| half(user.id) > half(after)));
            Ok(following.take(limit as usize).collect())
        }
    }

    LimitIn16Bits "list_users.limit": "Keeps the last 16 bits of a limit." {
        fn list_users(&self, db: &Reference, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
            db.list_users(after, limit & 0xffff)
        }
    }

    SortsUsersByPage "list_users.no_page_limit": "Reads users in pages of 100 in no order, and sorts each page." {
        fn list_users(&self, db: &Reference, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
            let mut users = db.list_users(after, limit)?;
            users.sort_by_key(|user| crc32(&user.id.to_string()));
            users.chunks_mut(100).for_each(|page| page.sort_by_key(|user| user.id));
            Ok(users)
        }
    }

    MissingAsBackslashN "create_user.hostile_text": "Stores a missing image as a backslash and the letter N." {
        stores!(create_user |user: User| user.image = user.image.take().filter(|image| image != "\\N"));
    }

    MissingAsDash "create_user.hostile_text": "Stores a missing name as a dash." {
        stores!(create_user |user: User| user.name = user.name.take().filter(|name| name != "-"));
    }

    MissingAsControl "create_user.hostile_text": "Stores a missing name as the character U+0001." {
        stores!(create_user |user: User| user.name = user.name.take().filter(|name| name != "\u{1}"));
    }

    UpdatesEmailLast "update_user.never_half": "Writes the fields of a user, then the index of email addresses." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            if !matches!(changes.email, Change::Keep) {
                db.update_user(id, &UserChanges { email: Change::Keep, ..changes.clone() })?;
                pause();
            }
            db.update_user(id, changes)
        }
    }

    UserOfTheEmailInASecondTrip "update_user.never_half": "Reads who has an email address, then the user." {
        fn get_user_by_email(&self, db: &Reference, email: &str) -> Result<Option<User>> {
            let Some(user) = db.get_user_by_email(email)? else {
                return Ok(None);
            };
            pause();
            db.get_user(user.id)
        }
    }

    DeletesUserByTokens "delete_user.spares_none_that_rotates": "Reads the tokens of a user's sessions, then deletes the user and the sessions with these tokens." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            let listed = db.list_sessions_by_user_id(id)?;
            pause();
            db.with(|model| {
                let mut sessions = model.sessions.clone();
                sessions.retain(|token, _| listed.iter().all(|listed| listed.session_token != *token));
                let deleted = model.delete_user(id);
                model.sessions = sessions;
                deleted
            })
        }
    }

    DeletesUserAndListedSessions "delete_user.spares_what_moves_away": "Reads the ids of a user's sessions, then deletes the user and the sessions with these ids." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            let listed = db.list_sessions_by_user_id(id)?;
            pause();
            db.with(|model| {
                model.sessions.retain(|_, session| listed.iter().all(|listed| listed.id != session.id));
                model.delete_user(id)
            })
        }
    }

    DeletesUserAndListedAccounts "delete_user.spares_what_moves_away": "Reads the keys of a user's accounts, then deletes the user and the accounts with these keys." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            let listed = db.list_accounts_by_user_id(id)?;
            pause();
            db.with(|model| {
                for account in listed {
                    model.unlink_account(&account.provider, &account.provider_account_id);
                }
                model.delete_user(id)
            })
        }
    }

    DeletesUserAndListedPasskeys "delete_user.spares_what_moves_away": "Reads the ids of a user's passkeys, then deletes the user and the passkeys with these ids." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            let listed = db.list_authenticators_by_user_id(id)?;
            pause();
            db.with(|model| {
                for passkey in listed {
                    model.delete_authenticator(&passkey.credential_id);
                }
                model.delete_user(id)
            })
        }
    }

    WritesUsersBack "update_user.all_survive": "Reads a user and writes all fields back, to update several of them." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let kept = [
                changes.name == Change::Keep,
                changes.email == Change::Keep,
                changes.email_verified == Change::Keep,
                changes.image == Change::Keep,
            ];
            let Some(read) = db.get_user(id)?.filter(|_| kept.iter().filter(|kept| !**kept).count() > 1) else {
                return db.update_user(id, changes);
            };
            pause();
            db.update_user(id, &UserChanges {
                name: changes.name.clone().apply(read.name).into(),
                email: changes.email.clone().apply(read.email).into(),
                email_verified: changes.email_verified.clone().apply(read.email_verified).into(),
                image: changes.image.clone().apply(read.image).into(),
            })
        }
    }

    DeletesAccountsByHundreds "delete_user.never_half": "Deletes the accounts of a user a hundred at a time, the user with the last." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            by_hundreds(db, |model| {
                let all = model.list_accounts_by_user_id(id);
                let batch = all.iter().take(if all.len() > 100 { 100 } else { 0 });
                batch.filter(|row| model.unlink_account(&row.provider, &row.provider_account_id)).count() > 0
            })?;
            db.delete_user(id)
        }
    }

    DeletesSessionsByHundreds "delete_user.never_half": "Deletes the sessions of a user a hundred at a time, the user with the last." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            by_hundreds(db, |model| {
                let all = model.list_sessions_by_user_id(id);
                let batch = all.iter().take(if all.len() > 100 { 100 } else { 0 });
                batch.filter(|row| model.delete_session(&row.session_token)).count() > 0
            })?;
            db.delete_user(id)
        }
    }

    DeletesPasskeysByHundreds "delete_user.never_half": "Deletes the passkeys of a user a hundred at a time, the user with the last." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            by_hundreds(db, |model| {
                let all = model.list_authenticators_by_user_id(id);
                let batch = all.iter().take(if all.len() > 100 { 100 } else { 0 });
                batch.filter(|row| model.delete_authenticator(&row.credential_id)).count() > 0
            })?;
            db.delete_user(id)
        }
    }

    UpdatesCopiesLater "update_user.never_half": "Keeps a copy of the user with each session and account, and updates the copies in a second step." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let updated = db.with(|model| {
                let before = model.get_user(id);
                let updated = model.update_user(id, changes);
                // The copies are those of this user until the second step.
                model.users.extend(before.map(|before| (copy_of(id), User { id: copy_of(id), ..before })));
                updated
            })?;
            pause();
            db.with(|model| model.users.remove(&copy_of(id)))?;
            updated.map_err(|refusals| refusals[0].into())
        }

        fn get_user_by_email(&self, db: &Reference, email: &str) -> Result<Option<User>> {
            db.with(|model| {
                let mut users = model.users.values();
                users.find(|user| user.email.as_deref() == Some(email) && !is_copy(user.id)).cloned()
            })
        }

        fn get_user_by_account(&self, db: &Reference, provider: &str, provider_account_id: &str) -> Result<Option<User>> {
            db.with(|model| model.get_user_by_account(provider, provider_account_id).map(|user| copied(model, user)))
        }

        fn get_session_and_user(&self, db: &Reference, session_token: &str) -> Result<Option<(Session, User)>> {
            db.with(|model| {
                let found = model.get_session_and_user(session_token);
                found.map(|(session, user)| (session, copied(model, user)))
            })
        }
    }

    ReservesAccounts (Mutex<BTreeSet<String>>) "delete_user.no_orphan_account": "Reserves an account before it links it, and leaves it reserved if the user was deleted since." {
        fn link_account(&self, db: &Reference, account: &Account) -> Result<()> {
            if db.get_user(account.user_id)?.is_none() {
                return Err(Error::not_found(Entity::User));
            }
            let key = format!("{}\n{}", account.provider, account.provider_account_id);
            if !self.0.lock().expect("no panic while held").insert(key.clone()) {
                return Err(Error::conflict(Constraint::ProviderAccount));
            }
            pause();
            let linked = db.link_account(account);
            if !matches!(linked, Err(Error::NotFound { .. })) {
                self.0.lock().expect("no panic while held").remove(&key);
            }
            linked
        }
    }

    ReservesPasskeys (Mutex<BTreeSet<String>>) "delete_user.no_orphan_authenticator": "Reserves a credential id before it creates the passkey, and leaves it reserved if the user was deleted since." {
        fn create_authenticator(&self, db: &Reference, authenticator: &Authenticator) -> Result<()> {
            if db.get_user(authenticator.user_id)?.is_none() {
                return Err(Error::not_found(Entity::User));
            }
            let key = &authenticator.credential_id;
            if !self.0.lock().expect("no panic while held").insert(key.clone()) {
                return Err(Error::conflict(Constraint::AuthenticatorCredentialId));
            }
            pause();
            let created = db.create_authenticator(authenticator);
            if !matches!(created, Err(Error::NotFound { .. })) {
                self.0.lock().expect("no panic while held").remove(key);
            }
            created
        }
    }
}
