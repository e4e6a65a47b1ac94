use crate::context::Context;
use crate::failure::{Verdict, returns};
use crate::fixture::{id, populate};

pub(crate) fn absent(context: &Context) -> Verdict {
    let store = context.store();
    returns(
        "get_user(..) on an empty storage",
        store.get_user(id(1)),
        None,
    )?;
    populate(store)?;
    for number in [0, 4, 11, 1_011, 2_011, u128::MAX] {
        returns(
            format!("get_user(id({number}))"),
            store.get_user(id(number)),
            None,
        )?;
    }
    Ok(())
}
