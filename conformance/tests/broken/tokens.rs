//! Faults with verification tokens.

use std::collections::BTreeSet;
use std::sync::Mutex;

use super::fault::*;
use super::values::*;

faults! {
    DeletesByTokens "use_verification_token.spares_another_identifier": "Reads the tokens of an identifier, then deletes these tokens, whosever they are by then." {
        fn delete_verification_tokens_by_identifier(&self, db: &Reference, identifier: &str) -> Result<u64> {
            let tokens = db.with(|model| {
                let all = model.verification_tokens.values();
                let its = all.filter(|token| token.identifier == identifier);
                its.map(|token| token.token.clone()).collect::<Vec<_>>()
            })?;
            pause();
            db.with(|model| tokens.iter().filter(|token| model.verification_tokens.remove(*token).is_some()).count() as u64)
        }
    }

    DeletesHalfAMebibyte "delete_verification_tokens_by_identifier.no_page_limit": "Deletes the tokens of an identifier whose strings have half a mebibyte together." {
        fn delete_verification_tokens_by_identifier(&self, db: &Reference, identifier: &str) -> Result<u64> {
            db.with(|model| {
                let (mut bytes, before) = (0, model.verification_tokens.len());
                model.verification_tokens.retain(|_, token| {
                    let is_its = token.identifier == identifier && bytes < 1 << 19;
                    bytes += if is_its { token.identifier.len() + token.token.len() } else { 0 };
                    !is_its
                });
                (before - model.verification_tokens.len()) as u64
            })
        }
    }

    CreatesTheSameAgain "create_verification_token.unique_token": "Accepts a token that is stored already with the same identifier and expiry." {
        fn create_verification_token(&self, db: &Reference, token: &VerificationToken) -> Result<()> {
            let stored = db.with(|model| model.verification_tokens.get(&token.token).cloned())?;
            match stored.as_ref() == Some(token) {
                true => Ok(()),
                false => db.create_verification_token(token),
            }
        }
    }

    DeletesAPageOfTokens "delete_verification_tokens_by_identifier.no_page_limit": "Deletes at most a hundred tokens of an identifier." {
        fn delete_verification_tokens_by_identifier(&self, db: &Reference, identifier: &str) -> Result<u64> {
            let tokens: Vec<_> = db.with(|model| {
                let tokens = model.verification_tokens.values();
                tokens.filter(|token| token.identifier == identifier).skip(100).cloned().collect()
            })?;
            let deleted = db.delete_verification_tokens_by_identifier(identifier)?;
            let left = tokens.len() as u64;
            db.with(|model| {
                for token in tokens {
                    model.verification_tokens.insert(token.token.clone(), token);
                }
            })?;
            Ok(deleted - left)
        }
    }

    TokenLastsLonger "create_verification_token.stored": "Stores a token that expires an hour later than it should." {
        stores!(create_verification_token |token: VerificationToken| token.expires += Duration::from_secs(3_600));
    }

    OneTokenEach "create_verification_token.several_for_one": "Deletes the earlier tokens of an identifier." {
        fn create_verification_token(&self, db: &Reference, token: &VerificationToken) -> Result<()> {
            db.create_verification_token(token)?;
            db.with(|model| {
                model.verification_tokens.retain(|value, old| value == &token.token || old.identifier != token.identifier);
            })
        }
    }

    ThreeBytesInIdentifier "create_verification_token.text": "Replaces four-byte characters in an identifier with question marks." {
        stores!(create_verification_token |token: VerificationToken| token.identifier = three_bytes(&token.identifier));
    }

    IdentifierWithoutName "create_verification_token.text": "Stores only the address of an identifier that is a name with an address in angle brackets." {
        stores!(create_verification_token |token: VerificationToken| token.identifier = without_name(&token.identifier));
    }

    CutsIdentifier "create_verification_token.long_keys": "Truncates an identifier to 191 characters." {
        stores!(create_verification_token |token: VerificationToken| token.identifier = head(&token.identifier));
    }

    UnpadsToken "create_verification_token.token_by_bytes": "Removes the trailing spaces of a token." {
        stores!(create_verification_token |token: VerificationToken| token.token = unpadded(&token.token));
    }

    RoundsTokenExpiry "create_verification_token.every_millisecond": "Rounds the expiry of a token to hundredths of a second." {
        stores!(create_verification_token |token: VerificationToken| token.expires = hundredths(token.expires));
    }

    CapsToken "create_verification_token.times": "Lets a token last a day at most." {
        stores!(create_verification_token |token: VerificationToken| token.expires = capped(token.expires, time::Duration::days(1)));
    }

    TokenUntil2038 "create_verification_token.times": "Stores the expiry of a token as 32-bit seconds." {
        stores!(create_verification_token |token: VerificationToken| token.expires = until_2038(token.expires));
    }

    ReplacesToken "create_verification_token.unique_token": "Replaces a token when it is created again." {
        fn create_verification_token(&self, db: &Reference, token: &VerificationToken) -> Result<()> {
            db.with(|model| model.verification_tokens.remove(&token.token))?;
            db.create_verification_token(token)
        }
    }

    TokenPerIdentifier "create_verification_token.unique_token": "Replaces a token when it is created again for another identifier." {
        fn create_verification_token(&self, db: &Reference, token: &VerificationToken) -> Result<()> {
            db.with(|model| {
                model.verification_tokens.retain(|value, old| value != &token.token || old.identifier == token.identifier);
            })?;
            db.create_verification_token(token)
        }
    }

    NeverTokenAgain (Mutex<BTreeSet<String>>) "create_verification_token.again_after_use": "Rejects a token that was used up." {
        fn create_verification_token(&self, db: &Reference, token: &VerificationToken) -> Result<()> {
            if self.0.lock().expect("no panic while held").contains(&token.token) {
                return Err(Error::conflict(Constraint::VerificationToken));
            }
            db.create_verification_token(token)
        }

        fn use_verification_token(&self, db: &Reference, identifier: &str, token: &str) -> Result<Option<VerificationToken>> {
            self.0.lock().expect("no panic while held").insert(token.to_owned());
            db.use_verification_token(identifier, token)
        }
    }

    LooksThenCreatesToken "create_verification_token.one_winner": "Checks whether a token is free, then creates it." {
        fn create_verification_token(&self, db: &Reference, token: &VerificationToken) -> Result<()> {
            if db.with(|model| model.verification_tokens.contains_key(&token.token))? {
                return Err(Error::conflict(Constraint::VerificationToken));
            }
            pause();
            db.with(|model| { model.verification_tokens.insert(token.token.clone(), token.clone()); })
        }
    }

    NeverUsedUp "use_verification_token.once": "Returns a token without deleting it." {
        fn use_verification_token(&self, db: &Reference, identifier: &str, token: &str) -> Result<Option<VerificationToken>> {
            let found = db.with(|model| model.verification_tokens.get(token).cloned())?;
            Ok(found.filter(|found| found.identifier == identifier))
        }
    }

    AbsentTokenIsError "use_verification_token.absent": "Returns an error when there is no such token." {
        fn use_verification_token(&self, db: &Reference, identifier: &str, token: &str) -> Result<Option<VerificationToken>> {
            let found = db.use_verification_token(identifier, token)?;
            found.map(Some).ok_or(Error::backend("the record to delete does not exist"))
        }
    }

    AnyIdentifier "use_verification_token.wrong_identifier": "Accepts a token whatever the identifier." {
        fn use_verification_token(&self, db: &Reference, _: &str, token: &str) -> Result<Option<VerificationToken>> {
            db.with(|model| model.verification_tokens.remove(token))
        }
    }

    WrongIdentifierUsesUp "use_verification_token.wrong_identifier": "Deletes a token that comes with the wrong identifier." {
        fn use_verification_token(&self, db: &Reference, identifier: &str, token: &str) -> Result<Option<VerificationToken>> {
            let found = db.with(|model| model.verification_tokens.remove(token))?;
            Ok(found.filter(|found| found.identifier == identifier))
        }
    }

    ExpiredIsGone "use_verification_token.expired_too": "Deletes an expired token, and reports that there was none." {
        fn use_verification_token(&self, db: &Reference, identifier: &str, token: &str) -> Result<Option<VerificationToken>> {
            let found = db.use_verification_token(identifier, token)?;
            Ok(found.filter(|found| !found.is_expired(OffsetDateTime::now_utc())))
        }
    }

    UsesAllUp "use_verification_token.leaves_others_unchanged": "Deletes all tokens of the identifier." {
        fn use_verification_token(&self, db: &Reference, identifier: &str, token: &str) -> Result<Option<VerificationToken>> {
            let found = db.use_verification_token(identifier, token)?;
            if found.is_some() {
                db.with(|model| model.verification_tokens.retain(|_, other| other.identifier != identifier))?;
            }
            Ok(found)
        }
    }

    IdentifierInOtherCase "use_verification_token.exact": "Accepts an identifier in a different case." {
        fn use_verification_token(&self, db: &Reference, identifier: &str, token: &str) -> Result<Option<VerificationToken>> {
            db.with(|model| {
                let found = model.verification_tokens.get(token)?;
                found.identifier.eq_ignore_ascii_case(identifier).then(|| model.verification_tokens.remove(token))?
            })
        }
    }

    PaddedToken "use_verification_token.exact": "Accepts a token with different trailing spaces." {
        fn use_verification_token(&self, db: &Reference, identifier: &str, token: &str) -> Result<Option<VerificationToken>> {
            db.with(|model| {
                let own = model.verification_tokens.keys().find(|own| unpadded(own) == unpadded(token))?.clone();
                model.use_verification_token(identifier, &own)
            })
        }
    }

    ReadsThenDeletes "use_verification_token.one_winner": "Reads a token, then deletes it, without checking whether it still exists." {
        fn use_verification_token(&self, db: &Reference, identifier: &str, token: &str) -> Result<Option<VerificationToken>> {
            let found = db.with(|model| model.verification_tokens.get(token).cloned())?;
            pause();
            db.use_verification_token(identifier, token)?;
            Ok(found.filter(|found| found.identifier == identifier))
        }
    }

    DeletesWhatItHasNotRead "use_verification_token.each_creation_once": "Reads a token, then deletes whatever has its keys by then." {
        fn use_verification_token(&self, db: &Reference, identifier: &str, token: &str) -> Result<Option<VerificationToken>> {
            let found = db.with(|model| model.verification_tokens.get(token).cloned())?;
            pause();
            let deleted = db.use_verification_token(identifier, token)?;
            Ok(deleted.and(found))
        }
    }

    UsesWhatIsSwept "use_verification_token.one_winner_against_delete_expired": "Reads a token, and believes that it has deleted it unless another caller has used it." {
        fn use_verification_token(&self, db: &Reference, identifier: &str, token: &str) -> Result<Option<VerificationToken>> {
            let found = db.with(|model| model.verification_tokens.get(token).cloned())?;
            pause();
            db.use_verification_token(identifier, token)?;
            Ok(found.filter(|found| found.identifier == identifier))
        }
    }

    ShortIdentifier "create_verification_token.every_length": "Rejects an identifier of more than 254 characters." {
        fn create_verification_token(&self, db: &Reference, token: &VerificationToken) -> Result<()> {
            if token.identifier.chars().count() > 254 {
                return Err(Error::backend("the value is too long for the column"));
            }
            db.create_verification_token(token)
        }
    }

    HashesIdentifier "use_verification_token.identifier_by_bytes": "Accepts an identifier whose CRC-32 is that of the token's own." {
        fn use_verification_token(&self, db: &Reference, identifier: &str, token: &str) -> Result<Option<VerificationToken>> {
            let own = db.with(|model| model.verification_tokens.get(token).map(|own| own.identifier.clone()))?;
            let own = own.filter(|own| crc32(own) == crc32(identifier));
            db.use_verification_token(own.as_deref().unwrap_or(identifier), token)
        }
    }

    HashesDeletedIdentifier "delete_verification_tokens_by_identifier.identifier_by_bytes": "Deletes the tokens of all identifiers of one CRC-32." {
        fn delete_verification_tokens_by_identifier(&self, db: &Reference, identifier: &str) -> Result<u64> {
            db.with(|model| {
                let before = model.verification_tokens.len();
                model.verification_tokens.retain(|_, token| crc32(&token.identifier) != crc32(identifier));
                (before - model.verification_tokens.len()) as u64
            })
        }
    }

    PrefixOfIdentifier "delete_verification_tokens_by_identifier.exact": "Keeps tokens by identifier, `#` and token, and deletes those that begin with the identifier and `#`." {
        fn delete_verification_tokens_by_identifier(&self, db: &Reference, identifier: &str) -> Result<u64> {
            let prefix = format!("{identifier}#");
            db.with(|model| {
                let before = model.verification_tokens.len();
                let key = |token: &VerificationToken| format!("{}#{}", token.identifier, token.token);
                model.verification_tokens.retain(|_, token| !key(token).starts_with(&prefix));
                (before - model.verification_tokens.len()) as u64
            })
        }
    }

    EndOfPlane "delete_verification_tokens_by_identifier.text": "Deletes tokens of an identifier only up to the character U+F8FF." {
        fn delete_verification_tokens_by_identifier(&self, db: &Reference, identifier: &str) -> Result<u64> {
            db.with(|model| {
                let before = model.verification_tokens.len();
                model.verification_tokens.retain(|key, token| token.identifier != identifier || key.as_str() > "\u{f8ff}");
                (before - model.verification_tokens.len()) as u64
            })
        }
    }

    FoldsDomainOfToken "values.absent_keys": "Uses up a token of an identifier whose domain differs only in case." {
        fn use_verification_token(&self, db: &Reference, identifier: &str, token: &str) -> Result<Option<VerificationToken>> {
            let folded = |address: &str| match address.split_once('@') {
                Some((name, domain)) => format!("{name}@{}", domain.to_ascii_lowercase()),
                None => address.to_owned(),
            };
            let own = db.with(|model| model.verification_tokens.get(token).map(|own| own.identifier.clone()))?;
            let own = own.filter(|own| folded(own) == folded(identifier));
            db.use_verification_token(own.as_deref().unwrap_or(identifier), token)
        }
    }

    InvisibleInChallenge "values.absent_keys": "If there is no such challenge, uses one whose key differs only in invisible characters." {
        fn use_challenge(&self, db: &Reference, key: &str) -> Result<Option<Challenge>> {
            let other = db.with(|model| {
                let mut keys = model.challenges.keys();
                keys.find(|other| visible(other) == visible(key)).cloned()
            })?;
            match (db.use_challenge(key)?, other) {
                (None, Some(other)) => db.use_challenge(&other),
                (used, _) => Ok(used),
            }
        }
    }

    DeletesTokensOneByOne "delete_verification_tokens_by_identifier.never_half": "Deletes the tokens of an identifier one at a time." {
        fn delete_verification_tokens_by_identifier(&self, db: &Reference, identifier: &str) -> Result<u64> {
            let mut deleted = 0;
            for token in db.with(|model| model.verification_tokens.clone())?.keys() {
                deleted += u64::from(db.use_verification_token(identifier, token)?.is_some());
                pause();
            }
            Ok(deleted)
        }
    }

    DeletesTokensFromTheEnd "delete_verification_tokens_by_identifier.never_half": "Deletes the tokens of an identifier one at a time, the last first." {
        fn delete_verification_tokens_by_identifier(&self, db: &Reference, identifier: &str) -> Result<u64> {
            let mut deleted = 0;
            for token in db.with(|model| model.verification_tokens.clone())?.keys().rev() {
                deleted += u64::from(db.use_verification_token(identifier, token)?.is_some());
                pause();
            }
            Ok(deleted)
        }
    }

    CountsTokensThenDeletes "delete_verification_tokens_by_identifier.never_half": "Counts the tokens of an identifier, then deletes them." {
        fn delete_verification_tokens_by_identifier(&self, db: &Reference, identifier: &str) -> Result<u64> {
            let counted = db.with(|model| model.clone().delete_verification_tokens_by_identifier(identifier))?;
            pause();
            db.delete_verification_tokens_by_identifier(identifier)?;
            Ok(counted)
        }
    }

    JoinsKeys "use_verification_token.wrong_identifier": "Keeps tokens by identifier and token, joined without anything between them." {
        fn use_verification_token(&self, db: &Reference, identifier: &str, token: &str) -> Result<Option<VerificationToken>> {
            db.with(|model| {
                let joined = format!("{identifier}{token}");
                let mut tokens = model.verification_tokens.values();
                let found = tokens.find(|found| format!("{}{}", found.identifier, found.token) == joined)?.token.clone();
                model.verification_tokens.remove(&found)
            })
        }
    }

    ConflictsByJoinedKeys "use_verification_token.wrong_identifier": "Rejects a token if that of another, joined with its identifier, is the same." {
        fn create_verification_token(&self, db: &Reference, token: &VerificationToken) -> Result<()> {
            let joined = |token: &VerificationToken| format!("{}{}", token.identifier, token.token);
            if db.with(|model| model.verification_tokens.values().any(|other| joined(other) == joined(token)))? {
                return Err(Error::conflict(Constraint::VerificationToken));
            }
            db.create_verification_token(token)
        }
    }

    DeletesTokensInBatches "delete_verification_tokens_by_identifier.never_half": "Deletes the tokens of an identifier a hundred at a time." {
        fn delete_verification_tokens_by_identifier(&self, db: &Reference, identifier: &str) -> Result<u64> {
            let tokens: Vec<String> = db.with(|model| {
                let all = model.verification_tokens.values();
                all.filter(|token| token.identifier == identifier).map(|token| token.token.clone()).collect()
            })?;
            let mut deleted = 0;
            for (number, batch) in tokens.chunks(100).enumerate() {
                if number > 0 {
                    pause();
                }
                deleted += db.with(|model| {
                    let used = batch.iter().filter_map(|token| model.use_verification_token(identifier, token));
                    used.count() as u64
                })?;
            }
            Ok(deleted)
        }
    }
}
