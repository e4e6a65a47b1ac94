//! Faults with what has expired, and with `ping`.

use std::collections::BTreeMap;
use std::sync::Mutex;

use authstore_conformance::Model;

use super::fault::*;
use super::values::*;

/// Sweeps this many rows of each kind at a time. `restore` undoes in a step what does not belong to it.
fn sweep_in_steps(
    db: &Reference,
    now: OffsetDateTime,
    limit: u32,
    step: u32,
    restore: impl Fn(&mut Model, &Model),
) -> Result<ExpiredCounts> {
    let mut sum = ExpiredCounts::default();
    let mut left = limit;
    while left > 0 {
        let (counts, is_done) = db.with(|model| {
            let before = model.clone();
            let counts = model.delete_expired(now, left.min(step));
            restore(model, &before);
            (counts, *model == before)
        })?;
        if is_done {
            break;
        }
        sum.sessions += counts.sessions;
        sum.verification_tokens += counts.verification_tokens;
        sum.challenges += counts.challenges;
        left -= left.min(step);
        pause();
    }
    Ok(sum)
}

/// Held by those who sweep, so that each row is counted once.
static SWEEP: Mutex<()> = Mutex::new(());

/// Reads which sessions are due, then deletes those whose token is still the same. `and` gets the counts, the number of
/// those whose token is another, and the details of these.
fn sweep_by_tokens(
    db: &Reference,
    now: OffsetDateTime,
    limit: u32,
    and: impl FnOnce(&mut ExpiredCounts, u64, &mut BTreeMap<Uuid, SessionDetails>),
) -> Result<ExpiredCounts> {
    let _alone = SWEEP.lock().expect("no panic while held");
    let due = db.with(|model| {
        let mut swept = model.clone();
        swept.delete_expired(now, limit);
        let all = model.sessions.values();
        let due = all.filter(|session| !swept.sessions.contains_key(&session.session_token));
        due.cloned().collect::<Vec<Session>>()
    })?;
    pause();
    db.with(|model| {
        let mut rotated = model.sessions.clone();
        rotated.retain(|token, session| {
            let then = due.iter().find(|then| then.id == session.id);
            session.expires <= now && then.is_some_and(|then| then.session_token != *token)
        });
        let mut details = model.session_details.clone();
        details.retain(|id, _| rotated.values().any(|session| session.id == *id));
        model
            .sessions
            .retain(|token, _| !rotated.contains_key(token));
        let mut counts = model.delete_expired(now, limit);
        and(&mut counts, rotated.len() as u64, &mut details);
        model.sessions.extend(rotated);
        model.session_details.extend(details);
        counts
    })
}

/// Reads which rows of a kind are due, and then deletes those with the same keys. Returns how many.
fn sweep_by_key<K: Ord + Clone, V: Clone>(
    db: &Reference,
    now: OffsetDateTime,
    limit: u32,
    rows: fn(&mut Model) -> &mut BTreeMap<K, V>,
) -> Result<u64> {
    let keys = db.with(|model| {
        let mut swept = model.clone();
        swept.delete_expired(now, limit);
        let left = rows(&mut swept);
        let all = rows(model).keys();
        all.filter(|key| !left.contains_key(key))
            .cloned()
            .collect::<Vec<K>>()
    })?;
    pause();
    db.with(|model| {
        let rows = rows(model);
        keys.iter().filter(|key| rows.remove(key).is_some()).count() as u64
    })
}

