use crate::context::Context;
use crate::failure::{Verdict, gives};

pub(crate) fn answers(context: &Context) -> Verdict {
    gives("ping()", context.store().ping(), ())
}
