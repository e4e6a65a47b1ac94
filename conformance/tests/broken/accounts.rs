//! Faults with accounts.

use std::collections::BTreeSet;
use std::sync::Mutex;

use authstore_conformance::Model;

use super::fault::*;
use super::values::*;

type Key = (String, String);

fn key(account: &Account) -> Key {
    (
        account.provider.clone(),
        account.provider_account_id.clone(),
    )
}

/// Stores an account whatever refuses it.
fn force(db: &Reference, account: &Account) -> Result<()> {
    db.with(|model| {
        model.accounts.insert(key(account), account.clone());
    })
}

/// Signs up in one step, after something that is in the way has been removed.
fn sign_up_after(
    db: &Reference,
    user: &User,
    account: &Account,
    remove: impl Fn(&mut Model),
) -> Result<()> {
    db.with(|model| {
        let mut copy = model.clone();
        remove(&mut copy);
        let done = copy.create_user_with_account(user, account);
        if done.is_ok() {
            *model = copy;
        }
        done
    })?
    .map_err(|refusals| refusals[0].into())
}

/// A lock that some operations take, of all handles and storages.
static SIGN_UP: Mutex<()> = Mutex::new(());

/// Checks whether the email address is free, then signs up, under a lock.
fn sign_up_beside(db: &Reference, user: &User, account: &Account) -> Result<()> {
    let _alone = SIGN_UP.lock().expect("no panic while held");
    if let Some(email) = &user.email
        && db.get_user_by_email(email)?.is_some()
    {
        return Err(Error::conflict(Constraint::UserEmail));
    }
    pause();
    let without_email = User {
        email: None,
        ..user.clone()
    };
    db.create_user_with_account(&without_email, account)?;
    db.with(|model| {
        model.users.insert(user.id, user.clone());
    })
}

