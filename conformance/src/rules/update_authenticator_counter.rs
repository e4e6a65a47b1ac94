use authstore::{Authenticator, Entity};

use crate::context::Context;
use crate::failure::{Verdict, not_found, returns};
use crate::fixture::{authenticator, authenticator_with_id, full_user, id, look, populate};
use crate::strings::{CREDENTIAL_ID, NEAR_CREDENTIAL_IDS};

/// Sets a counter, and checks that both the update and `get_authenticator` return the expected row.
#[track_caller]
fn updates(context: &Context, authenticator: &mut Authenticator, counter: i64) -> Verdict {
    let store = context.store();
    authenticator.counter = counter;
    returns(
        format!("update_authenticator_counter(.., {counter})"),
        store.update_authenticator_counter(&authenticator.credential_id, counter),
        authenticator.clone(),
    )?;
    returns(
        "get_authenticator(..) after update_authenticator_counter(..)",
        store.get_authenticator(&authenticator.credential_id),
        Some(authenticator.clone()),
    )
}

pub(crate) fn any_counter(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let mut created = store.create_authenticator(authenticator(1, 1))?;
    // Up, down, and unchanged. Whether a counter may decrease is for the caller to decide.
    for counter in [
        1,
        0,
        0,
        i64::from(i32::MAX) + 1,
        i64::from(u32::MAX) + 1,
        (1 << 53) + 1,
        i64::MAX,
        i64::MAX,
        5,
    ] {
        updates(context, &mut created, counter)?;
    }
    Ok(())
}

pub(crate) fn missing(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    not_found(
        "update_authenticator_counter(..) of an authenticator that does not exist",
        store.update_authenticator_counter("credential-99", 1),
        Entity::Authenticator,
    )?;
    returns("the rows that existed before", look(store, 1..=3), before)
}

pub(crate) fn leaves_others_unchanged(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 2..=3)?;
    store.update_authenticator_counter("credential-11", 12_345)?;
    returns(
        "another authenticator of the user",
        store.get_authenticator("credential-12"),
        Some(authenticator(12, 1)),
    )?;
    returns("the rows of other users", look(store, 2..=3), before)
}

pub(crate) fn exact(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let mut created = store.create_authenticator(authenticator_with_id(1, 1, CREDENTIAL_ID))?;
    for other in NEAR_CREDENTIAL_IDS {
        not_found(
            format!("update_authenticator_counter(\"{other}\", ..)"),
            store.update_authenticator_counter(other, 99),
            Entity::Authenticator,
        )?;
    }
    returns(
        "get_authenticator(..)",
        store.get_authenticator(CREDENTIAL_ID),
        Some(created.clone()),
    )?;
    updates(context, &mut created, 99)?;
    returns(
        "list_authenticators_by_user_id(..)",
        store.list_authenticators_by_user_id(id(1)),
        vec![created],
    )
}
