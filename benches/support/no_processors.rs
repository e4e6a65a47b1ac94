//! Other systems than Linux do not let a thread choose its processor.

use std::sync::Arc;

use authstore_test_databases::Server;

pub(crate) enum Processors {}

impl Processors {
    pub(crate) fn separate(_: &Arc<Server>) -> Option<Self> {
        None
    }
}
