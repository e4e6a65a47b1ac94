/// The SQL of a database, from the files in `sql/<dialect>/`.
///
/// Parameters are in the same order in every dialect, and each occurs once, because MySQL has no numbered parameters.
pub(crate) struct Statements {
    pub(crate) create_user: &'static str,
    pub(crate) get_user: &'static str,
    pub(crate) get_user_by_email: &'static str,
    pub(crate) get_user_by_account: &'static str,
    pub(crate) list_users: &'static str,
    pub(crate) update_user: Update,
    pub(crate) delete_user: &'static str,
    pub(crate) link_account: &'static str,
    pub(crate) create_user_with_account: CreateUserWith,
    pub(crate) unlink_account: &'static str,
    pub(crate) unlink_account_of_user: RemoveWayIn,
    pub(crate) get_account: &'static str,
    pub(crate) update_account: Update,
    pub(crate) refresh_account: Update,
    pub(crate) list_accounts_by_user_id: &'static str,
    pub(crate) create_session: &'static str,
    pub(crate) get_session_and_user: &'static str,
    pub(crate) update_session: Update,
    pub(crate) delete_session: &'static str,
    pub(crate) delete_session_of_user: &'static str,
    pub(crate) list_sessions_by_user_id: &'static str,
    pub(crate) list_sessions_with_details_by_user_id: &'static str,
    pub(crate) delete_sessions_by_user_id: &'static str,
    pub(crate) get_session_details: &'static str,
    pub(crate) update_session_details: &'static str,
    pub(crate) create_verification_token: &'static str,
    pub(crate) use_verification_token: UseOnce,
    pub(crate) delete_verification_tokens_by_identifier: &'static str,
    pub(crate) create_authenticator: &'static str,
    pub(crate) create_user_with_authenticator: CreateUserWith,
    pub(crate) get_authenticator: &'static str,
    pub(crate) list_authenticators_by_user_id: &'static str,
    pub(crate) list_authenticators_with_details_by_user_id: &'static str,
    pub(crate) update_authenticator_counter: Update,
    pub(crate) use_authenticator: UseAuthenticator,
    pub(crate) delete_authenticator: &'static str,
    pub(crate) delete_authenticator_of_user: RemoveWayIn,
    pub(crate) update_authenticator_details: &'static str,
    pub(crate) create_challenge: &'static str,
    pub(crate) use_challenge: UseOnce,
    pub(crate) delete_expired: DeleteExpired,
    pub(crate) ping: &'static str,
}

/// How an update returns the updated row.
#[derive(Clone, Copy)]
#[allow(dead_code, reason = "no single database needs both ways")]
pub(crate) enum Update {
    /// `UPDATE ... RETURNING`.
    Returning(&'static str),
    /// A select, then an update of the row exactly as read, so the result is known. If another caller was faster, or
    /// the row is too large to be sent back: an update, then a select by the same key while the row is still locked, in
    /// one transaction.
    AsRead {
        select: &'static str,
        /// Parameters: the changes, then all columns as read.
        update_as_read: &'static str,
        /// Parameters: the changes, then the key, then the condition, if there is one.
        update: &'static str,
    },
}

/// How a row is deleted and returned exactly once.
#[derive(Clone, Copy)]
#[allow(dead_code, reason = "no single database needs both ways")]
pub(crate) enum UseOnce {
    /// `DELETE ... RETURNING`.
    Returning(&'static str),
    /// A select, then a delete of the row exactly as read: the caller whose delete affected one row returns it. All
    /// columns are compared, because the row may have been deleted and created again with other values since it was
    /// read.
    SelectThenDelete {
        select: &'static str,
        delete: &'static str,
    },
}

/// How a user and a row of that user are inserted atomically.
#[derive(Clone, Copy)]
#[allow(dead_code, reason = "no single database needs both ways")]
pub(crate) enum CreateUserWith {
    /// One statement: the parameters of `create_user`, then those of the other row.
    OneStatement(&'static str),
    /// `create_user`, then the statement that creates the other row, in one transaction.
    TwoStatements,
    /// A statement that stores the parameters of `create_user` and those of the other row in the session, then a script
    /// that inserts both in a transaction.
    KeepThenInsert {
        keep: &'static str,
        insert: &'static str,
    },
}

/// How one of a user's ways to sign in is deleted.
#[derive(Clone, Copy)]
pub(crate) struct RemoveWayIn {
    /// Deletes it. The parameters, also of the other statements except the lock, are the user's id and the row's key.
    pub(crate) delete: &'static str,
    /// Deletes it unless it is the last one.
    pub(crate) keep_last: KeepLast,
}

/// See [`RemoveWayIn`]. Either way the count cannot change before the delete.
#[derive(Clone, Copy)]
#[allow(dead_code, reason = "no single database needs both ways")]
pub(crate) enum KeepLast {
    /// One statement that returns a row if the user has it: whether it was deleted, and whether it was the last one
    /// when the statement began. If neither, the user's ways to sign in changed while the statement waited for their
    /// locks, and it has to be run again.
    OneStatement(&'static str),
    /// In one transaction: a lock on the user's ways to sign in, unless the transaction itself excludes others (the
    /// parameter is the user's id); a count of the user's other ways to sign in, which returns a row if the user has
    /// this one; and the delete.
    CountThenDelete {
        lock: &'static [&'static str],
        count: &'static str,
    },
}

/// How a passkey's counter is compared and set.
#[derive(Clone, Copy)]
#[allow(dead_code, reason = "no single database needs both ways")]
pub(crate) enum UseAuthenticator {
    /// One statement that returns the row as it was and whether it was updated. Its parameters are the credential id,
    /// the counter, and whether the credential is backed up.
    OneStatement(&'static str),
    /// A select that locks the row, then an update, in one transaction. The update's parameters are the counter,
    /// whether the credential is backed up, and the credential id.
    SelectThenUpdate {
        select: &'static str,
        update: &'static str,
    },
}

/// How expired rows are deleted.
#[derive(Clone, Copy)]
#[allow(dead_code, reason = "no single database needs both ways")]
pub(crate) enum DeleteExpired {
    /// One statement that returns three counts. Its parameters are the time and the limit, three times.
    OneStatement(&'static str),
    /// Three statements. Their parameters are the time and the limit.
    ThreeStatements {
        sessions: &'static str,
        verification_tokens: &'static str,
        challenges: &'static str,
    },
}

/// A file of a dialect's folder.
macro_rules! sql {
    ($dialect:literal, $($name:literal),+) => {
        include_str!(concat!("../../sql/", $dialect, "/", $($name,)+ ".sql"))
    };
}
pub(crate) use sql;
