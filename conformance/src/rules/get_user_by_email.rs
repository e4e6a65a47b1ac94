use crate::context::Context;
use crate::failure::{Verdict, returns};
use crate::fixture::{bare_user, id, populate, user_with_email};
use crate::show::Show;
use crate::strings::{KEY, NEAR_MISSES};

pub(crate) fn absent(context: &Context) -> Verdict {
    let store = context.store();
    let call = "get_user_by_email(\"nobody@example.org\")";
    returns(call, store.get_user_by_email("nobody@example.org"), None)?;
    populate(store)?;
    store.create_user(bare_user(4))?;
    returns(call, store.get_user_by_email("nobody@example.org"), None)
}

pub(crate) fn finds_its_user(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    for number in 1..=3 {
        let email = format!("user-{number}@example.org");
        returns(
            format!("get_user_by_email({})", email.show()),
            store.get_user_by_email(&email),
            store.get_user(id(number))?,
        )?;
    }
    Ok(())
}

pub(crate) fn exact(context: &Context) -> Verdict {
    let store = context.store();
    let user = store.create_user(user_with_email(1, KEY))?;
    for other in NEAR_MISSES {
        returns(
            format!("get_user_by_email({})", other.show()),
            store.get_user_by_email(other),
            None,
        )?;
    }
    returns(
        format!("get_user_by_email({})", KEY.show()),
        store.get_user_by_email(KEY),
        Some(user),
    )
}
