//! Faults with authenticators.

use std::collections::BTreeSet;
use std::sync::Mutex;

use super::fault::*;
use super::values::*;

/// Stores an authenticator whatever refuses it.
fn force(db: &Reference, authenticator: &Authenticator) -> Result<()> {
    db.with(|model| {
        let id = authenticator.credential_id.clone();
        model.authenticators.insert(id, authenticator.clone());
    })
}

faults! {
    UsesInAscii "values.any_row": "Loses the characters outside ASCII of a passkey's public key when the passkey is used." {
        fn use_authenticator(&self, db: &Reference, credential_id: &str, counter: i64, credential_backed_up: bool) -> Result<Authenticator> {
            let mut used = db.use_authenticator(credential_id, counter, credential_backed_up)?;
            used.credential_public_key.retain(|character| character.is_ascii());
            db.with(|model| model.authenticators.insert(credential_id.to_owned(), used.clone()))?;
            Ok(used)
        }
    }

    DeletesDetailsAfterPasskeys "faults.answer_late": "Deletes a passkey, and its details in a second step." {
        fn delete_authenticator(&self, db: &Reference, credential_id: &str) -> Result<bool> {
            let details = db.with(|model| model.authenticator_details.get(credential_id).cloned())?;
            let deleted = db.delete_authenticator(credential_id);
            if let Some(details) = details {
                db.with(|model| model.authenticator_details.insert(credential_id.to_owned(), details))?;
                if deleted.is_ok() {
                    db.with(|model| model.authenticator_details.remove(credential_id))?;
                }
            }
            deleted
        }
    }

    CountsChangedRows "use_authenticator.always_zero": "Does not find a passkey if its use changes nothing." {
        fn use_authenticator(&self, db: &Reference, credential_id: &str, counter: i64, credential_backed_up: bool) -> Result<Authenticator> {
            let before = db.get_authenticator(credential_id)?;
            let used = db.use_authenticator(credential_id, counter, credential_backed_up)?;
            match before {
                Some(before) if before == used => Err(Error::not_found(Entity::Authenticator)),
                _ => Ok(used),
            }
        }
    }

    UsesTheDeleted "use_authenticator.never_resurrects": "Writes a passkey again when it is used, even if it was deleted since it was read." {
        fn use_authenticator(&self, db: &Reference, credential_id: &str, counter: i64, credential_backed_up: bool) -> Result<Authenticator> {
            let read = db.get_authenticator(credential_id)?;
            pause();
            let used = db.use_authenticator(credential_id, counter, credential_backed_up);
            match (read, used) {
                (Some(read), Err(Error::NotFound { .. })) => {
                    let written = Authenticator { counter, credential_backed_up, ..read };
                    db.with(|model| model.authenticators.insert(credential_id.to_owned(), written.clone()))?;
                    Ok(written)
                }
                (_, used) => used,
            }
        }
    }

    SignsUpInTwoSteps "create_user_with_authenticator.never_half": "Creates a user, and then the passkey." {
        fn create_user_with_authenticator(&self, db: &Reference, user: &User, authenticator: &Authenticator) -> Result<()> {
            let mut copy = db.with(|model| model.clone())?;
            if let Err(refusals) = copy.create_user_with_authenticator(user, authenticator) {
                return Err(refusals[0].into());
            }
            db.create_user(user)?;
            std::thread::yield_now();
            db.create_authenticator(authenticator)
        }
    }

    OneForEachKey "create_authenticator.stored": "Replaces a passkey when another is created with the same public key." {
        fn create_authenticator(&self, db: &Reference, authenticator: &Authenticator) -> Result<()> {
            db.create_authenticator(authenticator)?;
            db.with(|model| model.authenticators.retain(|_, other| {
                other.credential_id == authenticator.credential_id
                    || other.credential_public_key != authenticator.credential_public_key
            }))
        }
    }

    EnumOfDeviceTypes "create_authenticator.text": "Ignores the case of the device type `singleDevice`." {
        stores!(create_authenticator |authenticator: Authenticator| {
            if authenticator.credential_device_type.eq_ignore_ascii_case("singleDevice") {
                authenticator.credential_device_type = "singleDevice".to_owned();
            }
        });
    }

    LosesTransports "create_authenticator.stored": "Stores an authenticator without its transports." {
        stores!(create_authenticator |authenticator: Authenticator| authenticator.transports = None);
    }

    AlwaysBackedUp "create_authenticator.stored": "Stores every authenticator as backed up." {
        stores!(create_authenticator |authenticator: Authenticator| authenticator.credential_backed_up = true);
    }

    ThreeBytesInKey "create_authenticator.text": "Replaces four-byte characters in the transports with question marks." {
        stores!(create_authenticator |authenticator: Authenticator| some(&mut authenticator.transports, three_bytes));
    }

    ListOfTransports "create_authenticator.text": "Loses the empty names in a list of transports." {
        stores!(create_authenticator |authenticator: Authenticator| some(&mut authenticator.transports, |transports| {
            let names: Vec<&str> = transports.split(',').filter(|name| !name.is_empty()).collect();
            names.join(",")
        }));
    }

    CutsPublicKey "create_authenticator.long_text": "Truncates a public key to 65,535 bytes." {
        stores!(create_authenticator |authenticator: Authenticator| {
            authenticator.credential_public_key = cut(&authenticator.credential_public_key)
        });
    }

    RefusesLongCredential "create_authenticator.long_credential_id": "Rejects a credential id of more than 255 characters." {
        fn create_authenticator(&self, db: &Reference, authenticator: &Authenticator) -> Result<()> {
            if authenticator.credential_id.len() > 255 {
                return Err(Error::backend("the value is too long for the column"));
            }
            db.create_authenticator(authenticator)
        }
    }

    CredentialInOtherCase "create_authenticator.credential_id_by_bytes": "Rejects a credential id that differs from another only in case." {
        fn create_authenticator(&self, db: &Reference, authenticator: &Authenticator) -> Result<()> {
            let taken = db.with(|model| {
                model.authenticators.keys().any(|own| own.eq_ignore_ascii_case(&authenticator.credential_id))
            })?;
            if taken {
                return Err(Error::conflict(Constraint::AuthenticatorCredentialId));
            }
            db.create_authenticator(authenticator)
        }
    }

    FloatCounter "create_authenticator.every_counter": "Stores counters as floating-point numbers." {
        stores!(create_authenticator |authenticator: Authenticator| {
            authenticator.counter = (authenticator.counter as f64) as i64
        });
    }

    MovesCredential "create_authenticator.unique_credential_id": "Moves a credential that another user has." {
        fn create_authenticator(&self, db: &Reference, authenticator: &Authenticator) -> Result<()> {
            match db.create_authenticator(authenticator) {
                Err(Error::Conflict { .. }) => force(db, authenticator),
                done => done,
            }
        }
    }

    AuthenticatorOfNobody "create_authenticator.unknown_user": "Stores an authenticator of a user who does not exist." {
        fn create_authenticator(&self, db: &Reference, authenticator: &Authenticator) -> Result<()> {
            match db.create_authenticator(authenticator) {
                Err(Error::NotFound { .. }) => force(db, authenticator),
                done => done,
            }
        }
    }

    NeverCredentialAgain (Mutex<BTreeSet<String>>) "create_authenticator.again_after_delete": "Rejects a credential that was deleted." {
        fn create_authenticator(&self, db: &Reference, authenticator: &Authenticator) -> Result<()> {
            if self.0.lock().expect("no panic while held").contains(&authenticator.credential_id) {
                return Err(Error::conflict(Constraint::AuthenticatorCredentialId));
            }
            db.create_authenticator(authenticator)
        }

        fn delete_authenticator(&self, db: &Reference, credential_id: &str) -> Result<bool> {
            self.0.lock().expect("no panic while held").insert(credential_id.to_owned());
            db.delete_authenticator(credential_id)
        }
    }

    LooksThenCreatesCredential "create_authenticator.one_winner": "Checks whether a credential id is free, then creates the authenticator." {
        fn create_authenticator(&self, db: &Reference, authenticator: &Authenticator) -> Result<()> {
            if db.get_authenticator(&authenticator.credential_id)?.is_some() {
                return Err(Error::conflict(Constraint::AuthenticatorCredentialId));
            }
            pause();
            force(db, authenticator)
        }
    }

    AbsentAuthenticatorIsError "get_authenticator.absent": "Returns an error when there is no such authenticator." {
        fn get_authenticator(&self, db: &Reference, credential_id: &str) -> Result<Option<Authenticator>> {
            db.get_authenticator(credential_id)?.map(Some).ok_or(Error::not_found(Entity::Authenticator))
        }
    }

    FindsCredentialInOtherCase "get_authenticator.exact": "Finds an authenticator by its credential id in a different case." {
        fn get_authenticator(&self, db: &Reference, credential_id: &str) -> Result<Option<Authenticator>> {
            db.with(|model| {
                let mut all = model.authenticators.values();
                all.find(|own| own.credential_id.eq_ignore_ascii_case(credential_id)).cloned()
            })
        }
    }

    AbsentAuthenticatorsAreError "list_authenticators_by_user_id.absent": "Returns an error for the authenticators of a user who does not exist." {
        fn list_authenticators_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Authenticator>> {
            db.get_user(user_id)?.ok_or(Error::not_found(Entity::User))?;
            db.list_authenticators_by_user_id(user_id)
        }
    }

    ListsAllAuthenticators "list_authenticators_by_user_id.only_the_users": "Lists all users' authenticators." {
        fn list_authenticators_by_user_id(&self, db: &Reference, _: Uuid) -> Result<Vec<Authenticator>> {
            db.with(|model| model.authenticators.values().cloned().collect())
        }
    }

    CredentialsByAlphabet "list_authenticators_by_user_id.order": "Lists authenticators in the order of the alphabet, not of bytes." {
        fn list_authenticators_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Authenticator>> {
            let mut list = db.list_authenticators_by_user_id(user_id)?;
            list.sort_by_key(|authenticator| authenticator.credential_id.to_lowercase());
            Ok(list)
        }
    }

    SortsCredentialsByBeginning "list_authenticators_by_user_id.order": "Lists authenticators in the order of the first 1,024 bytes of their ids." {
        fn list_authenticators_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Authenticator>> {
            let mut list = db.list_authenticators_by_user_id(user_id)?;
            list.reverse();
            list.sort_by_key(|authenticator| authenticator.credential_id.bytes().take(1_024).collect::<Vec<_>>());
            Ok(list)
        }
    }

    CounterOnlyGrows "update_authenticator_counter.any_counter": "Does not set a counter that is lower than the one before." {
        fn update_authenticator_counter(&self, db: &Reference, credential_id: &str, counter: i64) -> Result<Authenticator> {
            let before = db.get_authenticator(credential_id)?.map_or(0, |before| before.counter);
            db.update_authenticator_counter(credential_id, counter.max(before))
        }
    }

    SameCounterNoAuthenticator "update_authenticator_counter.any_counter": "Finds no authenticator when the counter is the same, as MySQL counts rows." {
        fn update_authenticator_counter(&self, db: &Reference, credential_id: &str, counter: i64) -> Result<Authenticator> {
            match db.get_authenticator(credential_id)? {
                Some(before) if before.counter == counter => Err(Error::not_found(Entity::Authenticator)),
                _ => db.update_authenticator_counter(credential_id, counter),
            }
        }
    }

    MissesUserOfCredential "update_authenticator_counter.missing": "Names the user when the authenticator does not exist." {
        fn update_authenticator_counter(&self, db: &Reference, credential_id: &str, counter: i64) -> Result<Authenticator> {
            db.update_authenticator_counter(credential_id, counter).map_err(|error| match error {
                Error::NotFound { .. } => Error::not_found(Entity::User),
                other => other,
            })
        }
    }

    CountsForAllOfUser "update_authenticator_counter.leaves_others_unchanged": "Sets the counter of all authenticators of the user." {
        fn update_authenticator_counter(&self, db: &Reference, credential_id: &str, counter: i64) -> Result<Authenticator> {
            let done = db.update_authenticator_counter(credential_id, counter)?;
            db.with(|model| {
                for other in model.authenticators.values_mut().filter(|other| other.user_id == done.user_id) {
                    other.counter = counter;
                }
            })?;
            Ok(done)
        }
    }

    CountsForOtherCase "update_authenticator_counter.exact": "Sets the counter of a credential id in a different case." {
        fn update_authenticator_counter(&self, db: &Reference, credential_id: &str, counter: i64) -> Result<Authenticator> {
            let own = db.with(|model| {
                model.authenticators.keys().find(|own| own.eq_ignore_ascii_case(credential_id)).cloned()
            })?;
            db.update_authenticator_counter(own.as_deref().unwrap_or(credential_id), counter)
        }
    }

    DeletesNoAuthenticator "delete_authenticator.reports_whether_deleted": "Reports an authenticator as deleted, but does nothing." {
        fn delete_authenticator(&self, db: &Reference, credential_id: &str) -> Result<bool> {
            Ok(db.get_authenticator(credential_id)?.is_some())
        }
    }

    AlwaysDeletedAuthenticator "delete_authenticator.reports_whether_deleted": "Reports an authenticator as deleted, although it does not exist." {
        fn delete_authenticator(&self, db: &Reference, credential_id: &str) -> Result<bool> {
            db.delete_authenticator(credential_id).map(|_| true)
        }
    }

    DeletesAllOfUser "delete_authenticator.leaves_others_unchanged": "Deletes all authenticators of the authenticator's user." {
        fn delete_authenticator(&self, db: &Reference, credential_id: &str) -> Result<bool> {
            let owner = db.get_authenticator(credential_id)?.map(|found| found.user_id);
            db.with(|model| model.authenticators.retain(|_, other| Some(other.user_id) != owner))?;
            Ok(owner.is_some())
        }
    }

    DeletesCredentialInOtherCase "delete_authenticator.exact": "Deletes an authenticator by its credential id in a different case." {
        fn delete_authenticator(&self, db: &Reference, credential_id: &str) -> Result<bool> {
            db.with(|model| {
                let before = model.authenticators.len();
                model.authenticators.retain(|own, _| !own.eq_ignore_ascii_case(credential_id));
                model.authenticators.len() < before
            })
        }
    }

    DeletedByAllAuthenticators "delete_authenticator.one_winner": "Returns true to every caller who concurrently deletes an authenticator." {
        fn delete_authenticator(&self, db: &Reference, credential_id: &str) -> Result<bool> {
            let found = db.get_authenticator(credential_id)?.is_some();
            pause();
            db.delete_authenticator(credential_id)?;
            Ok(found)
        }
    }

    ListsAHundredAuthenticators "list_authenticators_by_user_id.no_page_limit": "Lists the first hundred authenticators." {
        fn list_authenticators_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Authenticator>> {
            Ok(db.list_authenticators_by_user_id(user_id)?.into_iter().take(100).collect())
        }
    }

    HashesCredential "create_authenticator.credential_id_by_bytes": "Takes credential ids for one if their CRC-32 is the same." {
        fn create_authenticator(&self, db: &Reference, authenticator: &Authenticator) -> Result<()> {
            let hash = crc32(&authenticator.credential_id);
            if db.with(|model| model.authenticators.keys().any(|other| crc32(other) == hash))? {
                return Err(Error::conflict(Constraint::AuthenticatorCredentialId));
            }
            db.create_authenticator(authenticator)
        }
    }

    ShortCredential "create_authenticator.every_length": "Rejects a credential id of 1,024 characters." {
        fn create_authenticator(&self, db: &Reference, authenticator: &Authenticator) -> Result<()> {
            if authenticator.credential_id.len() == 1_024 {
                return Err(Error::backend("the value is too long for the column"));
            }
            db.create_authenticator(authenticator)
        }
    }

    ListsAuthenticatorsInTwoTrips "list_authenticators_by_user_id.one_moment": "Reads the ids of a user's passkeys, then the passkeys." {
        fn list_authenticators_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Authenticator>> {
            let listed = db.list_authenticators_by_user_id(user_id)?;
            pause();
            let mut passkeys = Vec::new();
            for passkey in listed {
                passkeys.extend(db.get_authenticator(&passkey.credential_id)?);
            }
            Ok(passkeys)
        }
    }

    LooksForEmailThenSignsUp "create_user_with_authenticator.one_email_one_winner": "Checks whether the email address is free, then creates the user and the passkey." {
        fn create_user_with_authenticator(&self, db: &Reference, user: &User, authenticator: &Authenticator) -> Result<()> {
            if let Some(email) = &user.email && db.get_user_by_email(email)?.is_some() {
                return Err(Error::conflict(Constraint::UserEmail));
            }
            pause();
            db.create_user_with_authenticator(&User { email: None, ..user.clone() }, authenticator)?;
            db.with(|model| { model.users.insert(user.id, user.clone()); })
        }
    }

    CutsAccountOfPasskey "create_authenticator.every_length": "Truncates the provider account id of a passkey to 255 characters." {
        stores!(create_authenticator |authenticator: Authenticator| {
            authenticator.provider_account_id = authenticator.provider_account_id.chars().take(255).collect();
        });
    }

    SignsUpWithSmallCounter "create_user_with_authenticator.numbers_and_times": "Stores the counter of a new user's passkey in 32 bits." {
        fn create_user_with_authenticator(&self, db: &Reference, user: &User, authenticator: &Authenticator) -> Result<()> {
            let mut authenticator = authenticator.clone();
            authenticator.counter = authenticator.counter.min(u32::MAX.into());
            db.create_user_with_authenticator(user, &authenticator)
        }
    }

    SignsUpWithCutKey "create_user_with_authenticator.text": "Truncates the public key of a new user's passkey to 65,535 bytes." {
        fn create_user_with_authenticator(&self, db: &Reference, user: &User, authenticator: &Authenticator) -> Result<()> {
            let credential_public_key = cut(&authenticator.credential_public_key);
            db.create_user_with_authenticator(user, &Authenticator { credential_public_key, ..authenticator.clone() })
        }
    }

    SignsUpInThreeBytes "create_user_with_authenticator.text": "Replaces four-byte characters in the name of a new user with a passkey with question marks." {
        fn create_user_with_authenticator(&self, db: &Reference, user: &User, authenticator: &Authenticator) -> Result<()> {
            let mut user = user.clone();
            some(&mut user.name, three_bytes);
            db.create_user_with_authenticator(&user, authenticator)
        }
    }

    LooksForUserIdThenSignsUp "create_user_with_authenticator.one_user_id_one_winner": "Checks whether the user's id is free, then creates the user and the passkey." {
        fn create_user_with_authenticator(&self, db: &Reference, user: &User, authenticator: &Authenticator) -> Result<()> {
            if db.get_user(user.id)?.is_some() {
                return Err(Error::conflict(Constraint::UserId));
            }
            pause();
            db.with(|model| {
                let mut copy = model.clone();
                copy.users.remove(&user.id);
                let done = copy.create_user_with_authenticator(user, authenticator);
                if done.is_ok() {
                    *model = copy;
                }
                done
            })?.map_err(|refusals| refusals[0].into())
        }
    }

    SignsUpBesidePasskeys "create_user_with_authenticator.one_winner": "Checks whether the credential id is free, then signs up, under a lock that only sign-ups take." {
        fn create_user_with_authenticator(&self, db: &Reference, user: &User, authenticator: &Authenticator) -> Result<()> {
            static SIGN_UP: Mutex<()> = Mutex::new(());
            let _alone = SIGN_UP.lock().expect("no panic while held");
            if db.get_authenticator(&authenticator.credential_id)?.is_some() {
                return Err(Error::conflict(Constraint::AuthenticatorCredentialId));
            }
            pause();
            db.create_user(user)?;
            force(db, authenticator)
        }
    }

    SortsPasskeysByPage "list_authenticators_by_user_id.no_page_limit": "Reads passkeys in pages of 100 in no order, and sorts each page." {
        fn list_authenticators_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Authenticator>> {
            let mut passkeys = db.list_authenticators_by_user_id(user_id)?;
            passkeys.sort_by_key(|passkey| crc32(&passkey.credential_id));
            passkeys.chunks_mut(100).for_each(|page| page.sort_by_key(|passkey| passkey.credential_id.clone()));
            Ok(passkeys)
        }
    }

    ListsAuthenticatorsByPages "list_authenticators_by_user_id.one_moment_of_many": "Reads a user's passkeys in pages of 100." {
        fn list_authenticators_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<Authenticator>> {
            by_pages(|| db.list_authenticators_by_user_id(user_id), |passkey| passkey.credential_id.clone())
        }
    }

    ListsAuthenticatorsWithDetailsByPages "list_authenticators_by_user_id.one_moment_of_many": "Reads a user's passkeys with their details in pages of 100." {
        fn list_authenticators_with_details_by_user_id(&self, db: &Reference, user_id: Uuid) -> Result<Vec<(Authenticator, AuthenticatorDetails)>> {
            by_pages(|| db.list_authenticators_with_details_by_user_id(user_id), |(passkey, _)| passkey.credential_id.clone())
        }
    }

    CounterThenBackup "use_authenticator.never_half": "Writes the counter of a passkey, then whether it is backed up." {
        fn use_authenticator(&self, db: &Reference, credential_id: &str, counter: i64, backed_up: bool) -> Result<Authenticator> {
            let before = db.get_authenticator(credential_id)?;
            let mut used = db.use_authenticator(credential_id, counter, before.is_some_and(|before| before.credential_backed_up))?;
            pause();
            used.credential_backed_up = backed_up;
            db.with(|model| {
                if let Some(passkey) = model.authenticators.get_mut(credential_id) {
                    passkey.credential_backed_up = backed_up;
                }
            })?;
            Ok(used)
        }
    }
}
