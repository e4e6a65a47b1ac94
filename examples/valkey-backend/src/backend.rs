//! The operations. All work the same way: they pass the arguments in order to the script of the same name, and return
//! its result. So a macro generates them from the list of operations, and a new operation in authstore needs a script
//! before this compiles again.

use std::sync::LazyLock;

use authstore::migration::Migrator;
use authstore::{Backend, BackendTransaction, PoolState, Result};
use redis::Script;

use crate::ValkeyBackend;
use crate::values::Arguments;

macro_rules! implement {
    ({} $(fn $operation:ident($($argument:ident: $type:ty),*) -> $output:ty;)*) => {
        impl Backend for ValkeyBackend {
            fn name(&self) -> &'static str {
                "valkey"
            }

            $(fn $operation(&self, $($argument: $type),*) -> Result<$output> {
                static SCRIPT: LazyLock<Script> = LazyLock::new(|| {
                    Script::new(concat!(
                        include_str!("../lua/prelude.lua"),
                        include_str!(concat!("../lua/", stringify!($operation), ".lua"))
                    ))
                });
                let arguments = Arguments::default()$(.with($argument))*;
                self.run(stringify!($operation), &SCRIPT, &arguments)
            })*

            /// A transaction of the server (`MULTI`) cannot read and then decide.
            fn begin(&self) -> Result<Option<Box<dyn BackendTransaction>>> {
                Ok(None)
            }

            /// There is no schema.
            fn migrator(&self) -> Option<Migrator> {
                None
            }

            fn pool_state(&self) -> Option<PoolState> {
                Some(self.pool.state())
            }
        }
    };
}

authstore::for_each_operation!(implement! {});
