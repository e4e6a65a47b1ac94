use crate::context::Context;
use crate::failure::{Verdict, returns};
use crate::fixture::{authenticator_with_id, full_user, populate};
use crate::strings::{CREDENTIAL_ID, NEAR_CREDENTIAL_IDS};

pub(crate) fn absent(context: &Context) -> Verdict {
    let store = context.store();
    returns(
        "get_authenticator(..) on an empty storage",
        store.get_authenticator("credential-1"),
        None,
    )?;
    populate(store)?;
    returns(
        "get_authenticator(\"credential-1\")",
        store.get_authenticator("credential-1"),
        None,
    )
}

pub(crate) fn exact(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let created = store.create_authenticator(authenticator_with_id(1, 1, CREDENTIAL_ID))?;
    for other in NEAR_CREDENTIAL_IDS {
        returns(
            format!("get_authenticator(\"{other}\")"),
            store.get_authenticator(other),
            None,
        )?;
    }
    returns(
        "get_authenticator(..)",
        store.get_authenticator(CREDENTIAL_ID),
        Some(created),
    )
}
