//! Faults with what removes a user's own, and with passkeys that are used.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use authstore_conformance::Model;

use super::fault::*;

/// Whether there is such an account of the user.
fn has_account(db: &Reference, user_id: Uuid, provider: &str, account: &str) -> Result<bool> {
    Ok(db
        .get_account(provider, account)?
        .is_some_and(|account| account.user_id == user_id))
}

/// Whether there is such a passkey of the user.
fn has_passkey(db: &Reference, user_id: Uuid, credential_id: &str) -> Result<bool> {
    Ok(db
        .get_authenticator(credential_id)?
        .is_some_and(|passkey| passkey.user_id == user_id))
}

fn removal(deleted: bool) -> Removal {
    if deleted {
        Removal::Done
    } else {
        Removal::Absent
    }
}

/// Counts the accounts and the passkeys of the user, each alike.
fn ways_in(db: &Reference, user_id: Uuid) -> Result<usize> {
    Ok(db.list_accounts_by_user_id(user_id)?.len()
        + db.list_authenticators_by_user_id(user_id)?.len())
}

/// Unlinks an account, and decides whether it is the last way to sign in by what a fault leaves of the rows.
fn unlink_counting(
    db: &Reference,
    user_id: Uuid,
    provider: &str,
    account: &str,
    keep_last: bool,
    leave: impl Fn(&mut Model, &Account),
) -> Result<Removal> {
    db.with(|model| {
        let mut counted = model.clone();
        if let Some(own) = model.get_account(provider, account) {
            leave(&mut counted, &own);
        }
        match counted.unlink_account_of_user(user_id, provider, account, keep_last) {
            Removal::LastWayIn => Removal::LastWayIn,
            _ => model.unlink_account_of_user(user_id, provider, account, keep_last),
        }
    })
}

/// The same for a passkey.
fn delete_counting(
    db: &Reference,
    user_id: Uuid,
    credential_id: &str,
    keep_last: bool,
    leave: impl Fn(&mut Model, &Authenticator),
) -> Result<Removal> {
    db.with(|model| {
        let mut counted = model.clone();
        if let Some(own) = model.get_authenticator(credential_id) {
            leave(&mut counted, &own);
        }
        match counted.delete_authenticator_of_user(user_id, credential_id, keep_last) {
            Removal::LastWayIn => Removal::LastWayIn,
            _ => model.delete_authenticator_of_user(user_id, credential_id, keep_last),
        }
    })
}

