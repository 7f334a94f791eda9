//! The rows: what a backend must do, one function each.

mod dead;
mod delivery;
mod groups;
mod lease;
mod lifecycle;
mod limits;
mod order;
mod publish;

use super::suite::Run;

/// The row that restarts the engine.
pub(super) const RESTARTS: &str = "a_restart_loses_nothing_that_was_confirmed";

/// Lists the rows once: for [`ALL`], and for the macro that makes a test of each.
macro_rules! rows {
    ($($module:ident: $($row:ident)*;)*) => {
        pub(super) const ALL: &[(&str, Run)] = &[
            $($((stringify!($row), |case| Box::pin($module::$row(case))),)*)*
        ];

        each_row!(($) $($($row)*)*);
    };
}

macro_rules! each_row {
    (($d:tt) $($row:ident)*) => {
        /// Part of `conformance!`.
        #[doc(hidden)]
        #[macro_export]
        macro_rules! __each_row {
            ($d name:ident, $d suite:expr) => {
                $(#[test]
                fn $row() {
                    if let Some(suite) = $d suite {
                        ::actix::System::new().block_on(suite.run(stringify!($row)));
                    }
                })*

                #[test]
                fn all_rows_ten_at_a_time() {
                    if let Some(suite) = $d suite {
                        ::actix::System::new().block_on(async {
                            for row in $crate::testing::Suite::rows() {
                                suite.run_ten_at_a_time(row).await;
                            }
                        });
                    }
                }
            };
        }
    };
}

rows! {
    publish:
        what_is_published_before_anybody_consumes_arrives_whole
        many_publishers_and_consumers_lose_and_double_nothing
        queues_do_not_mix
        many_queues_do_not_mix_under_load
        one_id_is_stored_once_within_the_window
        bytes_of_any_kind_arrive_as_they_were
        no_messages_are_no_error
        a_delayed_message_comes_when_it_is_due
        one_id_in_two_queues_is_two_messages
        closing_loses_nothing_that_was_confirmed;
    limits:
        what_is_too_large_is_rejected_and_nothing_else
        the_largest_message_arrives
        the_longest_delay_is_not_the_shortest
        an_id_is_new_after_a_short_window
        what_finds_no_room_is_not_stored;
    groups:
        every_group_gets_everything
        consumers_of_a_group_share
        what_nobody_has_claimed_goes_to_the_first_group
        what_nobody_has_claimed_keeps_its_delay
        a_later_group_gets_what_comes_later
        what_one_group_does_is_nothing_to_another
        a_removed_group_is_gone_and_no_other;
    delivery:
        no_more_is_leased_than_there_is_room_for
        next_waits_until_something_comes
        next_is_cancel_safe
        a_slow_queue_does_not_hold_up_another
        consumers_that_come_and_go_lose_nothing
        consumers_that_stop_at_the_same_time_lose_nothing
        what_a_dropped_consumer_held_goes_to_the_next
        two_threads_use_one_backend;
    lease:
        dropped_unsettled_it_is_handed_out_again
        a_lease_that_runs_out_is_handed_out_again_and_counted
        an_extended_lease_is_kept
        a_late_settlement_changes_nothing
        released_is_handed_out_again_at_once
        a_retry_comes_after_its_delay_and_not_before
        a_retry_may_change_the_bytes
        retries_and_their_number_are_not_the_engines
        it_goes_on_after_errors;
    order:
        one_of_a_key_is_out_at_a_time
        what_has_one_key_comes_in_order
        a_retry_keeps_its_place
        what_runs_out_keeps_its_place
        a_dead_letter_holds_nothing_up
        two_consumers_keep_the_order_of_keys;
    dead:
        a_dead_letter_keeps_bytes_and_reason
        a_dead_letter_may_change_the_bytes
        dead_letters_are_paged_and_selected
        a_requeued_letter_is_new_and_goes_to_its_group_alone
        a_purged_letter_is_gone
        what_is_dead_is_handed_out_no_more;
    lifecycle:
        ensuring_twice_changes_nothing
        ensuring_otherwise_is_an_error
        a_stopped_source_leases_nothing_and_settles_the_rest
        a_stopped_consumer_extends_what_it_has
        a_close_ends_those_that_wait
        after_a_close_all_is_refused_and_other_connections_go_on
        leases_outlive_a_close
        the_status_counts
        the_status_names_who_has_leases
        a_queue_that_is_not_there_has_no_status
        a_restart_loses_nothing_that_was_confirmed;
}
