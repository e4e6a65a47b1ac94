use crate::context::Context;
use crate::failure::{Verdict, equal, returns};
use crate::fixture::{
    authenticator, authenticator_with_id, bare_user, full_user, id, look, populate,
};
use crate::race::{Race, THREADS, all_succeed, overlapped};
use crate::strings::{CREDENTIAL_ID, NEAR_CREDENTIAL_IDS};

pub(crate) fn reports_whether_deleted(context: &Context) -> Verdict {
    let store = context.store();
    returns(
        "delete_authenticator(..) on an empty storage",
        store.delete_authenticator("credential-1"),
        false,
    )?;
    store.create_user(full_user(1))?;
    store.create_authenticator(authenticator(1, 1))?;
    returns(
        "delete_authenticator(..)",
        store.delete_authenticator("credential-1"),
        true,
    )?;
    returns(
        "delete_authenticator(..), again",
        store.delete_authenticator("credential-1"),
        false,
    )?;
    returns(
        "get_authenticator(..) after delete_authenticator(..)",
        store.get_authenticator("credential-1"),
        None,
    )?;
    returns(
        "list_authenticators_by_user_id(..) after delete_authenticator(..)",
        store.list_authenticators_by_user_id(id(1)),
        Vec::new(),
    )
}

pub(crate) fn leaves_others_unchanged(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 2..=3)?;
    let (user, accounts) = (
        store.get_user(id(1))?,
        store.list_accounts_by_user_id(id(1))?,
    );
    store.delete_authenticator("credential-11")?;
    returns(
        "the user's other authenticators",
        store.list_authenticators_by_user_id(id(1)),
        vec![authenticator(12, 1)],
    )?;
    returns("the authenticator's user", store.get_user(id(1)), user)?;
    returns(
        "the user's accounts",
        store.list_accounts_by_user_id(id(1)),
        accounts,
    )?;
    returns("the rows of other users", look(store, 2..=3), before)
}

pub(crate) fn exact(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let created = store.create_authenticator(authenticator_with_id(1, 1, CREDENTIAL_ID))?;
    for other in NEAR_CREDENTIAL_IDS {
        returns(
            format!("delete_authenticator(\"{other}\")"),
            store.delete_authenticator(other),
            false,
        )?;
    }
    returns(
        "get_authenticator(..)",
        store.get_authenticator(CREDENTIAL_ID),
        Some(created),
    )?;
    returns(
        "delete_authenticator(..)",
        store.delete_authenticator(CREDENTIAL_ID),
        true,
    )
}

pub(crate) fn one_winner(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    context.store().create_user(bare_user(1))?;
    race.rounds(|round| {
        let credential_id = format!("round-{round}");
        context
            .store()
            .create_authenticator(authenticator_with_id(1, 1, &credential_id))?;
        let ran = race.at_once(THREADS, |_, store| {
            store.delete_authenticator(&credential_id)
        });
        let overlap = overlapped(&ran);
        let deleted = all_succeed("delete_authenticator(..)", ran)?;
        equal(
            "the number of callers whose delete_authenticator(..) returned true",
            deleted.into_iter().filter(|deleted| *deleted).count(),
            1,
        )?;
        Ok(overlap)
    })
}
