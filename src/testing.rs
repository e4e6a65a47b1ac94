//! A backend whose operations fail on request, for the tests of applications.

use std::fmt;
use std::sync::Arc;

use crate::backend::{Backend, BackendTransaction};
use crate::error::{Error, Result};
use crate::for_each_operation;
use crate::migration::Migrator;
use crate::pool::PoolState;
use crate::transaction::WrappedTransaction;

/// How [`FailingBackend`] treats a call.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fault {
    /// The call is forwarded.
    None,
    /// The call fails with this error, and the backend is not called.
    Before(Error),
    /// The backend does the work, but the call fails with this error: a lost answer, as in [`Error::OutcomeUnknown`].
    /// If the backend itself fails, the call returns the backend's error.
    After(Error),
}

/// A backend that forwards calls to another one, except for those that you make fail.
///
/// ```
/// use authstore::testing::{FailingBackend, Fault};
/// use authstore::{AuthStore, Error, NewUser, SqliteOptions};
///
/// # fn main() -> authstore::Result<()> {
/// let backend = FailingBackend::new(SqliteOptions::memory().open()?, |operation| match operation {
///     "get_user_by_email" => Fault::Before(Error::unavailable("the test says so")),
///     "create_user" => Fault::After(Error::outcome_unknown("the answer got lost")),
///     _ => Fault::None,
/// });
/// let store = AuthStore::new(backend);
/// store.migrate()?;
///
/// assert!(store.get_user_by_email("ada@example.org").unwrap_err().is_retryable());
///
/// let ada = NewUser { id: Some(uuid::Uuid::now_v7()), ..NewUser::default() };
/// let error = store.create_user(ada.clone()).unwrap_err();
/// assert!(matches!(error, Error::OutcomeUnknown { .. }));
/// assert!(store.get_user(ada.id.unwrap())?.is_some());
/// # Ok(())
/// # }
/// ```
pub struct FailingBackend<B> {
    backend: B,
    fault: Arc<dyn Fn(&'static str) -> Fault + Send + Sync>,
}

impl<B: Backend> FailingBackend<B> {
    /// Wraps a backend. `fault` is called before every operation, with the operation's name, which is the name of its
    /// method. It may be called from several threads concurrently.
    pub fn new(backend: B, fault: impl Fn(&'static str) -> Fault + Send + Sync + 'static) -> Self {
        FailingBackend {
            backend,
            fault: Arc::new(fault),
        }
    }

    fn run<T>(&self, operation: &'static str, work: impl FnOnce(&B) -> Result<T>) -> Result<T> {
        match (self.fault)(operation) {
            Fault::None => work(&self.backend),
            Fault::Before(error) => Err(error),
            Fault::After(error) => work(&self.backend).and(Err(error)),
        }
    }
}

impl<B: Backend> fmt::Debug for FailingBackend<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailingBackend")
            .field("backend", &self.backend.name())
            .finish_non_exhaustive()
    }
}

macro_rules! fail {
    ({} $(fn $operation:ident($($argument:ident: $type:ty),*) -> $output:ty;)*) => {
        impl<B: Backend> Backend for FailingBackend<B> {
            fn name(&self) -> &'static str {
                self.backend.name()
            }

            $(fn $operation(&self, $($argument: $type),*) -> Result<$output> {
                self.run(stringify!($operation), |backend| backend.$operation($($argument),*))
            })*

            /// Migrations do not fail.
            fn migrator(&self) -> Option<Migrator> {
                self.backend.migrator()
            }

            /// In a transaction, the same calls fail.
            fn begin(&self) -> Result<Option<Box<dyn BackendTransaction>>> {
                let fault = Arc::clone(&self.fault);
                Ok(self.backend.begin()?.map(|transaction| {
                    WrappedTransaction::wrap(transaction, move |backend| {
                        let fault = Arc::clone(&fault);
                        Arc::new(FailingBackend { backend, fault })
                    })
                }))
            }

            fn pool_state(&self) -> Option<PoolState> {
                self.backend.pool_state()
            }
        }
    };
}
for_each_operation!(fail! {});