faults! {
    SweepsTokensByKey "delete_expired.spares_what_is_created_again": "Reads which verification tokens are due, then deletes those with these keys." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            let verification_tokens = sweep_by_key(db, now, limit, |model| &mut model.verification_tokens)?;
            let counts = db.delete_expired(now, limit)?;
            Ok(ExpiredCounts { verification_tokens: verification_tokens + counts.verification_tokens, ..counts })
        }
    }

    SweepsChallengesByKey "delete_expired.spares_what_is_created_again": "Reads which challenges are due, then deletes those with these keys." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            let challenges = sweep_by_key(db, now, limit, |model| &mut model.challenges)?;
            let counts = db.delete_expired(now, limit)?;
            Ok(ExpiredCounts { challenges: challenges + counts.challenges, ..counts })
        }
    }

    SweepsAPageOfDetails "delete_expired.no_page_limit": "Deletes the details of only five hundred sessions of a sweep." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            let all = db.with(|model| model.session_details.clone())?;
            let counts = db.delete_expired(now, limit)?;
            db.with(|model| {
                let gone = all.into_iter().filter(|(id, _)| !model.session_details.contains_key(id));
                let left: Vec<_> = gone.skip(500).collect();
                model.session_details.extend(left);
            })?;
            Ok(counts)
        }
    }

    SparesTheBoundary "delete_expired.boundary": "Keeps what expires at exactly that moment." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            db.delete_expired(now - Duration::from_millis(1), limit)
        }
    }

    SweepsTheSecond "delete_expired.to_the_millisecond": "Compares times by their seconds." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            db.delete_expired(seconds(now) + Duration::from_millis(999), limit)
        }
    }

    SweepsUntil2038 "delete_expired.distant_times": "Compares times as 32-bit seconds." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            db.delete_expired(until_2038(now), limit)
        }
    }

    SweepsInSummer "delete_expired.around_clock_changes": "Compares local times with daylight-saving time." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            db.delete_expired(daylight_saving(now), limit)
        }
    }

    NewestFirst "delete_expired.oldest_first": "Deletes the newest expired rows first." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            db.with(|model| {
                let mut due: Vec<Session> = model.sessions.values().filter(|row| row.expires <= now).cloned().collect();
                due.sort_by_key(|row| std::cmp::Reverse(row.expires));
                due.truncate(limit as usize);
                for row in &due {
                    model.sessions.remove(&row.session_token);
                }
                let rest = model.delete_expired(OffsetDateTime::UNIX_EPOCH, 0);
                ExpiredCounts { sessions: due.len() as u64, ..rest }
            })
        }
    }

    NoLimit "delete_expired.limit": "Deletes everything that has expired, whatever the limit." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, _: u32) -> Result<ExpiredCounts> {
            db.delete_expired(now, u32::MAX)
        }
    }

    LimitsTheWhole "delete_expired.counts_apart": "Divides the limit between sessions and tokens." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            db.with(|model| {
                let tokens = model.verification_tokens.clone();
                let ExpiredCounts { sessions, challenges, .. } = model.delete_expired(now, limit);
                model.verification_tokens = tokens;
                let kept = model.sessions.clone();
                let verification_tokens = model.delete_expired(now, limit - sessions as u32).verification_tokens;
                model.sessions = kept;
                ExpiredCounts { sessions, verification_tokens, challenges }
            })
        }
    }

    CountsTogether "delete_expired.counts_apart": "Counts sessions and tokens together." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            let done = db.delete_expired(now, limit)?;
            let all = done.sessions + done.verification_tokens;
            Ok(ExpiredCounts { sessions: all, verification_tokens: all, ..done })
        }
    }

    OwnClock "delete_expired.callers_clock": "Uses its own clock to decide what has expired." {
        fn delete_expired(&self, db: &Reference, _: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            db.delete_expired(OffsetDateTime::now_utc(), limit)
        }
    }

    FirstExpiry (Mutex<BTreeMap<String, OffsetDateTime>>) "delete_expired.after_updates": "Deletes a session at its first expiry, although it was extended." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            self.0.lock().expect("no panic while held").insert(session.session_token.clone(), session.expires);
            db.create_session(session)
        }

        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            for (token, expires) in self.0.lock().expect("no panic while held").iter() {
                db.update_session(token, &SessionChanges { expires: Some(*expires), ..SessionChanges::default() })?;
            }
            db.delete_expired(now, limit)
        }
    }

    SweepsUsers "delete_expired.leaves_others_unchanged": "Deletes users who no longer have a session." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            let done = db.delete_expired(now, limit)?;
            db.with(|model| {
                let users: Vec<Uuid> = model.users.keys().copied().collect();
                for id in users {
                    if model.list_sessions_by_user_id(id).is_empty() {
                        model.delete_user(id);
                    }
                }
            })?;
            Ok(done)
        }
    }

    SweptTwice "delete_expired.each_counted_once": "Counts what has expired, then deletes it." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            let counted = db.with(|model| model.clone().delete_expired(now, limit))?;
            pause();
            db.delete_expired(now, limit)?;
            Ok(counted)
        }
    }

    SweepsAHundred "delete_expired.no_page_limit": "Deletes a hundred rows at most." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            db.delete_expired(now, limit.min(100))
        }
    }

    OvershootsTheLimit "delete_expired.no_page_limit": "Deletes a hundred rows at a time, also when fewer are left of the limit." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            db.delete_expired(now, whole_hundreds(limit))
        }
    }

    SortsDueRowsByPage "delete_expired.no_page_limit": "Finds the oldest sessions only among the first hundred that are due." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            db.with(|model| {
                let real: BTreeMap<Uuid, OffsetDateTime> = model.sessions.values().map(|session| (session.id, session.expires)).collect();
                let due = model.sessions.values_mut().filter(|session| session.expires <= now);
                for session in due.skip(100) {
                    session.expires = now;
                }
                let counts = model.delete_expired(now, limit);
                for session in model.sessions.values_mut() {
                    session.expires = real[&session.id];
                }
                counts
            })
        }
    }

    LimitsIn16Bits "delete_expired.no_page_limit": "Stores the limit in 16 bits." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            db.delete_expired(now, limit & 0xffff)
        }
    }

    SweepsOneByOne "delete_expired.never_half": "Deletes what has expired row by row." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            let mut sum = ExpiredCounts::default();
            for _ in 0..limit {
                let one = db.delete_expired(now, 1)?;
                if one == ExpiredCounts::default() {
                    break;
                }
                sum.sessions += one.sessions;
                sum.verification_tokens += one.verification_tokens;
                sum.challenges += one.challenges;
                pause();
            }
            Ok(sum)
        }
    }

    SweepsWhatWasExtended "delete_expired.spares_what_is_extended": "Reads what has expired, then deletes it by its token." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            let due = db.with(|model| {
                let mut swept = model.clone();
                swept.delete_expired(now, limit);
                let mut due = model.clone();
                due.sessions.retain(|token, _| !swept.sessions.contains_key(token));
                due.verification_tokens.retain(|token, _| !swept.verification_tokens.contains_key(token));
                due
            })?;
            pause();
            db.with(|model| ExpiredCounts {
                sessions: due.sessions.keys().filter_map(|token| model.sessions.remove(token)).count() as u64,
                verification_tokens: due.verification_tokens.keys().filter_map(|token| model.verification_tokens.remove(token)).count() as u64,
                challenges: 0,
            })
        }
    }

    NoAnswer "ping.answers": "Returns an error for a ping." {
        fn ping(&self, db: &Reference) -> Result<()> {
            db.ping()?;
            Err(Error::backend("ping is not supported"))
        }
    }

    SweepsTwoThousand "delete_expired.no_page_limit": "Deletes two thousand rows at most (which `quick` does not find)." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            db.delete_expired(now, limit.min(2_000))
        }
    }

    OldestByText "delete_expired.oldest_first": "Deletes tokens in the order of their times as text, which leaves out a fraction of zero." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            db.with(|model| {
                let tokens = std::mem::take(&mut model.verification_tokens);
                let counts = model.delete_expired(now, limit);
                let mut due: Vec<_> = tokens.values().filter(|token| token.expires <= now).collect();
                due.sort_by_key(|token| {
                    let time = token.expires;
                    (time.unix_timestamp(), time.millisecond() == 0, time)
                });
                due.truncate(limit as usize);
                model.verification_tokens = tokens.clone();
                for token in &due {
                    model.verification_tokens.remove(&token.token);
                }
                ExpiredCounts { verification_tokens: due.len() as u64, ..counts }
            })
        }
    }

    RotationLeavesIndex (Mutex<Vec<OffsetDateTime>>) "delete_expired.after_updates": "Leaves an entry in the index of expiries when a session is rotated, which uses up the limit." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let before = db.get_session_and_user(session_token)?;
            if let (Some((session, _)), Some(_)) = (before, &changes.session_token) {
                self.0.lock().expect("no panic while held").push(session.expires);
            }
            db.update_session(session_token, changes)
        }

        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            let mut left = self.0.lock().expect("no panic while held");
            let before = left.len();
            left.retain(|expires| *expires > now);
            let of_sessions = limit.saturating_sub((before - left.len()) as u32);
            let counts = db.delete_expired(now, limit.min(of_sessions))?;
            let rest = db.delete_expired(now, limit - limit.min(of_sessions))?;
            // The rest of the sessions stay due in this backend; that of the others does not.
            Ok(ExpiredCounts {
                sessions: counts.sessions,
                verification_tokens: counts.verification_tokens + rest.verification_tokens,
                challenges: counts.challenges + rest.challenges,
            })
        }
    }

    SweepsByHundreds "delete_expired.never_half": "Deletes what has expired a hundred rows at a time." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            sweep_in_steps(db, now, limit, 100, |_, _| {})
        }
    }

    SweepsTokensOneByOne "delete_expired.never_half": "Deletes verification tokens that have expired one at a time." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            let others = db.with(|model| {
                let tokens = model.verification_tokens.clone();
                let counts = model.delete_expired(now, limit);
                model.verification_tokens = tokens;
                ExpiredCounts { verification_tokens: 0, ..counts }
            })?;
            let tokens = sweep_in_steps(db, now, limit, 1, |model, before| {
                model.sessions.clone_from(&before.sessions);
                model.session_details.clone_from(&before.session_details);
                model.challenges.clone_from(&before.challenges);
            })?;
            Ok(ExpiredCounts { verification_tokens: tokens.verification_tokens, ..others })
        }
    }

    SweepsChallengesByHundreds "delete_expired.never_half": "Deletes challenges that have expired a hundred at a time." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            let others = db.with(|model| {
                let challenges = model.challenges.clone();
                let counts = model.delete_expired(now, limit);
                model.challenges = challenges;
                ExpiredCounts { challenges: 0, ..counts }
            })?;
            let challenges = sweep_in_steps(db, now, limit, 100, |model, before| {
                model.sessions.clone_from(&before.sessions);
                model.session_details.clone_from(&before.session_details);
                model.verification_tokens.clone_from(&before.verification_tokens);
            })?;
            Ok(ExpiredCounts { challenges: challenges.challenges, ..others })
        }
    }

    CountsTheRotated "delete_expired.spares_none_that_rotates": "Reads the tokens of the sessions that are due, deletes those with these tokens, and counts those that were rotated since." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            sweep_by_tokens(db, now, limit, |counts, rotated, _| counts.sessions += rotated)
        }
    }

    SweepsDetailsOfTheRotated "delete_expired.spares_none_that_rotates": "Reads which sessions are due, deletes their details, and those whose token is still the same." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            sweep_by_tokens(db, now, limit, |_, _, details| details.clear())
        }
    }
}
