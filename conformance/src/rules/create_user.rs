use crate::context::Context;
use crate::failure::{Verdict, conflicts, gives, succeeds};
use crate::fixture::{full_user, id, user_with_email};
use authstore::Constraint;

pub(crate) fn stored(context: &Context) -> Verdict {
    let store = context.store();
    let user = succeeds("create_user(..)", store.create_user(full_user(1)))?;
    gives("get_user(id(1))", store.get_user(id(1)), Some(user))
}

pub(crate) fn unique_email(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(user_with_email(1, "ada@example.org"))?;
    conflicts(
        "create_user(..) with a taken e-mail address",
        store.create_user(user_with_email(2, "ada@example.org")),
        Constraint::UserEmail,
    )?;
    gives("get_user(id(2))", store.get_user(id(2)), None)
}
