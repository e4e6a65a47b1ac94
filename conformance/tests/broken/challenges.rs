//! Faults with challenges, with the tokens of an identifier, and with the list of users.

use std::collections::BTreeSet;
use std::sync::Mutex;

use super::fault::*;
use super::values::*;

faults! {
    ReplacesExpired "create_challenge.unique_key": "Replaces a challenge that has expired by the server's clock." {
        fn create_challenge(&self, db: &Reference, challenge: &Challenge) -> Result<()> {
            db.with(|model| {
                let now = OffsetDateTime::now_utc();
                model.challenges.retain(|key, stored| *key != challenge.key || stored.expires > now);
            })?;
            db.create_challenge(challenge)
        }
    }

    ChallengeLastsLonger "create_challenge.stored": "Stores a challenge that expires an hour later than it should." {
        stores!(create_challenge |challenge: Challenge| challenge.expires += Duration::from_secs(3_600));
    }

    ThreeBytesInPayload "create_challenge.text": "Replaces four-byte characters in a payload with question marks." {
        stores!(create_challenge |challenge: Challenge| challenge.payload = three_bytes(&challenge.payload));
    }

    CutsPayload "create_challenge.long_text": "Truncates a payload to 65,535 bytes." {
        stores!(create_challenge |challenge: Challenge| challenge.payload = cut(&challenge.payload));
    }

    UnpadsKey "create_challenge.key_by_bytes": "Removes the trailing spaces of a key." {
        stores!(create_challenge |challenge: Challenge| challenge.key = unpadded(&challenge.key));
    }

    CapsChallenge "create_challenge.times": "Lets a challenge last an hour at most." {
        stores!(create_challenge |challenge: Challenge| challenge.expires = capped(challenge.expires, time::Duration::hours(1)));
    }

    ChallengeInSeconds "create_challenge.times": "Truncates the expiry of a challenge to seconds." {
        stores!(create_challenge |challenge: Challenge| challenge.expires = seconds(challenge.expires));
    }

    ReplacesChallenge "create_challenge.unique_key": "Replaces a challenge when another is created with its key." {
        fn create_challenge(&self, db: &Reference, challenge: &Challenge) -> Result<()> {
            db.with(|model| { model.challenges.insert(challenge.key.clone(), challenge.clone()); })
        }
    }

    NeverThatKey (Mutex<BTreeSet<String>>) "create_challenge.again_after_use": "Rejects the key of a challenge that was used." {
        fn create_challenge(&self, db: &Reference, challenge: &Challenge) -> Result<()> {
            if self.0.lock().expect("no panic while held").contains(&challenge.key) {
                return Err(Error::conflict(Constraint::ChallengeKey));
            }
            db.create_challenge(challenge)
        }

        fn use_challenge(&self, db: &Reference, key: &str) -> Result<Option<Challenge>> {
            self.0.lock().expect("no panic while held").insert(key.to_owned());
            db.use_challenge(key)
        }
    }

    LooksThenCreatesChallenge "create_challenge.one_winner": "Checks whether a key is free, then creates the challenge." {
        fn create_challenge(&self, db: &Reference, challenge: &Challenge) -> Result<()> {
            if db.with(|model| model.challenges.contains_key(&challenge.key))? {
                return Err(Error::conflict(Constraint::ChallengeKey));
            }
            pause();
            db.with(|model| { model.challenges.insert(challenge.key.clone(), challenge.clone()); })
        }
    }

    KeepsChallenge "use_challenge.once": "Returns a challenge without deleting it." {
        fn use_challenge(&self, db: &Reference, key: &str) -> Result<Option<Challenge>> {
            db.with(|model| model.challenges.get(key).cloned())
        }
    }

    AbsentChallengeIsError "use_challenge.absent": "Returns an error when there is no such challenge." {
        fn use_challenge(&self, db: &Reference, key: &str) -> Result<Option<Challenge>> {
            db.use_challenge(key)?.map(Some).ok_or(Error::backend("no row"))
        }
    }

    HidesExpiredChallenge "use_challenge.expired_too": "Deletes an expired challenge without returning it." {
        fn use_challenge(&self, db: &Reference, key: &str) -> Result<Option<Challenge>> {
            let found = db.use_challenge(key)?;
            Ok(found.filter(|found| !found.is_expired(OffsetDateTime::now_utc())))
        }
    }

    UsesAllOfPayload "use_challenge.leaves_others_unchanged": "Deletes all challenges of the same payload and expiry." {
        fn use_challenge(&self, db: &Reference, key: &str) -> Result<Option<Challenge>> {
            let found = db.use_challenge(key)?;
            if let Some(found) = &found {
                db.with(|model| model.challenges.retain(|_, other| (&other.payload, other.expires) != (&found.payload, found.expires)))?;
            }
            Ok(found)
        }
    }

    UsesChallengeInOtherCase "use_challenge.exact": "Uses a challenge by its key in a different case." {
        fn use_challenge(&self, db: &Reference, key: &str) -> Result<Option<Challenge>> {
            let own = db.with(|model| model.challenges.keys().find(|own| own.to_lowercase() == key.to_lowercase()).cloned())?;
            db.use_challenge(own.as_deref().unwrap_or(key))
        }
    }

    ReadsThenDeletesChallenge "use_challenge.one_winner": "Reads a challenge, then deletes it, without checking whether it still exists." {
        fn use_challenge(&self, db: &Reference, key: &str) -> Result<Option<Challenge>> {
            let found = db.with(|model| model.challenges.get(key).cloned())?;
            pause();
            db.use_challenge(key)?;
            Ok(found)
        }
    }

    DeletesByKeyAndExpiry "use_challenge.each_creation_once": "Reads a challenge, then deletes what has its key and its expiry, whatever the payload." {
        fn use_challenge(&self, db: &Reference, key: &str) -> Result<Option<Challenge>> {
            let found = db.with(|model| model.challenges.get(key).cloned())?;
            pause();
            let Some(found) = found else {
                return Ok(None);
            };
            let deleted = db.with(|model| match model.challenges.get(key) {
                Some(now) if now.expires == found.expires => model.challenges.remove(key),
                _ => None,
            })?;
            Ok(deleted.map(|_| found))
        }
    }

    ChallengeUsedTwice "linearizable.challenges": "Reads a challenge, then deletes it, whoever else has used it." {
        fn use_challenge(&self, db: &Reference, key: &str) -> Result<Option<Challenge>> {
            let found = db.with(|model| model.challenges.get(key).cloned())?;
            pause();
            db.use_challenge(key)?;
            Ok(found)
        }
    }

    VoidsOne "delete_verification_tokens_by_identifier.all_of_them": "Deletes one token of the identifier." {
        fn delete_verification_tokens_by_identifier(&self, db: &Reference, identifier: &str) -> Result<u64> {
            let one = db.with(|model| model.verification_tokens.values().find(|token| token.identifier == identifier).cloned())?;
            match one {
                Some(one) => Ok(db.use_verification_token(identifier, &one.token)?.map_or(0, |_| 1)),
                None => Ok(0),
            }
        }
    }

    VoidsByToken "delete_verification_tokens_by_identifier.leaves_others_unchanged": "Deletes tokens whose value is the identifier too." {
        fn delete_verification_tokens_by_identifier(&self, db: &Reference, identifier: &str) -> Result<u64> {
            db.with(|model| model.verification_tokens.remove(identifier))?;
            db.delete_verification_tokens_by_identifier(identifier)
        }
    }

    VoidsInOtherCase "delete_verification_tokens_by_identifier.exact": "Compares identifiers in lower case." {
        fn delete_verification_tokens_by_identifier(&self, db: &Reference, identifier: &str) -> Result<u64> {
            let own = db.with(|model| model.verification_tokens.values().map(|token| token.identifier.clone()).find(|own| own.to_lowercase() == identifier.to_lowercase()))?;
            db.delete_verification_tokens_by_identifier(own.as_deref().unwrap_or(identifier))
        }
    }

    VoidsEscaped "delete_verification_tokens_by_identifier.text": "Finds no tokens of an identifier with a quote in it." {
        fn delete_verification_tokens_by_identifier(&self, db: &Reference, identifier: &str) -> Result<u64> {
            db.delete_verification_tokens_by_identifier(&escaped(identifier))
        }
    }

    CountsThenVoids "delete_verification_tokens_by_identifier.each_counted_once": "Counts the tokens of the identifier, then deletes them." {
        fn delete_verification_tokens_by_identifier(&self, db: &Reference, identifier: &str) -> Result<u64> {
            let counted = db.with(|model| model.clone().delete_verification_tokens_by_identifier(identifier))?;
            pause();
            db.delete_verification_tokens_by_identifier(identifier)?;
            Ok(counted)
        }
    }

    NewestUsersFirst "list_users.order": "Lists users backwards." {
        fn list_users(&self, db: &Reference, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
            let mut users = db.list_users(after, limit)?;
            users.reverse();
            Ok(users)
        }
    }

    PagesFromTheLast "list_users.pages": "Begins a page with the last user of the previous page." {
        fn list_users(&self, db: &Reference, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
            let before = after.filter(|after| !after.is_nil()).map(|after| Uuid::from_u128(after.as_u128() - 1));
            db.list_users(before, limit)
        }
    }

    ZeroIsNoLimit "list_users.limit": "Lists all users for a limit of 0." {
        fn list_users(&self, db: &Reference, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
            db.list_users(after, if limit == 0 { u32::MAX } else { limit })
        }
    }

    LosesTheNilUser "list_users.after_any_id": "Begins after the smallest id instead of with the first user." {
        fn list_users(&self, db: &Reference, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
            db.list_users(Some(after.unwrap_or_default()), limit)
        }
    }

    AfterAUser "list_users.after_any_id": "Lists nothing after an id that no user has." {
        fn list_users(&self, db: &Reference, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
            match after {
                Some(id) if db.get_user(id)?.is_none() => Ok(Vec::new()),
                _ => db.list_users(after, limit),
            }
        }
    }

    ListsAHundredUsers "list_users.no_page_limit": "Lists a hundred users at most." {
        fn list_users(&self, db: &Reference, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
            db.list_users(after, limit.min(100))
        }
    }

    ShortPayload "create_challenge.every_length": "Loses the last byte of a payload of 32,767 bytes." {
        stores!(create_challenge |challenge: Challenge| if challenge.payload.len() == 32_767 {
            challenge.payload.pop();
        });
    }

    InheritsKeys "create_challenge.text": "Takes the names that every JavaScript object has for keys that are taken." {
        fn create_challenge(&self, db: &Reference, challenge: &Challenge) -> Result<()> {
            if ["__proto__", "constructor", "toString"].contains(&challenge.key.as_str()) {
                return Err(Error::conflict(Constraint::ChallengeKey));
            }
            db.create_challenge(challenge)
        }
    }

    ComparesAsNumbers "create_challenge.key_by_bytes": "Uses another challenge whose key is the same number, if there is none with this key." {
        fn use_challenge(&self, db: &Reference, key: &str) -> Result<Option<Challenge>> {
            let is_zero = |key: &str| key.starts_with("0e") && key.parse() == Ok(0.0);
            let alike = db.with(|model| {
                let mut keys = model.challenges.keys();
                keys.find(|other| is_zero(key) && is_zero(other)).cloned()
            })?;
            match (db.use_challenge(key)?, alike) {
                (None, Some(alike)) => db.use_challenge(&alike),
                (found, _) => Ok(found),
            }
        }
    }
}