faults! {
    DeletesSessionOfUserQuietly "delete_session_of_user.reports_whether_deleted": "Does not report whether it has deleted a user's session." {
        fn delete_session_of_user(&self, db: &Reference, user_id: Uuid, session_id: Uuid) -> Result<bool> {
            db.delete_session_of_user(user_id, session_id).map(|_| true)
        }
    }

    DeletesAnybodysSession "delete_session_of_user.only_the_users": "Does not check whose session it deletes." {
        fn delete_session_of_user(&self, db: &Reference, _: Uuid, session_id: Uuid) -> Result<bool> {
            db.with(|model| {
                let owner = model.sessions.values().find(|session| session.id == session_id).map(|session| session.user_id);
                owner.is_some_and(|owner| model.delete_session_of_user(owner, session_id))
            })
        }
    }

    DeletesAllOfUser "delete_session_of_user.leaves_others_unchanged": "Deletes all sessions of the user." {
        fn delete_session_of_user(&self, db: &Reference, user_id: Uuid, session_id: Uuid) -> Result<bool> {
            let deleted = db.delete_session_of_user(user_id, session_id)?;
            if deleted {
                db.delete_sessions_by_user_id(user_id, None)?;
            }
            Ok(deleted)
        }
    }

    LooksThenDeletesOfUser "delete_session_of_user.one_winner": "Checks whether there is such a session of the user, then deletes it." {
        fn delete_session_of_user(&self, db: &Reference, user_id: Uuid, session_id: Uuid) -> Result<bool> {
            let found = db.list_sessions_by_user_id(user_id)?.iter().any(|session| session.id == session_id);
            pause();
            db.delete_session_of_user(user_id, session_id)?;
            Ok(found)
        }
    }

    UnlinksQuietly "unlink_account_of_user.reports_what_happened": "Reports an account as unlinked, although it does not exist." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            let done = db.unlink_account_of_user(user_id, provider, account, keep_last)?;
            Ok(if done == Removal::Absent { Removal::Done } else { done })
        }
    }

    UnlinksAnybodys "unlink_account_of_user.only_the_users": "Does not check whose account it unlinks." {
        fn unlink_account_of_user(&self, db: &Reference, _: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            match db.get_account(provider, account)? {
                Some(found) => db.unlink_account_of_user(found.user_id, provider, account, keep_last),
                None => Ok(Removal::Absent),
            }
        }
    }

    UnlinksAllOfUser "unlink_account_of_user.leaves_others_unchanged": "Unlinks all accounts of the user." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            let done = db.unlink_account_of_user(user_id, provider, account, keep_last)?;
            if done == Removal::Done {
                db.with(|model| model.accounts.retain(|_, account| account.user_id != user_id))?;
            }
            Ok(done)
        }
    }

    UnlinksThePasskey "unlink_account_of_user.leaves_others_unchanged": "Deletes the passkey of the account that it unlinks." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            let unlinked = db.get_account(provider, account)?;
            let done = db.unlink_account_of_user(user_id, provider, account, keep_last)?;
            if done == Removal::Done && unlinked.is_some_and(|account| account.kind == "webauthn") {
                db.with(|model| model.authenticators.retain(|_, passkey| passkey.provider_account_id != account))?;
            }
            Ok(done)
        }
    }

    UnlinksInOtherCase "unlink_account_of_user.exact": "Unlinks an account by its id in a different case." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            let own = db.with(|model| model.accounts.keys().find(|own| own.1.to_lowercase() == account.to_lowercase()).cloned())?;
            db.unlink_account_of_user(user_id, provider, own.as_ref().map_or(account, |own| &own.1), keep_last)
        }
    }

    UnlinksTheLast "unlink_account_of_user.keeps_the_last": "Unlinks the last way to sign in too." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, _: bool) -> Result<Removal> {
            db.unlink_account_of_user(user_id, provider, account, false)
        }
    }

    CountsItsOwnKind "unlink_account_of_user.keeps_the_last": "Counts accounts of the kind webauthn, too, when it unlinks one." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            let accounts = db.list_accounts_by_user_id(user_id)?;
            let (own, others): (Vec<_>, Vec<_>) = accounts.iter().partition(|own| (&*own.provider, &*own.provider_account_id) == (provider, account));
            let alike = own.iter().any(|own| own.kind == "webauthn" && others.iter().any(|other| other.kind == own.kind));
            db.unlink_account_of_user(user_id, provider, account, keep_last && !alike)
        }
    }

    CountsTwoAccounts "unlink_account_of_user.keeps_the_last": "Looks for another way to sign in among the user's first two other accounts." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            unlink_counting(db, user_id, provider, account, keep_last, |model, own| {
                let mut others = 0;
                model.accounts.retain(|_, other| {
                    others += usize::from(other.user_id == own.user_id && other.id != own.id);
                    others <= 2 || other.id == own.id
                });
            })
        }
    }

    CountsAPageOfAccounts "delete_authenticator_of_user.keeps_the_last": "Looks for another way to sign in among the user's first hundred accounts." {
        fn delete_authenticator_of_user(&self, db: &Reference, user_id: Uuid, credential_id: &str, keep_last: bool) -> Result<Removal> {
            delete_counting(db, user_id, credential_id, keep_last, |model, own| {
                let mut accounts = 0;
                model.accounts.retain(|_, account| {
                    accounts += usize::from(account.user_id == own.user_id);
                    accounts <= 100
                });
            })
        }
    }

    CountsAsLinked (Mutex<BTreeMap<(String, String), String>>) "unlink_account_of_user.keeps_the_last": "Counts an account as a way to sign in by the type with which it was linked." {
        fn link_account(&self, db: &Reference, account: &Account) -> Result<()> {
            db.link_account(account)?;
            let key = (account.provider.clone(), account.provider_account_id.clone());
            self.0.lock().expect("no panic while held").insert(key, account.kind.clone());
            Ok(())
        }

        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            let linked = self.0.lock().expect("no panic while held");
            let others = db.list_accounts_by_user_id(user_id)?.into_iter().filter(|other| (&*other.provider, &*other.provider_account_id) != (provider, account));
            let has_other = others.map(|other| (other.provider, other.provider_account_id)).any(|key| linked.get(&key).is_some_and(|kind| kind != "webauthn"));
            db.unlink_account_of_user(user_id, provider, account, keep_last && !has_other)
        }
    }

    KeepsPasskeyAsLinked (Mutex<BTreeMap<(String, String), String>>) "delete_authenticator_of_user.keeps_the_last": "Counts an account next to a passkey by the type with which it was linked." {
        fn link_account(&self, db: &Reference, account: &Account) -> Result<()> {
            db.link_account(account)?;
            let key = (account.provider.clone(), account.provider_account_id.clone());
            self.0.lock().expect("no panic while held").insert(key, account.kind.clone());
            Ok(())
        }

        fn delete_authenticator_of_user(&self, db: &Reference, user_id: Uuid, credential_id: &str, keep_last: bool) -> Result<Removal> {
            let linked = self.0.lock().expect("no panic while held");
            let accounts = db.list_accounts_by_user_id(user_id)?.into_iter().map(|account| (account.provider, account.provider_account_id));
            let has_account = accounts.into_iter().any(|key| linked.get(&key).is_some_and(|kind| kind != "webauthn"));
            db.delete_authenticator_of_user(user_id, credential_id, keep_last && !has_account)
        }
    }

    CountsAccountsAlone "unlink_account_of_user.keeps_the_last": "Does not count passkeys as ways to sign in." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            if keep_last && has_account(db, user_id, provider, account)? && db.list_accounts_by_user_id(user_id)?.len() == 1 {
                return Ok(Removal::LastWayIn);
            }
            db.unlink_account_of_user(user_id, provider, account, false)
        }
    }

    TrimsKinds "unlink_account_of_user.keeps_the_last": "Trims the kind of an account before it compares it with `webauthn`." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            db.with(|model| {
                let mut counted = model.clone();
                for account in counted.accounts.values_mut() {
                    account.kind = account.kind.trim().to_owned();
                }
                match counted.unlink_account_of_user(user_id, provider, account, keep_last) {
                    Removal::LastWayIn => Removal::LastWayIn,
                    _ => model.unlink_account_of_user(user_id, provider, account, keep_last),
                }
            })
        }
    }

    AlwaysKeepsTheLast "unlink_account_of_user.takes_the_last": "Keeps the last way to sign in without being asked to." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, _: bool) -> Result<Removal> {
            db.unlink_account_of_user(user_id, provider, account, true)
        }
    }

    CountsAllButOne "unlink_account_of_user.passkey_with_account_is_one_way": "Counts a second passkey that belongs to the account as another way to sign in." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            db.with(|model| {
                let belong = model.authenticators.values().filter(|passkey| passkey.user_id == user_id && passkey.provider_account_id == account);
                let keep_last = keep_last && belong.count() < 2;
                model.unlink_account_of_user(user_id, provider, account, keep_last)
            })
        }
    }

    CountsPasskeyTwice "unlink_account_of_user.passkey_with_account_is_one_way": "Counts a passkey and its account as two ways to sign in." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            if keep_last && has_account(db, user_id, provider, account)? && ways_in(db, user_id)? == 1 {
                return Ok(Removal::LastWayIn);
            }
            db.unlink_account_of_user(user_id, provider, account, false)
        }
    }

    SubtractsAnybodysPasskeys "unlink_account_of_user.keeps_the_last": "Takes anybody's passkeys that belong to an account off the user's own." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            let are_left = db.with(|model| {
                let Some(unlinked) = model.get_account(provider, account).filter(|own| own.user_id == user_id) else {
                    return true;
                };
                let accounts = model.accounts.values().filter(|other| {
                    other.user_id == user_id && other.kind != "webauthn" && other.id != unlinked.id
                });
                let passkeys = model.authenticators.values();
                let own = passkeys.clone().filter(|passkey| passkey.user_id == user_id).count();
                let with_it = passkeys.filter(|passkey| {
                    unlinked.kind == "webauthn" && passkey.provider_account_id == unlinked.provider_account_id
                });
                accounts.count() + own.saturating_sub(with_it.count()) > 0
            })?;
            if keep_last && !are_left {
                return Ok(Removal::LastWayIn);
            }
            db.unlink_account_of_user(user_id, provider, account, false)
        }
    }

    CountsThenUnlinks "unlink_account_of_user.last_of_several_at_once": "Counts the ways to sign in, then unlinks the account." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            let counted = db.with(|model| model.clone().unlink_account_of_user(user_id, provider, account, keep_last))?;
            pause();
            match counted {
                Removal::Done => Ok(removal(db.unlink_account(provider, account)?)),
                other => Ok(other),
            }
        }

        fn delete_authenticator_of_user(&self, db: &Reference, user_id: Uuid, credential_id: &str, keep_last: bool) -> Result<Removal> {
            let counted = db.with(|model| model.clone().delete_authenticator_of_user(user_id, credential_id, keep_last))?;
            pause();
            match counted {
                Removal::Done => Ok(removal(db.delete_authenticator(credential_id)?)),
                other => Ok(other),
            }
        }
    }

    DeletesPasskeyQuietly "delete_authenticator_of_user.reports_what_happened": "Reports a passkey as deleted, although it does not exist." {
        fn delete_authenticator_of_user(&self, db: &Reference, user_id: Uuid, credential_id: &str, keep_last: bool) -> Result<Removal> {
            let done = db.delete_authenticator_of_user(user_id, credential_id, keep_last)?;
            Ok(if done == Removal::Absent { Removal::Done } else { done })
        }
    }

    DeletesAnybodysPasskey "delete_authenticator_of_user.only_the_users": "Does not ask whose passkey it deletes." {
        fn delete_authenticator_of_user(&self, db: &Reference, _: Uuid, credential_id: &str, keep_last: bool) -> Result<Removal> {
            match db.get_authenticator(credential_id)? {
                Some(found) => db.delete_authenticator_of_user(found.user_id, credential_id, keep_last),
                None => Ok(Removal::Absent),
            }
        }
    }

    DeletesAllPasskeysOfUser "delete_authenticator_of_user.leaves_others_unchanged": "Deletes all passkeys of the user." {
        fn delete_authenticator_of_user(&self, db: &Reference, user_id: Uuid, credential_id: &str, keep_last: bool) -> Result<Removal> {
            let done = db.delete_authenticator_of_user(user_id, credential_id, keep_last)?;
            if done == Removal::Done {
                for passkey in db.list_authenticators_by_user_id(user_id)? {
                    db.delete_authenticator(&passkey.credential_id)?;
                }
            }
            Ok(done)
        }
    }

    DeletesPasskeyInOtherCase "delete_authenticator_of_user.exact": "Deletes a passkey by its id in a different case." {
        fn delete_authenticator_of_user(&self, db: &Reference, user_id: Uuid, credential_id: &str, keep_last: bool) -> Result<Removal> {
            let own = db.with(|model| model.authenticators.keys().find(|own| own.eq_ignore_ascii_case(credential_id)).cloned())?;
            db.delete_authenticator_of_user(user_id, own.as_deref().unwrap_or(credential_id), keep_last)
        }
    }

    DeletesTheLastPasskey "delete_authenticator_of_user.keeps_the_last": "Deletes the last way to sign in too." {
        fn delete_authenticator_of_user(&self, db: &Reference, user_id: Uuid, credential_id: &str, _: bool) -> Result<Removal> {
            db.delete_authenticator_of_user(user_id, credential_id, false)
        }
    }

    CountsItsAccount "delete_authenticator_of_user.keeps_the_last": "Counts the account that Auth.js keeps beside a passkey as another way to sign in." {
        fn delete_authenticator_of_user(&self, db: &Reference, user_id: Uuid, credential_id: &str, keep_last: bool) -> Result<Removal> {
            if keep_last && has_passkey(db, user_id, credential_id)? && ways_in(db, user_id)? == 1 {
                return Ok(Removal::LastWayIn);
            }
            db.delete_authenticator_of_user(user_id, credential_id, false)
        }
    }

    CountsNoEmail "delete_authenticator_of_user.keeps_the_last": "Does not count an account of the kind `email` as a way to sign in." {
        fn delete_authenticator_of_user(&self, db: &Reference, user_id: Uuid, credential_id: &str, keep_last: bool) -> Result<Removal> {
            db.with(|model| {
                let mut counted = model.clone();
                counted.accounts.retain(|_, account| account.kind != "email");
                match counted.delete_authenticator_of_user(user_id, credential_id, keep_last) {
                    Removal::LastWayIn => Removal::LastWayIn,
                    _ => model.delete_authenticator_of_user(user_id, credential_id, keep_last),
                }
            })
        }
    }

    IgnoresTheCaseOfKinds "delete_authenticator_of_user.keeps_the_last": "Treats an account of the kind `WebAuthn` like one of the kind `webauthn`." {
        fn delete_authenticator_of_user(&self, db: &Reference, user_id: Uuid, credential_id: &str, keep_last: bool) -> Result<Removal> {
            db.with(|model| {
                let mut counted = model.clone();
                counted.accounts.retain(|_, account| !account.kind.eq_ignore_ascii_case("webauthn"));
                match counted.delete_authenticator_of_user(user_id, credential_id, keep_last) {
                    Removal::LastWayIn => Removal::LastWayIn,
                    _ => model.delete_authenticator_of_user(user_id, credential_id, keep_last),
                }
            })
        }
    }

    AlwaysKeepsTheLastPasskey "delete_authenticator_of_user.takes_the_last": "Keeps the last way to sign in without being asked to." {
        fn delete_authenticator_of_user(&self, db: &Reference, user_id: Uuid, credential_id: &str, _: bool) -> Result<Removal> {
            db.delete_authenticator_of_user(user_id, credential_id, true)
        }
    }

    CountsThenDeletesPasskey "delete_authenticator_of_user.last_of_two_at_once": "Counts the ways to sign in, then deletes the passkey." {
        fn delete_authenticator_of_user(&self, db: &Reference, user_id: Uuid, credential_id: &str, keep_last: bool) -> Result<Removal> {
            let counted = db.with(|model| model.clone().delete_authenticator_of_user(user_id, credential_id, keep_last))?;
            pause();
            match counted {
                Removal::Done => Ok(removal(db.delete_authenticator(credential_id)?)),
                other => Ok(other),
            }
        }
    }

    CountsThenUnlinksUnderLoad "linearizable.ways_in": "Counts the ways to sign in, then unlinks the account, whatever has changed since." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            let counted = db.with(|model| model.clone().unlink_account_of_user(user_id, provider, account, keep_last))?;
            pause();
            if counted == Removal::Done {
                db.unlink_account(provider, account)?;
            }
            Ok(counted)
        }
    }

    ForgetsBackupState "use_authenticator.greater_counter": "Stores the counter, and not whether the passkey is backed up." {
        fn use_authenticator(&self, db: &Reference, credential_id: &str, counter: i64, _: bool) -> Result<Authenticator> {
            let before = db.get_authenticator(credential_id)?.is_some_and(|passkey| passkey.credential_backed_up);
            db.use_authenticator(credential_id, counter, before)
        }
    }

    CounterIn32Bits "use_authenticator.greater_counter": "Compares counters in 32 bits." {
        fn use_authenticator(&self, db: &Reference, credential_id: &str, counter: i64, backed_up: bool) -> Result<Authenticator> {
            db.use_authenticator(credential_id, counter & 0xffff_ffff, backed_up)
        }
    }

    LocksSyncedPasskeysOut "use_authenticator.always_zero": "Requires the counter to increase, although a synchronized passkey's never does." {
        fn use_authenticator(&self, db: &Reference, credential_id: &str, counter: i64, backed_up: bool) -> Result<Authenticator> {
            match db.get_authenticator(credential_id)? {
                Some(passkey) if counter <= passkey.counter => Err(Error::conflict(Constraint::AuthenticatorCounter)),
                _ => db.use_authenticator(credential_id, counter, backed_up),
            }
        }
    }

    AcceptsReplays "use_authenticator.replayed": "Accepts the same counter again." {
        fn use_authenticator(&self, db: &Reference, credential_id: &str, counter: i64, backed_up: bool) -> Result<Authenticator> {
            match db.get_authenticator(credential_id)? {
                Some(passkey) if passkey.counter == counter => Ok(passkey),
                _ => db.use_authenticator(credential_id, counter, backed_up),
            }
        }
    }

    AcceptsZero "use_authenticator.replayed": "Accepts a counter of zero whatever is stored." {
        fn use_authenticator(&self, db: &Reference, credential_id: &str, counter: i64, backed_up: bool) -> Result<Authenticator> {
            match db.get_authenticator(credential_id)? {
                Some(passkey) if counter == 0 => Ok(passkey),
                _ => db.use_authenticator(credential_id, counter, backed_up),
            }
        }
    }

    WritesReplays "use_authenticator.replayed": "Rejects a replayed counter, and stores whether the passkey is backed up." {
        fn use_authenticator(&self, db: &Reference, credential_id: &str, counter: i64, backed_up: bool) -> Result<Authenticator> {
            db.use_authenticator(credential_id, counter, backed_up).inspect_err(|_| {
                let _ = db.with(|model| {
                    if let Some(passkey) = model.authenticators.get_mut(credential_id) {
                        passkey.credential_backed_up = backed_up;
                    }
                });
            })
        }
    }

    UsesNothing "use_authenticator.missing": "Reports a wrong counter for a passkey that does not exist." {
        fn use_authenticator(&self, db: &Reference, credential_id: &str, counter: i64, backed_up: bool) -> Result<Authenticator> {
            match db.use_authenticator(credential_id, counter, backed_up) {
                Err(Error::NotFound { .. }) => Err(Error::conflict(Constraint::AuthenticatorCounter)),
                done => done,
            }
        }
    }

    UsesAllOfUser "use_authenticator.leaves_others_unchanged": "Sets the counters of all passkeys of the user." {
        fn use_authenticator(&self, db: &Reference, credential_id: &str, counter: i64, backed_up: bool) -> Result<Authenticator> {
            let used = db.use_authenticator(credential_id, counter, backed_up)?;
            for passkey in db.list_authenticators_by_user_id(used.user_id)? {
                db.update_authenticator_counter(&passkey.credential_id, counter)?;
            }
            Ok(used)
        }
    }

    UsesInOtherCase "use_authenticator.exact": "Uses a passkey by its id in a different case." {
        fn use_authenticator(&self, db: &Reference, credential_id: &str, counter: i64, backed_up: bool) -> Result<Authenticator> {
            let own = db.with(|model| model.authenticators.keys().find(|own| own.eq_ignore_ascii_case(credential_id)).cloned())?;
            db.use_authenticator(own.as_deref().unwrap_or(credential_id), counter, backed_up)
        }
    }

    ComparesThenWrites "use_authenticator.one_winner": "Compares the counter, then writes it." {
        fn use_authenticator(&self, db: &Reference, credential_id: &str, counter: i64, backed_up: bool) -> Result<Authenticator> {
            db.with(|model| model.clone().use_authenticator(credential_id, counter, backed_up))?
                .map_err(|refusals| Error::from(refusals[0]))?;
            pause();
            db.update_authenticator_counter(credential_id, counter)
        }
    }

    PasskeyOfNobody "create_user_with_authenticator.stored": "Creates the user, and not the passkey." {
        fn create_user_with_authenticator(&self, db: &Reference, user: &User, authenticator: &Authenticator) -> Result<()> {
            db.create_user_with_authenticator(user, authenticator)?;
            db.delete_authenticator(&authenticator.credential_id).map(drop)
        }
    }

    PasskeyFirst "create_user_with_authenticator.user_conflicts": "Leaves the passkey when the user conflicts." {
        fn create_user_with_authenticator(&self, db: &Reference, user: &User, authenticator: &Authenticator) -> Result<()> {
            db.create_user_with_authenticator(user, authenticator).inspect_err(|_| {
                let _ = db.with(|model| model.authenticators.insert(authenticator.credential_id.clone(), authenticator.clone()));
            })
        }
    }

    ReservesTheAddress (Mutex<BTreeSet<String>>) "create_user_with_authenticator.authenticator_conflicts": "Keeps the email address taken when the passkey conflicts." {
        fn create_user_with_authenticator(&self, db: &Reference, user: &User, authenticator: &Authenticator) -> Result<()> {
            let done = db.create_user_with_authenticator(user, authenticator);
            if let (Err(Error::Conflict { constraint: Constraint::AuthenticatorCredentialId }), Some(email)) = (&done, &user.email) {
                self.0.lock().unwrap().insert(email.clone());
            }
            done
        }

        fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
            let taken = self.0.lock().unwrap();
            match user.email.as_ref().is_some_and(|email| taken.contains(email)) {
                true => Err(Error::Conflict { constraint: Constraint::UserEmail }),
                false => db.create_user(user),
            }
        }
    }

    UserFirst "create_user_with_authenticator.authenticator_conflicts": "Leaves the user when the passkey conflicts." {
        fn create_user_with_authenticator(&self, db: &Reference, user: &User, authenticator: &Authenticator) -> Result<()> {
            db.create_user(user)?;
            db.create_authenticator(authenticator)
        }
    }

    LooksThenSignsUp "create_user_with_authenticator.one_winner": "Checks whether the credential id is free, then creates the user and the passkey." {
        fn create_user_with_authenticator(&self, db: &Reference, user: &User, authenticator: &Authenticator) -> Result<()> {
            if db.get_authenticator(&authenticator.credential_id)?.is_some() {
                return Err(Error::conflict(Constraint::AuthenticatorCredentialId));
            }
            pause();
            db.create_user(user)?;
            db.with(|model| { model.authenticators.insert(authenticator.credential_id.clone(), authenticator.clone()); })
        }
    }

    ChecksWhoseSession "delete_session_of_user.spares_what_moves_away": "Checks whose session it is, then deletes the session with its id." {
        fn delete_session_of_user(&self, db: &Reference, user_id: Uuid, session_id: Uuid) -> Result<bool> {
            let is_theirs = db.list_sessions_by_user_id(user_id)?.iter().any(|session| session.id == session_id);
            pause();
            db.with(|model| {
                let owner = model.sessions.values().find(|session| session.id == session_id).map(|session| session.user_id);
                owner.is_some_and(|owner| is_theirs && model.delete_session_of_user(owner, session_id))
            })
        }
    }

    ChecksWhoseAccount "unlink_account_of_user.spares_what_moves_away": "Checks whose account it is, then unlinks the account with its key." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            if !has_account(db, user_id, provider, account)? {
                return Ok(Removal::Absent);
            }
            pause();
            db.with(|model| match model.get_account(provider, account) {
                Some(found) => model.unlink_account_of_user(found.user_id, provider, account, keep_last && found.user_id == user_id),
                None => Removal::Absent,
            })
        }
    }

    ChecksWhosePasskey "delete_authenticator_of_user.spares_what_moves_away": "Checks whose passkey it is, then deletes the passkey with its id." {
        fn delete_authenticator_of_user(&self, db: &Reference, user_id: Uuid, credential_id: &str, keep_last: bool) -> Result<Removal> {
            if !has_passkey(db, user_id, credential_id)? {
                return Ok(Removal::Absent);
            }
            pause();
            db.with(|model| match model.get_authenticator(credential_id) {
                Some(found) => model.delete_authenticator_of_user(found.user_id, credential_id, keep_last && found.user_id == user_id),
                None => Removal::Absent,
            })
        }
    }

    CountsAccountIdsOnce "unlink_account_of_user.keeps_the_last": "Counts accounts with the same account id at two providers as one way to sign in." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            unlink_counting(db, user_id, provider, account, keep_last, |counted, own| {
                counted.accounts.retain(|_, other| other.id == own.id || other.provider_account_id != own.provider_account_id);
            })
        }
    }

    CountsProvidersOnce "unlink_account_of_user.keeps_the_last": "Counts two accounts at one provider as one way to sign in." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            unlink_counting(db, user_id, provider, account, keep_last, |counted, own| {
                counted.accounts.retain(|_, other| other.id == own.id || other.provider != own.provider);
            })
        }
    }

    CountsNoPasskeyWithItsId "unlink_account_of_user.keeps_the_last": "Counts a passkey whose id is the account's as one way with it, whatever the kind of the account." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            unlink_counting(db, user_id, provider, account, keep_last, |counted, own| {
                counted.authenticators.retain(|_, other| other.provider_account_id != own.provider_account_id);
            })
        }
    }

    BelongsByCredentialId "unlink_account_of_user.keeps_the_last": "Takes a passkey for that of an account by its credential id as well." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            unlink_counting(db, user_id, provider, account, keep_last, |counted, own| {
                counted.authenticators.retain(|_, other| own.kind != "webauthn" || other.credential_id != own.provider_account_id);
            })
        }
    }

    CountsPasskeysOfAnAccountOnce "delete_authenticator_of_user.keeps_the_last": "Counts two passkeys with the same account id as one way to sign in." {
        fn delete_authenticator_of_user(&self, db: &Reference, user_id: Uuid, credential_id: &str, keep_last: bool) -> Result<Removal> {
            delete_counting(db, user_id, credential_id, keep_last, |counted, own| {
                counted.authenticators.retain(|id, other| *id == own.credential_id || other.provider_account_id != own.provider_account_id);
            })
        }
    }

    CountsNoAccountWithItsId "delete_authenticator_of_user.keeps_the_last": "Counts an account with the passkey's account id as one way with it, whatever its kind." {
        fn delete_authenticator_of_user(&self, db: &Reference, user_id: Uuid, credential_id: &str, keep_last: bool) -> Result<Removal> {
            delete_counting(db, user_id, credential_id, keep_last, |counted, own| {
                counted.accounts.retain(|_, other| other.provider_account_id != own.provider_account_id);
            })
        }
    }

    CountsNoAccountWithItsCredential "delete_authenticator_of_user.keeps_the_last": "Counts an account whose id is the passkey's credential id as one way with it, whatever its kind." {
        fn delete_authenticator_of_user(&self, db: &Reference, user_id: Uuid, credential_id: &str, keep_last: bool) -> Result<Removal> {
            delete_counting(db, user_id, credential_id, keep_last, |counted, own| {
                counted.accounts.retain(|_, other| other.provider_account_id != own.credential_id);
            })
        }
    }

    BelongsInOtherCase "unlink_account_of_user.passkey_with_account_is_one_way": "Ignores the case of the id by which a passkey belongs to an account." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            unlink_counting(db, user_id, provider, account, keep_last, |counted, own| {
                counted.authenticators.retain(|_, other| own.kind != "webauthn" || !other.provider_account_id.eq_ignore_ascii_case(&own.provider_account_id));
            })
        }
    }

    BelongsWithoutPadding "unlink_account_of_user.passkey_with_account_is_one_way": "Ignores the padding of the id by which a passkey belongs to an account." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            unlink_counting(db, user_id, provider, account, keep_last, |counted, own| {
                let bare = |id: &str| id.trim_end_matches('=').to_owned();
                counted.authenticators.retain(|_, other| own.kind != "webauthn" || bare(&other.provider_account_id) != bare(&own.provider_account_id));
            })
        }
    }

    BelongsByPattern "unlink_account_of_user.passkey_with_account_is_one_way": "Finds the passkeys that belong to an account with LIKE." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            unlink_counting(db, user_id, provider, account, keep_last, |counted, own| {
                let pattern = &own.provider_account_id;
                let is_like = |id: &str| id.len() == pattern.len() && id.bytes().zip(pattern.bytes()).all(|(own, other)| own == other || other == b'_');
                counted.authenticators.retain(|_, other| own.kind != "webauthn" || !is_like(&other.provider_account_id));
            })
        }
    }

    LinksByTheStart "unlink_account_of_user.passkey_with_account_is_one_way": "Takes a passkey for an account's own if the first 255 characters of the account ids are the same." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            unlink_counting(db, user_id, provider, account, keep_last, |counted, own| {
                let head = |text: &str| text.chars().take(255).collect::<String>();
                for passkey in counted.authenticators.values_mut() {
                    if head(&passkey.provider_account_id) == head(&own.provider_account_id) {
                        passkey.provider_account_id = own.provider_account_id.clone();
                    }
                }
            })
        }
    }

    MissesLongIds "unlink_account_of_user.passkey_with_account_is_one_way": "Counts a passkey with an account id of more than 255 characters and its account as two ways to sign in." {
        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            db.unlink_account_of_user(user_id, provider, account, keep_last && account.chars().count() <= 255)
        }
    }
}
