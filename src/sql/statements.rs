/// What a database sends, from the files in `sql/<dialect>/`.
///
/// Parameters stand in the same order in every dialect, and each stands once, since MySQL cannot name them.
pub(crate) struct Statements {
    pub(crate) create_user: &'static str,
    pub(crate) get_user: &'static str,
    pub(crate) get_user_by_email: &'static str,
    pub(crate) get_user_by_account: &'static str,
    pub(crate) update_user: Update,
    pub(crate) delete_user: &'static str,
    pub(crate) link_account: &'static str,
    pub(crate) create_user_with_account: CreateUserWithAccount,
    pub(crate) unlink_account: &'static str,
    pub(crate) get_account: &'static str,
    pub(crate) update_account: Update,
    pub(crate) list_accounts_by_user_id: &'static str,
    pub(crate) create_session: &'static str,
    pub(crate) get_session_and_user: &'static str,
    pub(crate) update_session: Update,
    pub(crate) delete_session: &'static str,
    pub(crate) list_sessions_by_user_id: &'static str,
    pub(crate) delete_sessions_by_user_id: &'static str,
    pub(crate) create_verification_token: &'static str,
    pub(crate) use_verification_token: Use,
    pub(crate) create_authenticator: &'static str,
    pub(crate) get_authenticator: &'static str,
    pub(crate) list_authenticators_by_user_id: &'static str,
    pub(crate) update_authenticator_counter: Update,
    pub(crate) delete_authenticator: &'static str,
    pub(crate) delete_expired: DeleteExpired,
    pub(crate) ping: &'static str,
}

/// How an update returns the row as it left it.
#[derive(Clone, Copy)]
#[allow(dead_code, reason = "no single database needs both ways")]
pub(crate) enum Update {
    /// `UPDATE ... RETURNING`.
    Returning(&'static str),
    /// An update, then a select by the same key while the row is still locked, in one transaction.
    ThenSelect {
        update: &'static str,
        select: &'static str,
    },
}

/// How a row is deleted and returned, once.
#[derive(Clone, Copy)]
#[allow(dead_code, reason = "no single database needs both ways")]
pub(crate) enum Use {
    /// `DELETE ... RETURNING`.
    Returning(&'static str),
    /// A select, then a delete of the row exactly as read. Who deleted one row has it.
    SelectThenDelete {
        select: &'static str,
        delete: &'static str,
    },
}

/// How two rows are inserted, both or neither.
#[derive(Clone, Copy)]
#[allow(dead_code, reason = "no single database needs both ways")]
pub(crate) enum CreateUserWithAccount {
    /// One statement: the parameters of `create_user`, then those of `link_account`.
    OneStatement(&'static str),
    /// `create_user`, then `link_account`, in one transaction.
    TwoStatements,
}

/// How expired rows are deleted.
#[derive(Clone, Copy)]
#[allow(dead_code, reason = "no single database needs both ways")]
pub(crate) enum DeleteExpired {
    /// One statement that returns two counts. Its parameters are the time and the limit, twice.
    OneStatement(&'static str),
    /// Two statements. Their parameters are the time and the limit.
    TwoStatements {
        sessions: &'static str,
        verification_tokens: &'static str,
    },
}

/// A file of a dialect's folder.
macro_rules! sql {
    ($dialect:literal, $($name:literal),+) => {
        include_str!(concat!("../../sql/", $dialect, "/", $($name,)+ ".sql"))
    };
}
pub(crate) use sql;
