//! The table of all rules: the single source of the tests, the certificates and the published list.

use crate::rule::{Class, Rule};

/// Calls a macro with the table. Each group holds rules: name, class, edition, sentence.
#[doc(hidden)]
#[macro_export]
macro_rules! __with_rules {
    ($($callback:tt)*) => {
        $($callback)*! {
            create_user {
                stored ReadingAndWriting 1 "get_user returns a user as create_user returned it, which is as it was given."
                each_optional_field ReadingAndWriting 1 "Each optional field of a user may be the only one that is set, and all may be missing."
                given_id ReadingAndWriting 1 "An ID from the caller is kept; without one, an ID is created."
                text Values 1 "Text in any script and form, and spaces anywhere, are returned byte for byte in every field."
                hostile_text Values 1 "Text that means something to a database (quotes, comments, wildcards, placeholders) is text like any other."
                empty_text Values 1 "An empty string stays empty, and a missing one stays missing."
                long_text Values 1 "A string of 1,048,576 bytes is returned whole by every lookup of the user."
                long_email Values 1 "Email addresses of 255 characters of four bytes are stored and found, and distinguished by the last one."
                email_by_bytes Values 1 "Email addresses that differ in case, accents, spaces, normalization or after the 190th character are different addresses."
                every_millisecond Values 1 "Each millisecond from 000 to 999 of emailVerified is returned exactly."
                distant_times Values 1 "emailVerified is returned exactly from 1970 to 9999, including after 2038."
                times_around_clock_changes Values 1 "emailVerified is returned exactly around the changes to and from daylight-saving time in several zones."
                unique_id Constraints 1 "A second user with an ID fails with Conflict(UserId), and nothing is written."
                unique_email Constraints 1 "A second user with an email address fails with Conflict(UserEmail), and nothing is written."
                no_email_is_no_conflict Constraints 1 "Any number of users may have no email address."
                again_after_delete Constraints 1 "The ID and the email address of a deleted user may be used again."
                one_winner Concurrency 1 "Of several callers who create a user with one email address concurrently, exactly one succeeds and the others conflict."
                one_id_one_winner Concurrency 1 "Of several callers who create a user with one ID concurrently, exactly one succeeds and the others conflict."
                every_length Values 1 "Strings of every length around powers of two and known limits are returned whole."
                every_bit_of_the_id Values 1 "IDs that differ in any single bit are different, also in the rows of their users."
            }
            get_user {
                absent ReadingAndWriting 1 "get_user returns None for an ID that no user has."
            }
            get_user_by_email {
                absent ReadingAndWriting 1 "get_user_by_email returns None for an address that no user has, and never finds a user without one."
                finds_its_user ReadingAndWriting 1 "get_user_by_email returns the user who has the address."
                exact Values 1 "get_user_by_email finds no user by an address that differs in case, accent, space, normalization or by a wildcard."
            }
            get_user_by_account {
                absent ReadingAndWriting 1 "get_user_by_account returns None for an account that no one has."
                finds_its_user ReadingAndWriting 1 "get_user_by_account returns the user to whom the account is linked."
                matches_both_keys ReadingAndWriting 1 "A user is found only by provider and provider account ID together, each in its own place."
                exact Values 1 "get_user_by_account finds no user by keys that differ in case, accent, space, normalization or by a wildcard."
                current_user ReadingAndWriting 1 "get_user_by_account returns the user as last updated, and None once the account is unlinked."
                one_moment Concurrency 1 "User and account are read at one moment: a user who is updated after the account was unlinked is never returned as updated."
            }
            list_users {
                order ReadingAndWriting 1 "list_users returns users in the byte order of their IDs."
                pages ReadingAndWriting 1 "If each page begins after the last ID of the previous page, the pages hold every user once."
                limit ReadingAndWriting 1 "list_users returns at most as many users as the limit, and none for a limit of 0."
                after_any_id ReadingAndWriting 1 "list_users begins after the ID, whether or not a user has it, and omits no other user."
                no_page_limit ReadingAndWriting 1 "The list is as long as the limit allows and in order, however many users there are."
                large_rows ReadingAndWriting 1 "The list is complete, and its users are whole, however large they are."
                one_moment Concurrency 1 "The list is read at one moment: it is never empty if there is always a user, while users are created and deleted."
                one_moment_of_many Concurrency 1 "Even a long list is read at one moment: it never holds two users who never exist at the same time."
            }
            update_user {
                every_combination ReadingAndWriting 1 "update_user writes the fields that are named and no others, in every combination of keep, set and clear, and returns the row."
                sets_what_was_missing ReadingAndWriting 1 "Each missing field can be set on its own."
                clears ReadingAndWriting 1 "Each field can be cleared, and is then missing."
                nothing_to_change ReadingAndWriting 1 "An update that names no field, or sets the present value, returns the row as it is."
                missing ReadingAndWriting 1 "An update of a user who does not exist fails with NotFound(User), and nothing is written."
                leaves_others_unchanged ReadingAndWriting 1 "An update of a user leaves all other users, and what belongs to the user, as they are."
                unique_email Constraints 1 "An update to another user's email address fails with Conflict(UserEmail), and no field of it is written."
                moves_the_email Constraints 1 "After an update the new address finds the user, and the old one is free."
                text Values 1 "Text of any kind that an update writes is returned byte for byte, including the empty string."
                long_text Values 1 "An update can write 1,048,576 bytes of text and a key of 255 characters, which every lookup returns whole."
                email_by_bytes Values 1 "An update to an address that only looks like another is not a conflict."
                times Values 1 "An update writes emailVerified to the millisecond, from 1970 to 9999."
                all_survive Concurrency 1 "Concurrent updates of different fields of one user all survive, and each returns its own."
                one_email_one_winner Concurrency 1 "Of several users who are given one email address concurrently, exactly one gets it."
                never_half Concurrency 1 "No caller ever sees only some of the fields that an update of a user writes, with any read, or an earlier state after a later one."
                every_length Values 1 "Strings of every length around powers of two and known limits, and email addresses of every length, are written whole."
                seen_in_every_session ReadingAndWriting 1 "An update of a user is seen with every session and account of the user, however many there are."
            }
            delete_user {
                reports_whether_deleted ReadingAndWriting 1 "delete_user reports whether the user existed, and deletes it."
                accounts_too Constraints 1 "delete_user deletes the accounts of the user."
                sessions_too Constraints 1 "delete_user deletes the sessions of the user."
                authenticators_too Constraints 1 "delete_user deletes the authenticators of the user."
                leaves_others_unchanged Constraints 1 "delete_user leaves other users, and everything that belongs to them, as they are."
                verification_tokens_stay Constraints 1 "delete_user keeps verification tokens that were sent to the user's address."
                one_winner Concurrency 1 "Of several callers who delete one user concurrently, exactly one gets true."
                never_half Concurrency 1 "While a user is deleted, no caller ever sees the user without everything that belongs to the user, or the reverse."
                no_orphan_session Concurrency 1 "A session created while its user is deleted is deleted too, or fails with NotFound(User), and can be created again."
                no_orphan_account Concurrency 1 "An account linked while its user is deleted is deleted too, or fails with NotFound(User), and can be linked again."
                no_orphan_authenticator Concurrency 1 "An authenticator created while its user is deleted is deleted too, or fails with NotFound(User), and can be created again."
                spares_none_that_rotates Concurrency 1 "A session whose token is rotated while its user is deleted is deleted too."
                spares_what_moves_away Concurrency 1 "A session, account or authenticator that becomes another user's while its first user is deleted is either deleted, or stays the other's."
                no_page_limit Constraints 1 "delete_user deletes everything that belongs to the user, however many rows there are."
            }
            link_account {
                stored ReadingAndWriting 1 "get_account returns an account as link_account returned it, which is as it was given."
                each_optional_field ReadingAndWriting 1 "Each optional field of an account may be the only one that is set, and all may be missing."
                given_id ReadingAndWriting 1 "An ID from the caller is kept; without one, an ID is created."
                text Values 1 "Text in any script and form, and spaces anywhere, are returned byte for byte in every field."
                hostile_text Values 1 "Text that means something to a database is stored like any other, in every field."
                empty_text Values 1 "An empty string stays empty in each field, and the others stay missing."
                long_text Values 1 "A string of 1,048,576 bytes is returned whole in each field."
                long_keys Values 1 "Keys of 255 characters of four bytes are stored and found, and distinguished by the last one."
                keys_by_bytes Values 1 "Providers, and provider account IDs, that only look alike are different."
                every_expires_at Values 1 "expires_at keeps any 64-bit integer."
                unique_id Constraints 1 "A second account with an ID fails with Conflict(AccountId), and nothing is written."
                unique_account Constraints 1 "A second account with a provider and provider account ID fails with Conflict(ProviderAccount), whichever user has the first."
                pair_of_keys Constraints 1 "Only the pair of provider and provider account ID is unique, and the boundary between them matters."
                unknown_user Constraints 1 "An account of a user who does not exist fails with NotFound(User), and nothing is written."
                again_after_unlink Constraints 1 "An account that was unlinked may be linked again."
                one_winner Concurrency 1 "Of several users to whom one account is linked concurrently, exactly one gets it."
                all_texts_long Values 1 "All strings of one account may have 1,048,576 bytes at once."
                one_id_one_winner Concurrency 1 "Of several accounts that are linked with one ID concurrently, exactly one gets it."
                every_length Values 1 "Strings of every length around powers of two and known limits, in all fields at once, and keys of every length, credential IDs among them, are returned whole."
                every_bit_of_the_id Values 1 "Accounts with IDs that differ in any single bit are different."
            }
            create_user_with_account {
                stored ReadingAndWriting 1 "User and account are returned as create_user_with_account returned them, each linked to the other."
                text Values 1 "Text of any kind and length is returned byte for byte from every field of both rows, which may all have their maximum length at once."
                numbers_and_times Values 1 "Any expires_at and any time of verification are returned as they were given."
                unique_user_id Constraints 1 "A taken user ID fails with Conflict(UserId), and neither row is written."
                unique_email Constraints 1 "A taken email address fails with Conflict(UserEmail), and neither row is written."
                unique_account_id Constraints 1 "A taken account ID fails with Conflict(AccountId), and neither row is written."
                unique_account Constraints 1 "A taken account fails with Conflict(ProviderAccount), and neither row is written."
                one_winner Concurrency 1 "Of several callers who sign up with one account or link it concurrently, exactly one succeeds, and the others leave nothing."
                never_half Concurrency 1 "No caller ever sees the user without the account, or the account without the user."
                one_id_one_winner Concurrency 1 "Of several callers who sign up or link an account with one account ID concurrently, exactly one succeeds, and the others leave nothing."
                one_email_one_winner Concurrency 1 "Of several callers who sign up, or create or update a user, with one email address concurrently, exactly one succeeds, and the others leave nothing."
                one_user_id_one_winner Concurrency 1 "Of several callers who sign up or create a user with one user ID concurrently, exactly one succeeds, and the others leave nothing."
            }
            unlink_account {
                reports_whether_deleted ReadingAndWriting 1 "unlink_account reports whether the account existed, and deletes it."
                leaves_others_unchanged ReadingAndWriting 1 "unlink_account leaves the user, other accounts and everything else as they are."
                exact Values 1 "unlink_account deletes nothing by keys that differ in case, accent, space, normalization or by a wildcard."
                one_winner Concurrency 1 "Of several callers who unlink one account concurrently, exactly one gets true."
            }
            unlink_account_of_user {
                reports_what_happened ReadingAndWriting 1 "unlink_account_of_user deletes the account and returns Done, and returns Absent when there is none."
                only_the_users ReadingAndWriting 1 "unlink_account_of_user keeps another user's account, and returns Absent."
                leaves_others_unchanged ReadingAndWriting 1 "unlink_account_of_user leaves the user, other accounts and everything else as they are."
                exact Values 1 "unlink_account_of_user deletes nothing by keys that differ in case, accent, space, normalization or by a wildcard."
                keeps_the_last ReadingAndWriting 1 "With keep_last, unlink_account_of_user returns LastWayIn for the user's only way to sign in, and deletes nothing."
                takes_the_last ReadingAndWriting 1 "Without keep_last, unlink_account_of_user deletes the user's only way to sign in."
                passkey_with_account_is_one_way ReadingAndWriting 1 "A passkey and its account of the kind webauthn count as one way to sign in, and such an account alone as none."
                last_of_several_at_once Concurrency 1 "Of several callers who remove all accounts and authenticators of a user concurrently with keep_last, all but one succeed."
                spares_what_moves_away Concurrency 1 "An account that is linked to another user while it is unlinked as the first user's stays linked to the other."
            }
            get_account {
                absent ReadingAndWriting 1 "get_account returns None for an account that does not exist, and for keys of two accounts mixed."
                exact Values 1 "get_account finds nothing by keys that differ in case, accent, space, normalization or by a wildcard."
            }
            update_account {
                each_field ReadingAndWriting 1 "update_account sets and clears each field alone, and leaves the others."
                combinations ReadingAndWriting 1 "update_account writes the fields that are named and no others, in pairs and in many combinations."
                nothing_to_change ReadingAndWriting 1 "An update that names no field, or sets the present value, returns the row as it is."
                missing ReadingAndWriting 1 "An update of an account that does not exist fails with NotFound(Account), and nothing is written."
                leaves_others_unchanged ReadingAndWriting 1 "An update of an account leaves all other accounts as they are."
                exact Values 1 "update_account changes nothing by keys that differ in case, accent, space, normalization or by a wildcard."
                text Values 1 "Text of any kind that an update writes is returned byte for byte, including the empty string."
                long_text Values 1 "An update can write 1,048,576 bytes into each field."
                every_expires_at Values 1 "An update writes any 64-bit integer to expires_at."
                all_survive Concurrency 1 "Concurrent updates of different fields of one account all survive, and each returns its own."
                never_resurrects Concurrency 1 "An account that is unlinked, or deleted with its user, while others update or refresh it stays deleted."
                never_half Concurrency 1 "No caller ever sees only some of the fields that an update of an account writes, with any read."
                every_length Values 1 "Strings of every length up to 1,048,576 bytes, around powers of two and known limits, are written whole in all fields at once."
            }
            refresh_account {
                still_the_same ReadingAndWriting 1 "refresh_account writes the changes and returns the account when its refresh token is the one seen."
                meanwhile_another ReadingAndWriting 1 "refresh_account returns None and writes nothing when the refresh token is not the one seen."
                without_a_token ReadingAndWriting 1 "A seen token of None means that the account has no refresh token, not that any token is accepted."
                missing ReadingAndWriting 1 "refresh_account returns None when there is no such account, and creates none."
                leaves_others_unchanged ReadingAndWriting 1 "refresh_account leaves all other accounts as they are."
                exact Values 1 "refresh_account changes nothing by keys that differ in case, accent, space, normalization or by a wildcard."
                text Values 1 "A refresh token of any string, up to 1,048,576 bytes, is recognized."
                every_expires_at Values 1 "A refresh writes any 64-bit integer to expires_at."
                one_winner Concurrency 1 "Of several callers who saw one refresh token, or that there is none, and write another concurrently, exactly one gets the account; none does after an update that replaced the token, and none undoes it."
                never_half Concurrency 1 "No caller ever sees only some of the fields that a refresh of an account writes, with any read."
                every_length Values 1 "Strings of every length up to 1,048,576 bytes, around powers of two and known limits, are compared and written whole in all fields at once."
            }
            list_accounts_by_user_id {
                absent ReadingAndWriting 1 "The list is empty for a user without accounts, and for an unknown user."
                only_the_users ReadingAndWriting 1 "The list holds all accounts of the user, complete, and no other user's."
                order ReadingAndWriting 1 "The list is in the byte order of provider, then of provider account ID."
                no_page_limit ReadingAndWriting 1 "The list is complete and in order, however many accounts there are."
                large_rows ReadingAndWriting 1 "The list is complete, and its accounts are whole, however large they are."
                one_moment Concurrency 1 "The list is read at one moment: a user who always has an account is never seen without one, while accounts are linked and unlinked."
                one_moment_of_many Concurrency 1 "Even a long list is read at one moment: it never holds two accounts that are never linked at the same time."
            }
            create_session {
                stored ReadingAndWriting 1 "A session is returned as create_session returned it, which is as it was given."
                given_id ReadingAndWriting 1 "An ID from the caller is kept; without one, an ID is created."
                text Values 1 "Any string can be the token that finds its session."
                long_token Values 1 "Tokens of 255 characters of four bytes are stored and found, and distinguished by the last one."
                token_by_bytes Values 1 "Tokens that only look alike are different."
                every_millisecond Values 1 "Each millisecond from 000 to 999 of expires is returned exactly."
                times Values 1 "expires is returned exactly from 1970 to 9999, and around changes to and from daylight-saving time."
                unique_id Constraints 1 "A second session with an ID fails with Conflict(SessionId), and nothing is written."
                unique_token Constraints 1 "A second session with a token fails with Conflict(SessionToken), whoever has the first."
                unknown_user Constraints 1 "A session of a user who does not exist fails with NotFound(User), and nothing is written."
                again_after_delete Constraints 1 "The ID and the token of a deleted session may be used again."
                one_winner Concurrency 1 "Of several callers who create a session with one token or rotate one to it concurrently, exactly one succeeds."
                one_id_one_winner Concurrency 1 "Of several sessions that are created with one ID concurrently, exactly one gets it."
                every_length Values 1 "Tokens of every length are stored and found."
                every_bit_of_the_id Values 1 "Sessions with IDs that differ in any single bit are different, and so are their details."
            }
            get_session_and_user {
                absent ReadingAndWriting 1 "get_session_and_user returns None for a token that no session has."
                its_user ReadingAndWriting 1 "get_session_and_user returns the session and its own user."
                expired_too ReadingAndWriting 1 "An expired session is returned like any other, and is not deleted by that."
                exact Values 1 "get_session_and_user finds nothing by a token that differs in case, accent, space, normalization or by a wildcard."
                current_user ReadingAndWriting 1 "get_session_and_user returns the user as last updated."
                one_step Concurrency 1 "While its user is deleted, a session is found with its user or not at all."
                one_moment Concurrency 1 "Session and user are read at one moment: a session that moves away from a user who is deleted or renamed is always found, with its user as the user was then."
            }
            update_session {
                every_combination ReadingAndWriting 1 "update_session writes the fields that are named and no others, and returns the row."
                nothing_to_change ReadingAndWriting 1 "An update that names no field, or sets the present value, returns the row as it is."
                missing ReadingAndWriting 1 "An update of a session that does not exist returns None, and creates none."
                later_operations ReadingAndWriting 1 "After an update of any fields, no operation finds the session by its previous user, token or time, and every operation does by the present ones."
                unknown_user Constraints 1 "An update to a user who does not exist fails with NotFound(User), and no field of it is written."
                leaves_others_unchanged ReadingAndWriting 1 "An update of a session leaves all others as they are, and moves only that session to another user."
                exact Values 1 "update_session changes nothing by a token that differs in case, accent, space, normalization or by a wildcard."
                text Values 1 "A session can be updated with any string as its token."
                times Values 1 "An update writes expires to the millisecond, from 1970 to 9999."
                all_survive Concurrency 1 "Concurrent updates of different fields of one session all survive, and each returns its own."
                one_place Concurrency 1 "A session that several callers move and extend concurrently belongs to one user, and expires as one of them said, whatever looks for it."
                never_half Concurrency 1 "No caller ever sees only some of the fields that an update of a session writes, with any read."
                no_orphan Concurrency 1 "A session moved to a user who is being deleted is deleted too, or fails with NotFound(User)."
                never_resurrects Concurrency 1 "A session that is deleted while it is updated stays deleted."
                rotates_the_token ReadingAndWriting 1 "A new token replaces the old one, which then finds nothing."
                unique_token Constraints 1 "An update to another session's token fails with Conflict(SessionToken), and no field of it is written."
                text_of_new_token Values 1 "The new token may be any string of up to 255 characters."
                old_token_is_free Constraints 1 "A token that was replaced may be used again."
                rotation_has_one_winner Concurrency 1 "Of several callers who give one session a new token by the same old one concurrently, exactly one finds it."
                rotation_ends_the_old_token Concurrency 1 "A caller who deletes or extends a session by a token that another replaces finds the session before, or not at all."
                rotation_to_one_token Concurrency 1 "Of several sessions that are given one token or created with it concurrently, exactly one gets it."
            }
            delete_session {
                reports_whether_deleted ReadingAndWriting 1 "delete_session reports whether the session existed, and deletes it."
                leaves_others_unchanged ReadingAndWriting 1 "delete_session leaves the user, other sessions and everything else as they are."
                exact Values 1 "delete_session deletes nothing by a token that differs in case, accent, space, normalization or by a wildcard."
                text Values 1 "A session can be deleted with any string as its token."
                one_winner Concurrency 1 "Of several callers who delete one session concurrently, exactly one gets true."
            }
            delete_session_of_user {
                reports_whether_deleted ReadingAndWriting 1 "delete_session_of_user reports whether the session existed, and deletes it."
                only_the_users ReadingAndWriting 1 "delete_session_of_user keeps another user's session, and returns false."
                leaves_others_unchanged ReadingAndWriting 1 "delete_session_of_user leaves other sessions and everything else as they are."
                one_winner Concurrency 1 "Of several callers who delete one session of a user concurrently, exactly one gets true."
                spares_none_that_rotates Concurrency 1 "A session whose token is rotated while it is deleted is deleted."
                spares_what_moves_away Concurrency 1 "A session that moves to another user while it is deleted as the first user's is either deleted, or moves and stays."
            }
            list_sessions_by_user_id {
                absent ReadingAndWriting 1 "The list is empty for a user without sessions, and for an unknown user."
                only_the_users ReadingAndWriting 1 "The list holds all sessions of the user, complete, and no other user's."
                expired_too ReadingAndWriting 1 "The list holds expired sessions too."
                order ReadingAndWriting 1 "The list has the latest expiry first, and orders sessions that expire together by ID."
                no_page_limit ReadingAndWriting 1 "The list is complete and in order, however many sessions there are."
                never_anothers Concurrency 1 "While a session moves from one user to another, no list holds a session that is another user's."
                order_after_updates ReadingAndWriting 1 "The list is in order after sessions were extended and shortened."
                one_moment Concurrency 1 "The list is read at one moment: a user who always has a session is never seen without one while sessions move between users."
                one_moment_of_many Concurrency 1 "Even a long list is read at one moment: it never holds two sessions that never exist at the same time."
            }
            list_sessions_with_details_by_user_id {
                absent ReadingAndWriting 1 "The list is empty for a user without sessions, and for a user that does not exist."
                the_same_list ReadingAndWriting 1 "The list is the same as from list_sessions_by_user_id, each session with its own details."
                no_page_limit ReadingAndWriting 1 "The list is complete and in order, however many sessions there are."
                large_rows ReadingAndWriting 1 "The list is complete, and its sessions are whole, however large they are."
                one_moment Concurrency 1 "Sessions and details are read at one moment: details are never newer than the session, nor more than one update older."
            }
            delete_sessions_by_user_id {
                all_of_them ReadingAndWriting 1 "All sessions of the user are deleted and counted, including expired ones."
                but_one ReadingAndWriting 1 "All sessions of the user except the one to keep are deleted and counted."
                keeps_nothing_else ReadingAndWriting 1 "A token to keep that is another user's, or that does not exist, keeps nothing."
                leaves_others_unchanged ReadingAndWriting 1 "The sessions of other users stay, and so do the user and the user's accounts."
                exact Values 1 "A token to keep that differs in case, accent, space, normalization or by a wildcard keeps nothing."
                text Values 1 "A token to keep may be any string."
                each_counted_once Concurrency 1 "Several concurrent callers count each session once between them."
                never_half Concurrency 1 "No caller ever sees only some of the sessions deleted."
                no_page_limit ReadingAndWriting 1 "All sessions except the one to keep are deleted and counted with their details, however many there are."
                keeps_what_moves_in Concurrency 1 "The session to keep is kept even if it becomes the user's while the others are deleted."
                spares_none_that_rotates Concurrency 1 "A session whose token is rotated while the user's sessions are deleted is deleted and counted with them."
                spares_what_moves_away Concurrency 1 "A session that moves to another user while the first user's sessions are deleted is either deleted and counted, or moves and stays."
            }
            get_session_details {
                absent ReadingAndWriting 1 "get_session_details returns no details if none were stored."
            }
            update_session_details {
                every_combination ReadingAndWriting 1 "update_session_details writes the details that are named and no others, in every combination of keep, set and clear."
                missing ReadingAndWriting 1 "update_session_details returns false for a session that does not exist, and writes nothing."
                session_unchanged ReadingAndWriting 1 "update_session_details leaves the session and the details of others as they are."
                outlive_updates ReadingAndWriting 1 "The details of a session stay when it is extended, rotated or moved to another user."
                deleted_with_the_session ReadingAndWriting 1 "The details of a session are deleted with it, by every operation that deletes it."
                text Values 1 "Details of any string, up to 1,048,576 bytes, are returned unchanged."
                times Values 1 "The times among the details are returned to the millisecond, from 1970 to 9999."
                all_survive Concurrency 1 "Concurrent updates of different details of one session all survive."
                never_half Concurrency 1 "No caller ever sees only some of the details that an update writes, with any read."
                no_orphan Concurrency 1 "Details that are written while their session is deleted are deleted with it."
            }
            create_verification_token {
                stored ReadingAndWriting 1 "use_verification_token returns a verification token as it was created."
                several_for_one ReadingAndWriting 1 "One identifier may have several tokens."
                text Values 1 "Identifiers and tokens may be any string, and are returned byte for byte."
                long_keys Values 1 "Identifiers and tokens of 255 characters of four bytes are stored and found, and distinguished by the last one."
                token_by_bytes Values 1 "Tokens that only look alike are different."
                every_millisecond Values 1 "Each millisecond from 000 to 999 of expires is returned exactly."
                times Values 1 "expires is returned exactly from 1970 to 9999, and around changes to and from daylight-saving time."
                unique_token Constraints 1 "Creating a token that exists fails with Conflict(VerificationToken), whatever its identifier, and the first stays."
                again_after_use Constraints 1 "A token that was used may be created again."
                one_winner Concurrency 1 "Of several callers who create one token concurrently, exactly one succeeds."
                every_length Values 1 "Identifiers and tokens of every length are stored and found."
            }
            use_verification_token {
                once ReadingAndWriting 1 "A token is returned once, and never again."
                absent ReadingAndWriting 1 "use_verification_token returns None for a token that does not exist."
                wrong_identifier ReadingAndWriting 1 "use_verification_token returns None for a token with another identifier, and keeps the token."
                expired_too ReadingAndWriting 1 "An expired token is used up and returned like any other."
                leaves_others_unchanged ReadingAndWriting 1 "Using a token leaves all others unchanged, including those of the same identifier."
                exact Values 1 "use_verification_token finds nothing by keys that differ in case, accent, space, normalization or by a wildcard."
                one_winner Concurrency 1 "If any number of callers use a token concurrently, exactly one gets it."
                each_creation_once Concurrency 1 "While a token is used and created again concurrently, each use returns the very row that it deletes."
                spares_another_identifier Concurrency 1 "A token that is used, and created again for another identifier, while others use it or delete it for the first one, is kept."
                one_winner_against_delete_expired Concurrency 1 "An expired token that is used and swept concurrently is returned or counted, once."
                identifier_by_bytes Values 1 "A token is not used by an identifier that only looks like its own, or has the same hash."
            }
            delete_verification_tokens_by_identifier {
                all_of_them ReadingAndWriting 1 "All tokens of the identifier are deleted and counted, expired ones too."
                leaves_others_unchanged ReadingAndWriting 1 "delete_verification_tokens_by_identifier leaves the tokens of other identifiers."
                exact Values 1 "An identifier that differs in case, accent, space, normalization or by a wildcard deletes nothing."
                text Values 1 "The identifier may be any string."
                each_counted_once Concurrency 1 "Concurrent callers count each token once between them."
                never_half Concurrency 1 "No caller ever finds one token deleted and then uses another, and tokens that are used meanwhile are counted once."
                identifier_by_bytes Values 1 "Identifiers that only look alike, or have the same hash, are distinguished."
                no_page_limit ReadingAndWriting 1 "All tokens of the identifier are deleted and counted, however many there are."
            }
            create_authenticator {
                stored ReadingAndWriting 1 "get_authenticator returns an authenticator as it was created, with and without transports."
                text Values 1 "Text of any kind is returned byte for byte in every field."
                long_text Values 1 "A string of 1,048,576 bytes is returned whole in each field."
                long_credential_id Values 1 "Credential IDs of 1,364 characters are stored, found and distinguished."
                credential_id_by_bytes Values 1 "Credential IDs that differ only in case, or by - and _ or + and /, are different."
                every_counter Values 1 "The counter keeps any integer from 0 to 2^63-1."
                unique_credential_id Constraints 1 "A second authenticator with a credential ID fails with Conflict(AuthenticatorCredentialId), whoever has the first."
                unknown_user Constraints 1 "An authenticator of a user who does not exist fails with NotFound(User), and nothing is written."
                again_after_delete Constraints 1 "The credential ID of a deleted authenticator may be used again."
                one_winner Concurrency 1 "Of several users for whom one credential ID is created concurrently, exactly one gets it."
                every_length Values 1 "Strings of every length around powers of two and known limits, in all fields at once, and credential IDs too, are returned whole."
            }
            create_user_with_authenticator {
                stored ReadingAndWriting 1 "The user and the authenticator are both stored, and the authenticator is the new user's."
                user_conflicts Constraints 1 "When the user conflicts, neither the user nor the authenticator is stored."
                authenticator_conflicts Constraints 1 "When the authenticator conflicts, neither the user nor the authenticator is stored."
                text Values 1 "Text of any kind and length is returned byte for byte from every field of both rows, which may all have their maximum length at once."
                numbers_and_times Values 1 "Any counter and any time of verification are returned as they were given."
                one_winner Concurrency 1 "Of several callers who sign up or create a passkey with one credential ID concurrently, exactly one succeeds, and the others leave nothing."
                one_email_one_winner Concurrency 1 "Of several callers who sign up, or create or update a user, with one email address concurrently, exactly one succeeds, and the others leave nothing."
                one_user_id_one_winner Concurrency 1 "Of several callers who sign up or create a user with one user ID concurrently, exactly one succeeds, and the others leave nothing."
                never_half Concurrency 1 "No caller ever sees the user without the passkey, or the reverse."
            }
            get_authenticator {
                absent ReadingAndWriting 1 "get_authenticator returns None for a credential ID that does not exist."
                exact Values 1 "get_authenticator finds nothing by a credential ID that differs in case or by a wildcard."
            }
            list_authenticators_by_user_id {
                absent ReadingAndWriting 1 "The list is empty for a user without authenticators, and for an unknown user."
                only_the_users ReadingAndWriting 1 "The list holds all authenticators of the user, complete, and no other user's."
                order ReadingAndWriting 1 "The list is in the byte order of the credential ID."
                no_page_limit ReadingAndWriting 1 "The list is complete and in order, however many authenticators there are."
                one_moment Concurrency 1 "The list is read at one moment: a user who always has an authenticator is never seen without one, while they are created and deleted."
                one_moment_of_many Concurrency 1 "Even a long list is read at one moment: it never holds two authenticators that never exist at the same time."
            }
            list_authenticators_with_details_by_user_id {
                absent ReadingAndWriting 1 "The list is empty for a user without authenticators, and for a user that does not exist."
                the_same_list ReadingAndWriting 1 "The list is the same as from list_authenticators_by_user_id, each authenticator with its own details."
                no_page_limit ReadingAndWriting 1 "The list is complete and in order, however many authenticators there are."
                large_rows ReadingAndWriting 1 "The list is complete, and its authenticators are whole, however large they are."
                one_moment Concurrency 1 "Authenticators and details are read at one moment: details are never newer than the authenticator, nor more than one update older."
            }
            update_authenticator_counter {
                any_counter ReadingAndWriting 1 "The counter is set to the given value, higher or lower, and the row is returned."
                missing ReadingAndWriting 1 "An update of an authenticator that does not exist fails with NotFound(Authenticator)."
                leaves_others_unchanged ReadingAndWriting 1 "The counters of other authenticators stay as they are."
                exact Values 1 "The counter is not set by a credential ID that differs in case or by a wildcard."
            }
            use_authenticator {
                greater_counter ReadingAndWriting 1 "use_authenticator stores a counter greater than the stored one, and the backup state, and returns the row."
                always_zero ReadingAndWriting 1 "use_authenticator succeeds when both counters are zero, any number of times."
                replayed ReadingAndWriting 1 "A counter that is not greater, unless both are zero, fails with Conflict(AuthenticatorCounter), and nothing is written."
                missing ReadingAndWriting 1 "use_authenticator fails with NotFound(Authenticator) for an authenticator that does not exist."
                leaves_others_unchanged ReadingAndWriting 1 "use_authenticator leaves other authenticators, and all details, as they are."
                exact Values 1 "use_authenticator finds nothing by a credential ID that differs in case or by a wildcard."
                one_winner Concurrency 1 "Of several callers who use one authenticator with one counter concurrently, exactly one succeeds."
                never_resurrects Concurrency 1 "A passkey that is deleted while others use it, or set its counter, stays deleted."
                never_half Concurrency 1 "No caller ever sees only some of the fields that use_authenticator writes, with any read."
            }
            delete_authenticator {
                reports_whether_deleted ReadingAndWriting 1 "delete_authenticator reports whether the authenticator existed, and deletes it."
                leaves_others_unchanged ReadingAndWriting 1 "delete_authenticator leaves the user, other authenticators and everything else as they are."
                exact Values 1 "delete_authenticator deletes nothing by a credential ID that differs in case or by a wildcard."
                one_winner Concurrency 1 "Of several callers who delete one authenticator concurrently, exactly one gets true."
            }
            delete_authenticator_of_user {
                reports_what_happened ReadingAndWriting 1 "delete_authenticator_of_user deletes the authenticator and returns Done, and returns Absent when there is none."
                only_the_users ReadingAndWriting 1 "delete_authenticator_of_user keeps another user's authenticator, and returns Absent."
                leaves_others_unchanged ReadingAndWriting 1 "delete_authenticator_of_user leaves other authenticators and everything else as they are."
                exact Values 1 "delete_authenticator_of_user deletes nothing by a credential ID that differs in case or by a wildcard."
                keeps_the_last ReadingAndWriting 1 "With keep_last, delete_authenticator_of_user returns LastWayIn for the user's only way to sign in, and deletes nothing."
                takes_the_last ReadingAndWriting 1 "Without keep_last, delete_authenticator_of_user deletes the user's only way to sign in."
                last_of_two_at_once Concurrency 1 "Of the last two authenticators that are deleted concurrently with keep_last, one stays."
                spares_what_moves_away Concurrency 1 "An authenticator that is created for another user while it is deleted as the first user's stays the other's."
            }
            update_authenticator_details {
                every_combination ReadingAndWriting 1 "update_authenticator_details writes the details that are named and no others, in every combination of keep, set and clear."
                missing ReadingAndWriting 1 "update_authenticator_details returns false for an authenticator that does not exist, and writes nothing."
                exact Values 1 "update_authenticator_details writes nothing by a credential ID that differs in case or by a wildcard."
                of_the_user_only ReadingAndWriting 1 "update_authenticator_details by anyone but the authenticator's user returns false, and writes nothing."
                authenticator_unchanged ReadingAndWriting 1 "update_authenticator_details leaves the authenticator and the details of others as they are."
                deleted_with_the_authenticator ReadingAndWriting 1 "The details of an authenticator are deleted with it, by every operation that deletes it."
                text Values 1 "Details of any string, up to 1,048,576 bytes, are returned unchanged."
                times Values 1 "The times among the details are returned to the millisecond, from 1970 to 9999."
                all_survive Concurrency 1 "Concurrent updates of different details of one authenticator all survive."
                never_half Concurrency 1 "No caller ever sees only some of the details that an update writes."
                no_orphan Concurrency 1 "Details that are written while their authenticator is deleted are deleted with it, and never belong to a later one with its ID."
                spares_what_moves_away Concurrency 1 "Details that a user writes while the authenticator becomes another user's never belong to the other's."
            }
            create_challenge {
                stored ReadingAndWriting 1 "use_challenge returns a challenge as it was created."
                text Values 1 "Keys and payloads of any string are returned unchanged."
                long_text Values 1 "A payload of 1,048,576 bytes and keys of 255 characters of four bytes are stored, and keys are distinguished by the last one."
                key_by_bytes Values 1 "Keys that only look alike are different."
                times Values 1 "expires is returned to the millisecond, from 1970 to 9999."
                unique_key Constraints 1 "Creating a key that exists fails with Conflict(ChallengeKey), and the first challenge stays."
                again_after_use Constraints 1 "The key of a challenge that was used may be used again."
                one_winner Concurrency 1 "Of several callers who create one challenge concurrently, exactly one succeeds."
                every_length Values 1 "Payloads of every length around powers of two and known limits, and keys of every length, are returned whole."
            }
            use_challenge {
                once ReadingAndWriting 1 "A challenge is returned once, and never again."
                absent ReadingAndWriting 1 "use_challenge returns None for a key that does not exist."
                expired_too ReadingAndWriting 1 "An expired challenge is used up and returned like any other."
                leaves_others_unchanged ReadingAndWriting 1 "use_challenge leaves all other challenges."
                exact Values 1 "use_challenge finds nothing by a key that differs in case, accent, space, normalization or by a wildcard."
                one_winner Concurrency 1 "Of any number of concurrent callers exactly one gets the challenge."
                each_creation_once Concurrency 1 "While a challenge is used and created again concurrently, each use returns the very row that it deletes."
            }
            delete_expired {
                boundary ReadingAndWriting 1 "Exactly the sessions and tokens with expires <= now are deleted and counted."
                to_the_millisecond ReadingAndWriting 1 "Of two rows that expire a millisecond apart, the first is due a millisecond earlier."
                distant_times Values 1 "The right rows are due from 1970 to 9999, including after 2038."
                around_clock_changes Values 1 "The right rows are due around changes to and from daylight-saving time."
                oldest_first ReadingAndWriting 1 "With a limit, the oldest rows are deleted first."
                limit ReadingAndWriting 1 "At most the limit of each is deleted, none for 0, even if all rows expire at the same time."
                counts_apart ReadingAndWriting 1 "Sessions and tokens are limited and counted separately."
                callers_clock ReadingAndWriting 1 "Only the caller's now decides, not another clock."
                after_updates ReadingAndWriting 1 "A session that was extended or shortened is due at its new expiry."
                leaves_others_unchanged ReadingAndWriting 1 "Users, accounts, authenticators and rows that are not due stay as they are."
                no_page_limit ReadingAndWriting 1 "Everything that is due is deleted in one call, however many rows there are and however high the limit is."
                each_counted_once Concurrency 1 "Several concurrent callers count each row once between them."
                never_half Concurrency 1 "No caller ever sees only some of the due sessions, of the due tokens or of the due challenges deleted."
                spares_none_that_rotates Concurrency 1 "A session whose token is rotated during a sweep is deleted with its details and counted, or left with its details for the next."
                spares_what_is_created_again Concurrency 1 "A session, token or challenge that is taken away during a sweep and created again with its key, to expire later, is kept."
                spares_what_is_extended Concurrency 1 "A session that is extended during a sweep is kept, or was deleted before; a session that an update has returned exists."
            }
            ping {
                answers ReadingAndWriting 1 "ping succeeds on a storage that can be reached."
            }
            storage {
                fresh_is_empty ReadingAndWriting 1 "A fresh storage holds nothing."
                isolated ReadingAndWriting 1 "Two storages share nothing, and removing one leaves the other."
                handles_agree Concurrency 1 "What one handle has written, another handle on the same storage reads immediately."
                reads_are_current ReadingAndWriting 1 "After each write, every handle reads the current values and writes to the current rows, whatever was read before."
                races_leave_nothing_old Concurrency 1 "After reads of a row have overlapped with a write of it, every handle reads what was written."
                updates_are_read_beside_readers Concurrency 1 "While other threads read a row without pause, each update of it is read at once through every handle."
                refused_writes_are_never_seen Concurrency 1 "While calls fail, no one sees anything of what they would have written."
                outlives_handles ReadingAndWriting 1 "What was written is still there after the handle is closed and another is opened, whatever was written last."
                key_spaces ReadingAndWriting 1 "One string may be the key of a session, token, challenge, address, account and passkey, and one UUID the ID of several rows."
                derived_keys ReadingAndWriting 1 "A key may be the key or the ID of another row with a word after it."
                pool_state ReadingAndWriting 1 "The state of the pool adds up while calls use it, and shows none in use after they have returned."
                keys_of_other_columns ReadingAndWriting 1 "A key finds only rows that have it in the column of that key, and conflicts only with these."
                often_read_is_current ReadingAndWriting 1 "A row that one handle has read a hundred times is then read as another handle has written it."
                handles_are_independent ReadingAndWriting 1 "Dropping a handle does not affect other handles."
                keeps_what_has_expired ReadingAndWriting 1 "What has expired stays until delete_expired deletes it."
                many_calls ReadingAndWriting 1 "Thousands of calls through one handle all succeed, and change no other rows."
            }
            transaction {
                commits ReadingAndWriting 1 "What a transaction writes is seen in it at once, and by others after it is committed. A backend without transactions says so."
                rolls_back ReadingAndWriting 1 "If the work of a transaction fails or panics, nothing of it is written."
                an_error_undoes_only_its_operation ReadingAndWriting 1 "If an operation in a transaction is rejected, only that operation is undone, and the transaction can continue."
                statements ReadingAndWriting 1 "A statement of the application returns every row and cell; one that fails undoes only itself, and the transaction can continue."
                application_table ReadingAndWriting 1 "Statements on a table of the application store every parameter, return how many rows they changed, change nothing if they fail, and end with the transaction as its operations do."
                sequences ReadingAndWriting 1 "Random sequences of operations in a transaction agree with the model, also about rows that the transaction wrote."
                ends ReadingAndWriting 1 "After its end a transaction rejects every operation with Invalid, and so does a transaction in a transaction."
                one_moment Concurrency 1 "No caller ever sees only some of what a transaction writes."
                all_survive Concurrency 1 "Transactions and operations next to them all survive; one that fails with Unavailable wrote nothing."
                conditions Concurrency 1 "Operations in a transaction keep their conditions (a single use, a counter, a refresh token, an email address, another way to sign in), whatever the transaction and others have written."
                undone_beside_others Concurrency 1 "A transaction that is undone changes no result of others."
                crossed Concurrency 1 "Of two transactions that update the same rows in opposite order, each is done completely or not at all, as its end says; one that ignores an error does all but what failed."
            }
            values {
                any_row Values 1 "All accepted strings, times and integers are returned unchanged, in random rows of every model."
                any_key Values 1 "Every operation on an account or authenticator finds the row that has the key, whatever characters and length the key has."
                absent_keys Values 1 "A key is not found while it is absent, whatever keys resemble it, and looking it up changes nothing."
            }
            model {
                sequences ReadingAndWriting 1 "Random sequences of all operations over few keys agree with the model, in each result and in the rows that they leave."
                shared_keys ReadingAndWriting 1 "Random sequences agree with the model if rows of every kind have the same keys and IDs."
                two_handles ReadingAndWriting 1 "Random sequences agree with the model if two handles make the calls in turn."
            }
            linearizable {
                users Concurrency 1 "Concurrent calls on one email address return what they would return sequentially."
                accounts Concurrency 1 "Concurrent calls on one account return what they would return sequentially."
                sessions Concurrency 1 "Concurrent calls on one session return what they would return sequentially."
                verification_tokens Concurrency 1 "Concurrent calls on one verification token return what they would return sequentially."
                ways_in Concurrency 1 "Concurrent calls that remove and add one user's ways to sign in return what they would return sequentially."
                challenges Concurrency 1 "Concurrent calls on one challenge return what they would return sequentially."
                details Concurrency 1 "Concurrent calls on the details of one session return what they would return sequentially."
                authenticators Concurrency 1 "Concurrent calls on one authenticator return what they would return sequentially."
            }
            load {
                no_busy_error Concurrency 1 "Under mixed load of 16 threads on few rows, no deadlock or busy error reaches the caller, and no row is left without its user."
                unrelated_rows Concurrency 1 "Threads that use different rows do not disturb each other."
                one_row Concurrency 1 "Of 16 threads that update one row, none fails, whatever is updated."
            }
            faults {
                unreachable Faults 1 "If the storage cannot be reached, every operation, ping, transaction and migration fails with Unavailable (a write perhaps with OutcomeUnknown) before its time limit, and what was Unavailable is not done later."
                restart Faults 1 "After an outage of the storage, every handle works again automatically, and finds everything that was written."
                paused Faults 1 "If the storage does not answer, every write ends before its time limit, even with more callers than connections: with OutcomeUnknown, or with Unavailable, and then it is not done later."
                failed_operations_leak_nothing Faults 1 "After a thousand rejected operations everything works as before."
                cut_during_write Faults 1 "When connections are interrupted during writes, each write is complete or absent, and every acknowledged write is preserved."
                answer_lost Faults 1 "A write or commit whose answer is lost with its connection is done once or not at all: not at all if the error is Unavailable, and once if it succeeds. One that would be rejected does not succeed."
                answer_late Faults 1 "A write or commit whose answer does not arrive before the time limit is done once or not at all: not at all if the error is Unavailable, and once if it succeeds. One that would be rejected does not succeed."
                wrong_password Faults 1 "A wrong password is reported immediately, and not shown."
                answers_in_step Faults 1 "After calls and transactions that timed out, every call on the same handle gets its own answer, not the answer to an earlier call, and every write is there for others."
                cut_transaction Faults 1 "A transaction that loses its connection between two writes is done completely or not at all, as its end says, even if its work goes on after an error."
                interrupted_migration Faults 1 "A migration that loses its connection is finished by the next run."
                killed_server Faults 1 "After the server was killed under load and started again, every acknowledged write of every kind is preserved, and every operation works through old and new handles."
            }
            migrate {
                empty_database Migrations 1 "Without the schema, an operation reports that it is missing; after migrate it works."
                twice Migrations 1 "Migrating an up-to-date schema applies no migration and changes nothing."
                concurrent_runs Migrations 1 "If several callers migrate concurrently, also for the first time, each migration is applied by one."
                lock_timeout Migrations 1 "A run that does not get the lock in its time fails with Unavailable, and leaves the schema to the others."
                down_and_up Migrations 1 "Reverting and applying all migrations leaves a working, empty schema."
                last_step Migrations 1 "Reverting and applying the last migration keeps the data of the others."
                step_by_step Migrations 1 "up_to and down_to stop at the given version, and status reports what is applied."
                resumes Migrations 1 "After a migration failed halfway, the next run finishes it."
                refuses_changed_step Migrations 1 "A migration that was changed after it was applied is rejected, and nothing is changed."
                refuses_missing_step Migrations 1 "A history with a migration that the program does not have is rejected, and nothing is changed."
                refuses_newer_schema Migrations 1 "A schema newer than the program is rejected, and nothing is changed."
                refuses_step_out_of_order Migrations 1 "A pending migration older than those applied is rejected, and nothing is changed."
                independent_series Migrations 1 "Each series of migrations has its own history, whatever its name and versions."
                status Migrations 1 "status returns the name of each migration, even of those that the program does not have, and when it was applied, through any handle."
            }
            secrets {
                refused Secrets 1 "The error of a rejected operation shows no token, no email address and no name, not even encoded or in part."
                without_schema Secrets 1 "The error of an operation without a schema shows no token, no email address and no name, not even encoded or in part."
                unreachable Secrets 1 "On a storage that cannot be reached, the error of an operation, a ping, a transaction or a migration shows no token, no email address, no name and no password, not even encoded or in part."
                unanswered Secrets 1 "The error of an operation whose answer is late or unknown shows no token, no email address and no name, not even encoded or in part."
                handle Secrets 1 "Debug of a handle shows no token and no URL."
            }
        }
    };
}

macro_rules! rules {
    ($($group:ident { $($name:ident $class:ident $since:literal $sentence:literal)* })*) => {
        &[$($(Rule {
            id: concat!(stringify!($group), ".", stringify!($name)),
            sentence: $sentence,
            class: Class::$class,
            since: $since,
            check: crate::rules::$group::$name,
        }),*),*]
    };
}

/// All rules, by group.
pub const RULES: &[Rule] = __with_rules!(rules);