faults! {
    RoundsWhatIsKept "values.any_row": "Rounds the expiry of an account to a floating-point number when something else is changed." {
        fn update_account(
            &self,
            db: &Reference,
            provider: &str,
            provider_account_id: &str,
            changes: &AccountChanges,
        ) -> Result<Account> {
            let kept = db.get_account(provider, provider_account_id)?.and_then(|account| account.expires_at);
            let changes = AccountChanges {
                expires_at: match kept {
                    Some(kept) if changes.expires_at.is_keep() => Change::Set(kept as f64 as i64),
                    _ => changes.expires_at.clone(),
                },
                ..changes.clone()
            };
            db.update_account(provider, provider_account_id, &changes)
        }
    }

    LeavesLargeAccounts "list_accounts_by_user_id.large_rows": "Leaves the accounts of a deleted user that are beyond the first 4 MiB." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            db.with(|model| {
                let mut accounts = model.accounts.clone();
                let deleted = model.delete_user(id);
                let mut bytes = 0;
                accounts.retain(|_, account| {
                    bytes += account.id_token.as_ref().map_or(0, String::len);
                    account.user_id == id && bytes > 4 << 20
                });
                model.accounts.extend(accounts);
                deleted
            })
        }
    }

    RefreshesTheUnlinked "update_account.never_resurrects": "Writes an account again when it is refreshed, even if it was unlinked since it was read." {
        fn refresh_account(
            &self,
            db: &Reference,
            provider: &str,
            provider_account_id: &str,
            seen: Option<&str>,
            changes: &AccountChanges,
        ) -> Result<Option<Account>> {
            let read = db.get_account(provider, provider_account_id)?;
            pause();
            let refreshed = db.refresh_account(provider, provider_account_id, seen, changes);
            match (read, refreshed) {
                (Some(read), Ok(None) | Err(Error::NotFound { .. })) => {
                    let key = (read.provider.clone(), read.provider_account_id.clone());
                    db.with(|model| model.accounts.insert(key, read.clone()))?;
                    Ok(Some(read))
                }
                (_, refreshed) => refreshed,
            }
        }
    }

    LosesRefreshToken "link_account.stored": "Stores an account without its refresh token." {
        stores!(link_account |account: Account| account.refresh_token = None);
    }

    SwapsTokens "link_account.stored": "Stores the OAuth 1 token where its secret belongs, and vice versa." {
        stores!(link_account |account: Account| std::mem::swap(&mut account.oauth_token, &mut account.oauth_token_secret));
    }

    ScopeNeedsToken "link_account.each_optional_field": "Forgets the scope of an account that has no access token." {
        stores!(link_account |account: Account| if account.access_token.is_none() { account.scope = None });
    }

    MakesAccountIds "link_account.given_id": "Turns the given id into a random UUID (version 4)." {
        stores!(link_account |account: Account| {
            account.id = Uuid::from_u128(account.id.as_u128() & !(0xf << 76) | 0x4 << 76)
        });
    }

    ThreeBytesInScope "link_account.text": "Replaces four-byte characters in the strings of an account with question marks." {
        stores!(link_account |account: Account| texts(&mut account, three_bytes));
    }

    EatsBackslashes "link_account.hostile_text": "Treats a backslash in the strings of an account as an escape." {
        stores!(link_account |account: Account| texts(&mut account, unescaped));
    }

    EmptyScopeIsMissing "link_account.empty_text": "Stores an empty scope as a missing one." {
        stores!(link_account |account: Account| account.scope = account.scope.take().filter(|scope| !scope.is_empty()));
    }

    MissingStateIsEmpty "link_account.each_optional_field": "Stores a missing session state as an empty one." {
        stores!(link_account |account: Account| { account.session_state.get_or_insert_default(); });
    }

    CutsIdToken "link_account.long_text": "Truncates an ID token to 65,535 bytes." {
        stores!(link_account |account: Account| some(&mut account.id_token, cut));
    }

    CutsAccountKeys "link_account.long_keys": "Truncates the id of an account at its provider to 191 characters." {
        stores!(link_account |account: Account| account.provider_account_id = head(&account.provider_account_id));
    }

    LinksOtherCase "link_account.keys_by_bytes": "Rejects an account whose provider account id differs from another only in case." {
        fn link_account(&self, db: &Reference, account: &Account) -> Result<()> {
            let taken = db.with(|model| model.accounts.values().any(|other| {
                other.provider == account.provider
                    && other.provider_account_id.to_lowercase() == account.provider_account_id.to_lowercase()
            }))?;
            if taken {
                return Err(Error::conflict(Constraint::ProviderAccount));
            }
            db.link_account(account)
        }
    }

    NumbersAsKeys "link_account.keys_by_bytes": "Treats ids at a provider as numbers: 00123 is 123." {
        stores!(link_account |account: Account| {
            if let Ok(number) = account.provider_account_id.parse::<u64>() {
                account.provider_account_id = number.to_string();
            }
        });
    }

    ThirtyTwoBits "link_account.every_expires_at": "Stores expires_at in 32 bits." {
        stores!(link_account |account: Account| account.expires_at = account.expires_at.map(|seconds| i64::from(seconds as i32)));
    }

    TakesForMilliseconds "link_account.every_expires_at": "Mistakes an expires_at of 13 digits for milliseconds." {
        stores!(link_account |account: Account| account.expires_at = account.expires_at.map(from_milliseconds));
    }

    SharesAccountId "link_account.unique_id": "Lets two accounts have one id." {
        fn link_account(&self, db: &Reference, account: &Account) -> Result<()> {
            match db.link_account(account) {
                Err(Error::Conflict { constraint: Constraint::AccountId }) => force(db, account),
                done => done,
            }
        }
    }

    MovesAccount "link_account.unique_account": "Moves an account that another user has." {
        fn link_account(&self, db: &Reference, account: &Account) -> Result<()> {
            match db.link_account(account) {
                Err(Error::Conflict { constraint: Constraint::ProviderAccount }) => force(db, account),
                done => done,
            }
        }
    }

    NamesWrongConstraint "link_account.unique_account": "Names the id when provider and provider account id are taken." {
        fn link_account(&self, db: &Reference, account: &Account) -> Result<()> {
            match db.link_account(account) {
                Err(Error::Conflict { .. }) => Err(Error::conflict(Constraint::AccountId)),
                done => done,
            }
        }
    }

    OneAccountEach "link_account.pair_of_keys": "Lets a user have only one account at a provider." {
        fn link_account(&self, db: &Reference, account: &Account) -> Result<()> {
            let accounts = db.list_accounts_by_user_id(account.user_id)?;
            if accounts.iter().any(|other| other.provider == account.provider) {
                return Err(Error::conflict(Constraint::ProviderAccount));
            }
            db.link_account(account)
        }
    }

    JoinsKeys "link_account.pair_of_keys": "Joins provider and provider account id with a colon to distinguish accounts." {
        fn link_account(&self, db: &Reference, account: &Account) -> Result<()> {
            let joined = |account: &Account| format!("{}:{}", account.provider, account.provider_account_id);
            let taken = db.with(|model| model.accounts.values().any(|other| joined(other) == joined(account)))?;
            if taken {
                return Err(Error::conflict(Constraint::ProviderAccount));
            }
            db.link_account(account)
        }
    }

    JoinsToUnlink "link_account.pair_of_keys": "Joins provider and provider account id with a tilde to find the account to unlink." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            let joined = format!("{provider}~{account}");
            let accounts = db.list_accounts_by_user_id(user_id)?;
            let found = accounts.iter().find(|own| format!("{}~{}", own.provider, own.provider_account_id) == joined);
            let Some(own) = found else {
                return Ok(Removal::Absent);
            };
            db.unlink_account_of_user(user_id, &own.provider, &own.provider_account_id, keep_last)
        }
    }

    LinksToNobody "link_account.unknown_user": "Links an account to a user who does not exist." {
        fn link_account(&self, db: &Reference, account: &Account) -> Result<()> {
            match db.link_account(account) {
                Err(Error::NotFound { .. }) => force(db, account),
                done => done,
            }
        }
    }

    BareForeignKey "link_account.unknown_user": "Returns the driver's error when there is no such user." {
        fn link_account(&self, db: &Reference, account: &Account) -> Result<()> {
            db.link_account(account).map_err(|error| match error {
                Error::NotFound { .. } => Error::backend("FOREIGN KEY constraint failed"),
                other => other,
            })
        }
    }

    NeverLinkedAgain (Mutex<BTreeSet<Key>>) "link_account.again_after_unlink": "Rejects an account that was unlinked." {
        fn link_account(&self, db: &Reference, account: &Account) -> Result<()> {
            if self.0.lock().expect("no panic while held").contains(&key(account)) {
                return Err(Error::conflict(Constraint::ProviderAccount));
            }
            db.link_account(account)
        }

        fn unlink_account(&self, db: &Reference, provider: &str, id_there: &str) -> Result<bool> {
            self.0.lock().expect("no panic while held").insert((provider.into(), id_there.into()));
            db.unlink_account(provider, id_there)
        }
    }

    LooksThenLinks "link_account.one_winner": "Checks whether an account is free, then links it." {
        fn link_account(&self, db: &Reference, account: &Account) -> Result<()> {
            if db.get_account(&account.provider, &account.provider_account_id)?.is_some() {
                return Err(Error::conflict(Constraint::ProviderAccount));
            }
            pause();
            force(db, account)
        }
    }

    CreatesWithoutToken "create_user_with_account.stored": "Stores the account of a new user without its access token." {
        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            db.create_user_with_account(user, &Account { access_token: None, ..account.clone() })
        }
    }

    CreatesInThreeBytes "create_user_with_account.text": "Replaces four-byte characters in the strings of a new user's account with question marks." {
        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            let mut account = account.clone();
            texts(&mut account, three_bytes);
            db.create_user_with_account(user, &account)
        }
    }

    LinksToTakenId "create_user_with_account.unique_user_id": "Links the account to the user who has the id." {
        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            match db.create_user(user) {
                Ok(()) | Err(Error::Conflict { constraint: Constraint::UserId }) => db.link_account(account),
                done => done,
            }
        }
    }

    LinksToTakenEmail "create_user_with_account.unique_email": "Links the account to the user who has the email address." {
        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            let owner = db.with(|model| user.email.as_ref().and_then(|email| model.get_user_by_email(email)))?;
            match owner {
                Some(owner) => db.link_account(&Account { user_id: owner.id, ..account.clone() }),
                None => db.create_user_with_account(user, account),
            }
        }
    }

    LeavesUserOverId "create_user_with_account.unique_account_id": "Leaves the user when the account's id is taken." {
        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            db.create_user(user)?;
            db.link_account(account)
        }
    }

    LeavesUser "create_user_with_account.unique_account": "Leaves the user when the account is taken." {
        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            db.create_user(user)?;
            db.link_account(account)
        }
    }

    SwallowsConflict "create_user_with_account.unique_account": "Reports no conflict when the account is taken." {
        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            match db.create_user_with_account(user, account) {
                Err(Error::Conflict { constraint: Constraint::ProviderAccount }) => Ok(()),
                done => done,
            }
        }
    }

    LooksThenCreatesBoth "create_user_with_account.one_winner": "Checks whether an account is free, then creates the user and links it." {
        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            if db.get_account(&account.provider, &account.provider_account_id)?.is_some() {
                return Err(Error::conflict(Constraint::ProviderAccount));
            }
            pause();
            db.create_user(user)?;
            force(db, account)
        }
    }

    HalfAtATime "create_user_with_account.never_half": "Creates a user, and links the account in a second step." {
        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            let mut copy = db.with(|model| model.clone())?;
            copy.create_user_with_account(user, account).map_err(|refusals| Error::from(refusals[0]))?;
            db.create_user(user)?;
            pause();
            db.link_account(account)
        }
    }

    UnlinksNothing "unlink_account.reports_whether_deleted": "Reports an account as unlinked, but does nothing." {
        fn unlink_account(&self, db: &Reference, provider: &str, id_there: &str) -> Result<bool> {
            Ok(db.get_account(provider, id_there)?.is_some())
        }
    }

    AlwaysUnlinked "unlink_account.reports_whether_deleted": "Reports an account as unlinked, although it does not exist." {
        fn unlink_account(&self, db: &Reference, provider: &str, id_there: &str) -> Result<bool> {
            db.unlink_account(provider, id_there).map(|_| true)
        }
    }

    UnlinksAllOfUser "unlink_account.leaves_others_unchanged": "Unlinks all accounts of the user." {
        fn unlink_account(&self, db: &Reference, provider: &str, id_there: &str) -> Result<bool> {
            let owner = db.get_account(provider, id_there)?.map(|account| account.user_id);
            db.with(|model| model.accounts.retain(|_, account| Some(account.user_id) != owner))?;
            Ok(owner.is_some())
        }
    }

    UnlinksThePasskey "unlink_account.leaves_others_unchanged": "Deletes the passkey of the account that it unlinks." {
        fn unlink_account(&self, db: &Reference, provider: &str, id_there: &str) -> Result<bool> {
            db.with(|model| {
                let unlinked = model.get_account(provider, id_there);
                if unlinked.is_some_and(|account| account.kind == "webauthn") {
                    model.authenticators.retain(|_, passkey| passkey.provider_account_id != id_there);
                }
                model.unlink_account(provider, id_there)
            })
        }
    }

    UnlinksAtAnyProvider "unlink_account.exact": "Unlinks an account whose provider differs in case." {
        fn unlink_account(&self, db: &Reference, provider: &str, id_there: &str) -> Result<bool> {
            db.with(|model| {
                let before = model.accounts.len();
                model.accounts.retain(|(own, id), _| !(own.eq_ignore_ascii_case(provider) && id == id_there));
                model.accounts.len() < before
            })
        }
    }

    UnlinkedByAll "unlink_account.one_winner": "Returns true to every caller who concurrently unlinks an account." {
        fn unlink_account(&self, db: &Reference, provider: &str, id_there: &str) -> Result<bool> {
            let found = db.get_account(provider, id_there)?.is_some();
            pause();
            db.unlink_account(provider, id_there)?;
            Ok(found)
        }
    }

    AbsentAccountIsError "get_account.absent": "Returns an error when there is no such account." {
        fn get_account(&self, db: &Reference, provider: &str, id_there: &str) -> Result<Option<Account>> {
            db.get_account(provider, id_there)?.map(Some).ok_or(Error::not_found(Entity::Account))
        }
    }

    PadsAccount "get_account.exact": "Finds an account whose provider account id has different trailing spaces." {
        fn get_account(&self, db: &Reference, provider: &str, id_there: &str) -> Result<Option<Account>> {
            db.with(|model| {
                let same = |account: &&Account| {
                    account.provider == provider && unpadded(&account.provider_account_id) == unpadded(id_there)
                };
                model.accounts.values().find(same).cloned()
            })
        }
    }

    ForgetsType "update_account.each_field": "Does not write a new type of an account." {
        fn update_account(&self, db: &Reference, provider: &str, id_there: &str, changes: &AccountChanges) -> Result<Account> {
            db.update_account(provider, id_there, &AccountChanges { kind: None, ..changes.clone() })
        }
    }

    ClearsToEmpty "update_account.each_field": "Clears an access token by an empty one." {
        fn update_account(&self, db: &Reference, provider: &str, id_there: &str, changes: &AccountChanges) -> Result<Account> {
            let mut changes = changes.clone();
            if changes.access_token == Change::Clear {
                changes.access_token = Change::set("");
            }
            db.update_account(provider, id_there, &changes)
        }
    }

    ScopeOrState "update_account.combinations": "Does not write the session state when the scope is written too." {
        fn update_account(&self, db: &Reference, provider: &str, id_there: &str, changes: &AccountChanges) -> Result<Account> {
            let mut changes = changes.clone();
            if !changes.scope.is_keep() {
                changes.session_state = Change::Keep;
            }
            db.update_account(provider, id_there, &changes)
        }
    }

    NoChangeNoAccount "update_account.nothing_to_change": "Finds no account when there is nothing to change, as MySQL counts rows." {
        fn update_account(&self, db: &Reference, provider: &str, id_there: &str, changes: &AccountChanges) -> Result<Account> {
            let before = db.get_account(provider, id_there)?;
            let after = db.update_account(provider, id_there, changes)?;
            if before.as_ref() == Some(&after) {
                return Err(Error::not_found(Entity::Account));
            }
            Ok(after)
        }
    }

    MissesTheUser "update_account.missing": "Names the user when the account does not exist." {
        fn update_account(&self, db: &Reference, provider: &str, id_there: &str, changes: &AccountChanges) -> Result<Account> {
            db.update_account(provider, id_there, changes).map_err(|error| match error {
                Error::NotFound { .. } => Error::not_found(Entity::User),
                other => other,
            })
        }
    }

    UpdatesAllOfUser "update_account.leaves_others_unchanged": "Writes a scope to all accounts of the user." {
        fn update_account(&self, db: &Reference, provider: &str, id_there: &str, changes: &AccountChanges) -> Result<Account> {
            let done = db.update_account(provider, id_there, changes)?;
            db.with(|model| {
                for account in model.accounts.values_mut().filter(|account| account.user_id == done.user_id) {
                    account.scope = done.scope.clone();
                }
            })?;
            Ok(done)
        }
    }

    UpdatesOtherCase "update_account.exact": "Updates an account whose provider differs in case." {
        fn update_account(&self, db: &Reference, provider: &str, id_there: &str, changes: &AccountChanges) -> Result<Account> {
            let own = db.with(|model| {
                let same = |(own, id): &&Key| own.eq_ignore_ascii_case(provider) && id == id_there;
                model.accounts.keys().find(same).map(|(own, _)| own.clone())
            })?;
            db.update_account(own.as_deref().unwrap_or(provider), id_there, changes)
        }
    }

    UpdatesScopeInThreeBytes "update_account.text": "Replaces four-byte characters in a new scope with question marks." {
        fn update_account(&self, db: &Reference, provider: &str, id_there: &str, changes: &AccountChanges) -> Result<Account> {
            let mut changes = changes.clone();
            if let Change::Set(scope) = &mut changes.scope {
                *scope = three_bytes(scope);
            }
            db.update_account(provider, id_there, &changes)
        }
    }

    CutsNewTokens "update_account.long_text": "Truncates a new access token to 65,535 bytes." {
        fn update_account(&self, db: &Reference, provider: &str, id_there: &str, changes: &AccountChanges) -> Result<Account> {
            let mut changes = changes.clone();
            if let Change::Set(token) = &mut changes.access_token {
                *token = cut(token);
            }
            db.update_account(provider, id_there, &changes)
        }
    }

    UpdatesThirtyTwoBits "update_account.every_expires_at": "Stores a new expires_at in 32 bits." {
        fn update_account(&self, db: &Reference, provider: &str, id_there: &str, changes: &AccountChanges) -> Result<Account> {
            let mut changes = changes.clone();
            if let Change::Set(seconds) = &mut changes.expires_at {
                *seconds = i64::from(*seconds as i32);
            }
            db.update_account(provider, id_there, &changes)
        }
    }

    UpdatesForMilliseconds "update_account.every_expires_at": "Mistakes a new expires_at of 13 digits for milliseconds." {
        fn update_account(&self, db: &Reference, provider: &str, id_there: &str, changes: &AccountChanges) -> Result<Account> {
            let mut changes = changes.clone();
            if let Change::Set(number) = &mut changes.expires_at {
                *number = from_milliseconds(*number);
            }
            db.update_account(provider, id_there, &changes)
        }
    }

    LosesAccountUpdates "update_account.all_survive": "Reads an account, and writes all fields back." {
        fn update_account(&self, db: &Reference, provider: &str, id_there: &str, changes: &AccountChanges) -> Result<Account> {
            let Some(before) = db.get_account(provider, id_there)? else {
                return Err(Error::not_found(Entity::Account));
            };
            pause();
            force(db, &before)?;
            db.update_account(provider, id_there, changes)
        }
    }

    FourMebibytesOfAccounts "list_accounts_by_user_id.large_rows": "Ends a list of accounts at 4 MiB." {
        fn list_accounts_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Account>> {
            let accounts = db.list_accounts_by_user_id(user_id)?;
            Ok(four_mebibytes(accounts, |account| account.id_token.as_ref()))
        }
    }

    AbsentAccountsAreError "list_accounts_by_user_id.absent": "Returns an error for the accounts of a user who does not exist." {
        fn list_accounts_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Account>> {
            db.get_user(user_id)?.ok_or(Error::not_found(Entity::User))?;
            db.list_accounts_by_user_id(user_id)
        }
    }

    ListsAllAccounts "list_accounts_by_user_id.only_the_users": "Lists all users' accounts." {
        fn list_accounts_by_user_id(&self, db: &Reference, _: Uuid) -> Result<Vec<Account>> {
            db.with(|model| model.accounts.values().cloned().collect())
        }
    }

    AccountsByAlphabet "list_accounts_by_user_id.order": "Lists accounts in the order of the alphabet, not of bytes." {
        fn list_accounts_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Account>> {
            let mut list = db.list_accounts_by_user_id(user_id)?;
            list.sort_by_key(|account| (account.provider.to_lowercase(), account.provider_account_id.to_lowercase()));
            Ok(list)
        }
    }

    SortsAccountsByBeginning "list_accounts_by_user_id.order": "Lists accounts in the order of the first 255 bytes of their ids." {
        fn list_accounts_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Account>> {
            let mut list = db.list_accounts_by_user_id(user_id)?;
            list.reverse();
            list.sort_by_key(|account| {
                let beginning: Vec<u8> = account.provider_account_id.bytes().take(255).collect();
                (account.provider.clone(), beginning)
            });
            Ok(list)
        }
    }

    AccountsById "list_accounts_by_user_id.order": "Lists accounts in the order of their ids." {
        fn list_accounts_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Account>> {
            let mut list = db.list_accounts_by_user_id(user_id)?;
            list.sort_by_key(|account| account.id);
            Ok(list)
        }
    }

    ListsAHundredAccounts "list_accounts_by_user_id.no_page_limit": "Lists the first hundred accounts." {
        fn list_accounts_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Account>> {
            Ok(db.list_accounts_by_user_id(user_id)?.into_iter().take(100).collect())
        }
    }

    AMebibyteOfRow "link_account.all_texts_long": "Rejects an account of more than four mebibytes." {
        fn link_account(&self, db: &Reference, account: &Account) -> Result<()> {
            let texts = [&account.refresh_token, &account.access_token, &account.scope, &account.id_token, &account.token_type, &account.session_state];
            if texts.into_iter().flatten().map(String::len).sum::<usize>() > 4 << 20 {
                return Err(Error::backend("the packet is too large"));
            }
            db.link_account(account)
        }
    }

    LooksForAccountIdThenLinks "link_account.one_id_one_winner": "Checks whether an id is free, then links the account." {
        fn link_account(&self, db: &Reference, account: &Account) -> Result<()> {
            let taken = db.with(|model| model.accounts.values().any(|other| other.id == account.id))?;
            if taken {
                return Err(Error::conflict(Constraint::AccountId));
            }
            pause();
            db.with(|model| {
                model.accounts.insert((account.provider.clone(), account.provider_account_id.clone()), account.clone());
            })
        }
    }

    JoinsByUnusualSeparator "link_account.pair_of_keys": "Joins provider and provider account id with a vertical bar." {
        fn link_account(&self, db: &Reference, account: &Account) -> Result<()> {
            let joined = |provider: &str, id: &str| format!("{provider}|{id}");
            let key = joined(&account.provider, &account.provider_account_id);
            let taken = db.with(|model| {
                model.accounts.values().any(|other| joined(&other.provider, &other.provider_account_id) == key)
            })?;
            if taken {
                return Err(Error::conflict(Constraint::ProviderAccount));
            }
            db.link_account(account)
        }
    }

    LooksForIdThenSignsUp "create_user_with_account.one_id_one_winner": "Checks whether the account's id is free, then creates the user and links the account." {
        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            let is_taken = db.with(|model| model.accounts.values().any(|other| other.id == account.id))?;
            if is_taken {
                return Err(Error::conflict(Constraint::AccountId));
            }
            pause();
            db.with(|model| {
                let mut alone = account.clone();
                alone.id = user.id;
                model.create_user_with_account(user, &alone)?;
                let key = (account.provider.clone(), account.provider_account_id.clone());
                model.accounts.insert(key, account.clone());
                Ok(())
            })?.map_err(|refusals: Vec<authstore_conformance::Refusal>| refusals[0].into())
        }
    }

    LooksForEmailThenSignsUp "create_user_with_account.one_email_one_winner": "Checks whether the email address is free, then creates the user and links the account." {
        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            if let Some(email) = &user.email && db.get_user_by_email(email)?.is_some() {
                return Err(Error::conflict(Constraint::UserEmail));
            }
            pause();
            db.create_user_with_account(&User { email: None, ..user.clone() }, account)?;
            db.with(|model| { model.users.insert(user.id, user.clone()); })
        }
    }

    ListsAccountsInTwoTrips "list_accounts_by_user_id.one_moment": "Reads the keys of a user's accounts, then the accounts." {
        fn list_accounts_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Account>> {
            let listed = db.list_accounts_by_user_id(user_id)?;
            pause();
            let mut accounts = Vec::new();
            for Account { provider, provider_account_id, .. } in listed {
                accounts.extend(db.get_account(&provider, &provider_account_id)?);
            }
            Ok(accounts)
        }
    }

    HalfTheIdOfTheAccount "link_account.every_bit_of_the_id": "Treats ids of accounts as the same if their last 64 bits are the same." {
        fn link_account(&self, db: &Reference, account: &Account) -> Result<()> {
            let half = |id: Uuid| id.as_u64_pair().1;
            if db.with(|model| model.accounts.values().any(|other| half(other.id) == half(account.id)))? {
                return Err(Error::conflict(Constraint::AccountId));
            }
            db.link_account(account)
        }
    }

    ShortProvider "link_account.every_length": "Loses the last character of a provider of 128." {
        stores!(link_account |account: Account| if account.provider.len() == 128 {
            account.provider.pop();
        });
    }

    ScopeOfAPage "link_account.every_length": "Loses the last byte of a scope of 16,384 bytes." {
        stores!(link_account |account: Account| some(&mut account.scope, |scope| {
            scope[..scope.len() - usize::from(scope.len() == 16_384)].to_owned()
        }));
    }

    RefusesLargeUpdate "update_account.every_length": "Rejects an update of more than four mebibytes." {
        fn update_account(&self, db: &Reference, provider: &str, provider_account_id: &str, changes: &AccountChanges) -> Result<Account> {
            let texts = [&changes.refresh_token, &changes.access_token, &changes.scope, &changes.id_token, &changes.oauth_token];
            if texts.iter().filter_map(|text| text.value()).map(|text| text.len()).sum::<usize>() > 1 << 22 {
                return Err(Error::backend("the packet is too large"));
            }
            db.update_account(provider, provider_account_id, changes)
        }
    }

    RefusesLargeRefresh "refresh_account.every_length": "Rejects a refresh of more than four mebibytes." {
        fn refresh_account(&self, db: &Reference, provider: &str, provider_account_id: &str, seen: Option<&str>, changes: &AccountChanges) -> Result<Option<Account>> {
            let texts = [&changes.refresh_token, &changes.access_token, &changes.scope, &changes.id_token, &changes.oauth_token];
            if texts.iter().filter_map(|text| text.value()).map(|text| text.len()).sum::<usize>() > 1 << 22 {
                return Err(Error::backend("the packet is too large"));
            }
            db.refresh_account(provider, provider_account_id, seen, changes)
        }
    }

    AccountIdAsNumber "values.absent_keys": "If there is no such account, finds one whose ID is the same floating-point number." {
        fn get_user_by_account(&self, db: &Reference, provider: &str, provider_account_id: &str) -> Result<Option<User>> {
            let number = |id: &str| id.parse::<f64>().ok().filter(|_| id.len() > 20);
            let alike = db.with(|model| {
                let mut accounts = model.accounts.values();
                let wanted = number(provider_account_id)?;
                accounts.find(|account| account.provider == provider && number(&account.provider_account_id) == Some(wanted)).cloned()
            })?;
            match (db.get_user_by_account(provider, provider_account_id)?, alike) {
                (None, Some(alike)) => db.get_user_by_account(provider, &alike.provider_account_id),
                (found, _) => Ok(found),
            }
        }
    }

    ShortAccountId "link_account.every_length": "Rejects a provider account id of more than 255 characters." {
        fn link_account(&self, db: &Reference, account: &Account) -> Result<()> {
            if account.provider_account_id.chars().count() > 255 {
                return Err(Error::backend("the value is too long for the column"));
            }
            db.link_account(account)
        }
    }

    HeadOfAccountId "link_account.every_length": "Compares the first 1,363 characters of provider account ids." {
        fn link_account(&self, db: &Reference, account: &Account) -> Result<()> {
            let head = |text: &str| text.chars().take(1_363).collect::<String>();
            let wanted = head(&account.provider_account_id);
            let is_taken = db.with(|model| model.accounts.keys().any(|key| key.0 == account.provider && head(&key.1) == wanted))?;
            if is_taken {
                return Err(Error::conflict(Constraint::ProviderAccount));
            }
            db.link_account(account)
        }
    }

    CreatesWithoutFourBytes "create_user_with_account.text": "Replaces four-byte characters in the session state of a new user's account with question marks." {
        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            let mut account = account.clone();
            some(&mut account.session_state, three_bytes);
            db.create_user_with_account(user, &account)
        }
    }

    RefusesLargeSignUp "create_user_with_account.text": "Rejects a sign-up of more than four mebibytes." {
        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            let texts = [
                &user.name, &user.image, &account.refresh_token, &account.access_token, &account.token_type, &account.scope,
                &account.id_token, &account.session_state, &account.oauth_token_secret, &account.oauth_token,
            ];
            if texts.into_iter().flatten().map(String::len).sum::<usize>() > 1 << 22 {
                return Err(Error::backend("the packet is too large"));
            }
            db.create_user_with_account(user, account)
        }
    }

    ExpiresAtInFloat "create_user_with_account.numbers_and_times": "Stores the expires_at of a new user's account as a floating-point number." {
        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            let mut account = account.clone();
            account.expires_at = account.expires_at.map(|number| number as f64 as i64);
            db.create_user_with_account(user, &account)
        }
    }

    LooksForUserIdThenSignsUp "create_user_with_account.one_user_id_one_winner": "Checks whether the user's id is free, then creates the user and links the account." {
        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            if db.get_user(user.id)?.is_some() {
                return Err(Error::conflict(Constraint::UserId));
            }
            pause();
            sign_up_after(db, user, account, |model| drop(model.users.remove(&user.id)))
        }
    }

    SignsUpBesideNewUsers "create_user_with_account.one_email_one_winner": "Checks whether the email address is free, then signs up, under a lock that only sign-ups take." {
        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            sign_up_beside(db, user, account)
        }
    }

    SignsUpBesideUpdates "create_user_with_account.one_email_one_winner": "Checks whether the email address is free, then signs up, under a lock that updates of users do not take." {
        fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
            let _alone = SIGN_UP.lock().expect("no panic while held");
            db.create_user(user)
        }

        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            sign_up_beside(db, user, account)
        }
    }

    SignsUpBesideLinks "create_user_with_account.one_winner": "Checks whether the account is free, then signs up, under a lock that only sign-ups take." {
        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            let _alone = SIGN_UP.lock().expect("no panic while held");
            if db.get_account(&account.provider, &account.provider_account_id)?.is_some() {
                return Err(Error::conflict(Constraint::ProviderAccount));
            }
            pause();
            sign_up_after(db, user, account, |model| drop(model.accounts.remove(&key(account))))
        }
    }

    CutsListedAccounts "list_accounts_by_user_id.large_rows": "Truncates a session state in a list of accounts to 65,535 bytes." {
        fn list_accounts_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Account>> {
            let mut accounts = db.list_accounts_by_user_id(user_id)?;
            accounts.iter_mut().for_each(|account| some(&mut account.session_state, cut));
            Ok(accounts)
        }
    }

    ListsAccountsByPages "list_accounts_by_user_id.one_moment_of_many": "Reads a user's accounts in pages of 100." {
        fn list_accounts_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Account>> {
            by_pages(|| db.list_accounts_by_user_id(user_id), |account| (account.provider.clone(), account.provider_account_id.clone()))
        }
    }

    UpdatesRefreshTokenFirst "update_account.never_half": "Writes the refresh token of an account, then its other fields." {
        fn update_account(&self, db: &Reference, provider: &str, provider_account_id: &str, changes: &AccountChanges) -> Result<Account> {
            let first = AccountChanges { refresh_token: changes.refresh_token.clone(), ..AccountChanges::default() };
            db.update_account(provider, provider_account_id, &first)?;
            pause();
            db.update_account(provider, provider_account_id, changes)
        }
    }

    WritesAccountsBack "update_account.all_survive": "Reads an account and writes its scope back, to update several tokens." {
        fn update_account(
            &self,
            db: &Reference,
            provider: &str,
            provider_account_id: &str,
            changes: &AccountChanges,
        ) -> Result<Account> {
            let tokens = [&changes.refresh_token, &changes.access_token, &changes.id_token];
            let mut changes = changes.clone();
            if tokens.iter().filter(|token| ***token != Change::Keep).count() > 1
                && let Some(read) = db.get_account(provider, provider_account_id)?
            {
                pause();
                changes.scope = changes.scope.apply(read.scope).into();
            }
            db.update_account(provider, provider_account_id, &changes)
        }
    }

    JoinsScopes "refresh_account.text": "Separates the words of a scope with one space each." {
        fn refresh_account(
            &self,
            db: &Reference,
            provider: &str,
            provider_account_id: &str,
            seen: Option<&str>,
            changes: &AccountChanges,
        ) -> Result<Option<Account>> {
            let mut changes = changes.clone();
            if let Change::Set(scope) = &mut changes.scope {
                *scope = scope.split_whitespace().collect::<Vec<_>>().join(" ");
            }
            db.refresh_account(provider, provider_account_id, seen, &changes)
        }
    }

    LengthOfNull "link_account.every_length": "Takes a string of 251 bytes for NULL." {
        stores!(link_account |account: Account| {
            account.oauth_token = account.oauth_token.filter(|token| token.len() != 251);
        });
    }
}
