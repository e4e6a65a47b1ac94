//! Converts redb's errors to those of the contract.

use std::io::ErrorKind;

use authstore::Error;

/// The reasons to end a transaction early: an error of the contract, or one of redb. Allows `?` with both.
pub(crate) struct Failure(Error);

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.0
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure(error)
    }
}

impl From<redb::DatabaseError> for Failure {
    fn from(error: redb::DatabaseError) -> Self {
        before_commit(error.into())
    }
}

impl From<redb::TransactionError> for Failure {
    fn from(error: redb::TransactionError) -> Self {
        before_commit(error.into())
    }
}

impl From<redb::TableError> for Failure {
    fn from(error: redb::TableError) -> Self {
        before_commit(error.into())
    }
}

impl From<redb::StorageError> for Failure {
    fn from(error: redb::StorageError) -> Self {
        before_commit(error.into())
    }
}

impl From<redb::CommitError> for Failure {
    fn from(error: redb::CommitError) -> Self {
        let reason = "the file could not be written to the end";
        Failure(Error::outcome_unknown(reason).with_source(redb::Error::from(error)))
    }
}

/// Nothing is written before the commit. The source contains no secrets: redb's errors name tables and types, not rows.
fn before_commit(error: redb::Error) -> Failure {
    let meaning = match error {
        redb::Error::Io(ref error) if error.kind() == ErrorKind::InvalidData => {
            Error::backend("the file is not a redb file")
        }
        redb::Error::Io(_) => Error::unavailable("the file could not be read or written"),
        // Until the file is opened again, redb does nothing more after an error that it reported as `Io`.
        redb::Error::PreviousIo => Error::backend("an earlier error of the disk; reopen the file"),
        redb::Error::DatabaseAlreadyOpen => Error::unavailable("another program has the file open"),
        _ => Error::backend("the file is not what it should be"),
    };
    Failure(meaning.with_source(error))
}
