use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use uuid::Uuid;

use super::SignIn;
use crate::error::{Error, Result};
use crate::model::{Change, User, UserChanges};

/// Which email addresses count as the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Addresses {
    /// Addresses are the same if their bytes are.
    #[default]
    Exact,
    /// Addresses are stored and looked up in lower case. Choose this if an Auth.js front end shares the database,
    /// because it does the same.
    ///
    /// Only ASCII letters are folded. Unicode also folds some other letters into ASCII (the Kelvin sign into `k`), so
    /// the owner of one address could sign in as the owner of another.
    Lowercase,
}

/// Users whose addresses would be the same in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collision {
    /// The address in lower case.
    pub email: String,
    /// The users, by ID.
    pub users: Vec<Uuid>,
}

impl Addresses {
    fn normalize(self, email: &str) -> String {
        match self {
            Addresses::Exact => email.to_owned(),
            Addresses::Lowercase => email.to_ascii_lowercase(),
        }
    }
}

impl SignIn {
    /// Returns an address as this instance stores it and looks it up. Send mail to this form, and to no other.
    pub fn normalize_email(&self, email: &str) -> String {
        self.settings.addresses.normalize(email)
    }

    /// Returns an address as this instance stores it. Rejects what a mail program might take for several addresses, or
    /// for another one than its text suggests.
    pub(super) fn one_address(&self, email: &str) -> Result<String> {
        let is_special = |letter: char| {
            letter.is_control() || letter.is_whitespace() || r#"(),:;<>\""#.contains(letter)
        };
        let is_plain = email.split_once('@').is_some_and(|(mailbox, domain)| {
            !mailbox.is_empty() && !domain.is_empty() && !domain.contains('@')
        });
        if is_plain && !email.contains(is_special) {
            return Ok(self.normalize_email(email));
        }
        Err(Error::invalid(
            "email",
            "must be one plain address, such as ada@example.org",
        ))
    }

    /// Returns the users whose addresses would be the same in lower case, or an empty list. Resolve these before you
    /// switch to [`Addresses::Lowercase`].
    ///
    /// Reads all users twice, in pages. Takes about 16 bytes of memory for each user.
    pub fn email_collisions(&self) -> Result<Vec<Collision>> {
        let fold = |email: &str| Addresses::Lowercase.normalize(email);
        // Most addresses are unique, so the first pass keeps only hashes, and the second reads the addresses whose hash
        // occurs more than once.
        let hasher = RandomState::new();
        let mut counts: HashMap<u64, u32> = HashMap::new();
        self.each_user(|user| {
            if let Some(email) = &user.email {
                *counts.entry(hasher.hash_one(fold(email))).or_default() += 1;
            }
            Ok(())
        })?;
        counts.retain(|_, count| *count > 1);
        let mut users: HashMap<String, Vec<Uuid>> = HashMap::new();
        self.each_user(|user| {
            if let Some(email) = user.email.as_deref().map(fold)
                && counts.contains_key(&hasher.hash_one(&email))
            {
                users.entry(email).or_default().push(user.id);
            }
            Ok(())
        })?;
        let mut collisions: Vec<Collision> = users
            .into_iter()
            .filter(|(_, users)| users.len() > 1)
            .map(|(email, users)| Collision { email, users })
            .collect();
        collisions.sort_by(|a, b| a.email.cmp(&b.email));
        Ok(collisions)
    }

    /// Changes every address to lower case, so that [`Addresses::Lowercase`] finds all users. Returns how many it
    /// changed.
    ///
    /// Each user is changed in one atomic step, if the backend has transactions. A user who is deleted meanwhile is
    /// left out. Run it again to finish an interrupted run.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] over [`UserEmail`](crate::Constraint::UserEmail) at the first collision: list them with
    /// [`email_collisions`](SignIn::email_collisions).
    pub fn lowercase_emails(&self) -> Result<u64> {
        let mut changed = 0;
        self.each_user(|user| {
            if folded(user).is_some() {
                let done = match self
                    .store
                    .transaction(|tx| self.on(tx).lowercase_email(user.id))
                {
                    // The store is in a transaction, or its backend has none.
                    Err(Error::Invalid { .. }) => self.lowercase_email(user.id),
                    done => done,
                };
                changed += u64::from(done?);
            }
            Ok(())
        })?;
        Ok(changed)
    }

    /// Returns whether there was something to change: the user may have changed or left since.
    fn lowercase_email(&self, user_id: Uuid) -> Result<bool> {
        // In a transaction, an update locks the row, even without a change.
        let user = match self.store.update_user(user_id, UserChanges::default()) {
            Err(Error::NotFound { .. }) => return Ok(false),
            user => user?,
        };
        let Some(email) = folded(&user) else {
            return Ok(false);
        };
        let changes = UserChanges {
            email: Change::Set(email),
            ..UserChanges::default()
        };
        self.store.update_user(user_id, changes).map(|_| true)
    }
}

/// Returns the user's address in lower case, if that is another one.
fn folded(user: &User) -> Option<String> {
    let email = user.email.as_deref()?;
    Some(Addresses::Lowercase.normalize(email)).filter(|folded| folded != email)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ascii_letters_are_folded() {
        let fold = |email| Addresses::Lowercase.normalize(email);
        assert_eq!(fold("Ada@X.org"), "ada@x.org");
        // The Kelvin sign, which Unicode folds into k, and the long s.
        for alike in ["mi\u{212a}e@x.org", "\u{17f}am@x.org"] {
            assert_eq!(fold(alike), alike);
        }
    }
}
