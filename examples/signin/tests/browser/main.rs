//! The application in a real browser, on SQLite and PostgreSQL: each way to sign in, each form, attacks, and load.

mod attacks;
mod client;
mod driver;
mod flows;
mod load;
mod program;
mod smtp;

use std::process::ExitCode;

use authstore_test_databases::{Kind, Needs, Test, run};

/// The databases that the program supports, for the tests of its own table.
const ALL: [Kind; 4] = [Kind::SqliteFile, Kind::Postgres, Kind::Mysql, Kind::Mariadb];

const KINDS: [Kind; 2] = [Kind::SqliteFile, Kind::Postgres];

fn main() -> ExitCode {
    let all = |name, test: fn(Kind)| Test::on(&ALL, Needs::Shared, name, test);
    let shared = |name, test: fn(Kind)| Test::on(&KINDS, Needs::Shared, name, test);
    let sqlite = |name, test: fn(Kind)| Test::on(&[Kind::SqliteFile], Needs::Shared, name, test);
    let in_browser = [
        shared("an_account_from_link_to_deletion", flows::account),
        shared("a_passkey_is_enough", flows::passkey_only),
        shared("a_provider_signs_in_and_is_linked", flows::provider),
        shared("no_javascript_is_needed", flows::without_javascript),
        shared("a_copied_passkey_is_rejected", attacks::copied_passkey),
        shared("attacks_from_a_browser_fail", attacks::in_browser),
        shared("a_planted_session_is_worthless", attacks::fixed_session),
        shared("another_site_cannot_send_forms", attacks::cross_site_form),
    ];
    let without = [
        all("a_link_works_once", attacks::link_used_often),
        sqlite("an_address_has_no_name", attacks::address_with_a_name),
        shared(
            "forged_and_stale_callbacks_are_rejected",
            attacks::callbacks,
        ),
        shared(
            "another_users_session_cannot_be_ended",
            attacks::foreign_session,
        ),
        all("a_squatter_gets_nothing", attacks::squatter),
        shared("a_leak_holds_no_token", attacks::leak),
        shared("sessions_end_by_their_lifetime", load::session_lifetime),
        shared("24_clients_see_no_error", load::clients),
        Test::on(
            &[Kind::Postgres],
            Needs::Container,
            "a_restarted_database_comes_back",
            load::restart,
        ),
        sqlite(
            "cookies_under_https_are_bound_to_the_host",
            attacks::https_cookies,
        ),
        sqlite("a_link_comes_by_mail", smtp::link_by_mail),
        sqlite("expired_rows_are_swept", load::sweep),
        sqlite("every_connection_is_answered", load::bursts),
        sqlite(
            "requests_in_progress_end_before_it",
            load::stop_during_request,
        ),
        sqlite("malformed_requests_end_alone", load::malformed),
    ];
    let mut tests: Vec<Test> = without.into_iter().flatten().collect();
    match driver::obstacle() {
        None => tests.extend(in_browser.into_iter().flatten()),
        Some(reason) if driver::is_required() => {
            eprintln!("AUTHSTORE_TEST_REQUIRE names browser, but {reason}");
            return ExitCode::FAILURE;
        }
        Some(reason) => {
            println!(
                "NOT TESTED in a browser, since {reason}.\n    Install chromium and chromium-driver."
            );
        }
    }
    run(tests)
}
