use crate::context::Context;
use crate::failure::{Verdict, returns};
use crate::fixture::{account_at, full_user, id, populate};
use crate::show::Show;
use crate::strings::{KEY, NEAR_MISSES};

pub(crate) fn absent(context: &Context) -> Verdict {
    let store = context.store();
    returns(
        "get_account(..) on an empty storage",
        store.get_account("github", "1"),
        None,
    )?;
    populate(store)?;
    for (provider, account) in [
        ("github", "1"),
        ("provider 11", "account 12"),
        ("provider 21", "account 11"),
        ("account 11", "provider 11"),
    ] {
        returns(
            format!("get_account(\"{provider}\", \"{account}\")"),
            store.get_account(provider, account),
            None,
        )?;
    }
    Ok(())
}

pub(crate) fn exact(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let linked = store.link_account(id(1), account_at(1, KEY, KEY))?;
    for other in NEAR_MISSES {
        for (provider, account) in [(KEY, *other), (*other, KEY)] {
            returns(
                format!("get_account({}, {})", provider.show(), account.show()),
                store.get_account(provider, account),
                None,
            )?;
        }
    }
    returns("get_account(..)", store.get_account(KEY, KEY), Some(linked))
}
