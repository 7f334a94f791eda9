//! Every row can fail: on an engine that is broken in the way that the row is about, and not
//! on one that is whole.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use ventix::remote::Memory;
use ventix::testing::Suite;

use crate::broken::{Broken, Fault};

/// The row about windows runs where there is a short one.
const WINDOW: &str = "an_id_is_new_after_a_short_window";

/// The row with a second thread, whose work no paused clock waits for.
const THREADS: &str = "two_threads_use_one_backend";

/// The rows, with the faults that each has to notice.
const NOTICED: &[(&str, &[Fault])] = {
    use Fault::*;
    &[
        (
            "what_is_published_before_anybody_consumes_arrives_whole",
            &[Doubles, LosesSome],
        ),
        (
            "many_publishers_and_consumers_lose_and_double_nothing",
            &[Doubles, LosesSome],
        ),
        ("queues_do_not_mix", &[MixesQueues]),
        ("many_queues_do_not_mix_under_load", &[MixesQueues]),
        ("one_id_is_stored_once_within_the_window", &[IgnoresIds]),
        ("one_id_in_two_queues_is_two_messages", &[MixesQueues]),
        (WINDOW, &[NeverForgetsIds]),
        ("what_finds_no_room_is_not_stored", &[StoresWhatItRefuses]),
        (
            "what_is_too_large_is_rejected_and_nothing_else",
            &[TakesAnySize],
        ),
        ("bytes_of_any_kind_arrive_as_they_were", &[SpoilsBytes]),
        ("the_largest_message_arrives", &[CutsOff]),
        ("no_messages_are_no_error", &[AnswersForNothing]),
        ("a_delayed_message_comes_when_it_is_due", &[IgnoresDelays]),
        ("the_longest_delay_is_not_the_shortest", &[OverflowsDelays]),
        ("closing_loses_nothing_that_was_confirmed", &[LosesSome]),
        ("every_group_gets_everything", &[MixesGroups]),
        ("consumers_of_a_group_share", &[FansOutWithin]),
        (
            "what_nobody_has_claimed_goes_to_the_first_group",
            &[LosesUnclaimed],
        ),
        (
            "what_nobody_has_claimed_keeps_its_delay",
            &[IgnoresDelays, LosesUnclaimed],
        ),
        ("a_later_group_gets_what_comes_later", &[MixesGroups]),
        ("what_one_group_does_is_nothing_to_another", &[MixesGroups]),
        ("a_removed_group_is_gone_and_no_other", &[NeverRemoves]),
        ("no_more_is_leased_than_there_is_room_for", &[IgnoresRoom]),
        ("next_waits_until_something_comes", &[NeverWakes]),
        ("next_is_cancel_safe", &[LosesWhatIsCancelled, LosesSome]),
        ("a_slow_queue_does_not_hold_up_another", &[MixesQueues]),
        ("consumers_that_come_and_go_lose_nothing", &[LosesSome]),
        (
            "consumers_that_stop_at_the_same_time_lose_nothing",
            &[AcksWhatIsReleased],
        ),
        (
            "what_a_dropped_consumer_held_goes_to_the_next",
            &[LosesWhatIsDropped],
        ),
        (THREADS, &[Doubles]),
        (
            "dropped_unsettled_it_is_handed_out_again",
            &[LosesWhatIsDropped],
        ),
        (
            "a_lease_that_runs_out_is_handed_out_again_and_counted",
            &[NeverCounts],
        ),
        ("an_extended_lease_is_kept", &[NeverExtends]),
        (
            "a_late_settlement_changes_nothing",
            &[ClaimsLateSettlements, AcksForOthers],
        ),
        (
            "released_is_handed_out_again_at_once",
            &[AcksWhatIsReleased],
        ),
        (
            "a_retry_comes_after_its_delay_and_not_before",
            &[IgnoresRetryDelays],
        ),
        ("a_retry_may_change_the_bytes", &[IgnoresNewBytes]),
        ("retries_and_their_number_are_not_the_engines", &[GivesUp]),
        ("it_goes_on_after_errors", &[GivesUp]),
        ("one_of_a_key_is_out_at_a_time", &[IgnoresKeys]),
        ("what_has_one_key_comes_in_order", &[TurnsBatchesRound]),
        ("a_retry_keeps_its_place", &[IgnoresKeys]),
        (
            "what_runs_out_keeps_its_place",
            &[IgnoresKeys, AcksForOthers],
        ),
        (
            "a_dead_letter_holds_nothing_up",
            &[IgnoresKeys, ReleasesWhatIsDead],
        ),
        (
            "two_consumers_keep_the_order_of_keys",
            &[IgnoresKeys, TurnsBatchesRound, LosesSome],
        ),
        ("a_dead_letter_keeps_bytes_and_reason", &[ForgetsReasons]),
        ("a_dead_letter_may_change_the_bytes", &[IgnoresNewBytes]),
        ("dead_letters_are_paged_and_selected", &[IgnoresCodes]),
        (
            "a_requeued_letter_is_new_and_goes_to_its_group_alone",
            &[IgnoresNewBytes],
        ),
        ("a_purged_letter_is_gone", &[NeverPurges]),
        ("what_is_dead_is_handed_out_no_more", &[ReleasesWhatIsDead]),
        ("ensuring_twice_changes_nothing", &[EnsuresAnew]),
        ("ensuring_otherwise_is_an_error", &[IgnoresMismatches]),
        (
            "a_stopped_source_leases_nothing_and_settles_the_rest",
            &[NeverStops],
        ),
        ("a_stopped_consumer_extends_what_it_has", &[NeverExtends]),
        ("a_close_ends_those_that_wait", &[IgnoresClose]),
        (
            "after_a_close_all_is_refused_and_other_connections_go_on",
            &[IgnoresClose],
        ),
        ("leases_outlive_a_close", &[ClosesLeases]),
        ("the_status_counts", &[CountsNothing, ForgetsConsumers]),
        ("the_status_names_who_has_leases", &[ForgetsConsumers]),
        ("a_queue_that_is_not_there_has_no_status", &[InventsQueues]),
        ("a_restart_loses_nothing_that_was_confirmed", &[LosesSome]),
    ]
};

/// The engine with a fault, as a row needs it.
fn suite(fault: Fault, row: &str) -> Suite {
    let window = match row == WINDOW && fault != Fault::NeverForgetsIds {
        true => Duration::from_secs(1),
        false => Duration::from_secs(600),
    };
    let inner = Memory::builder().max_bytes(1 << 21).dedup_window(window);
    let broken = Broken::new(inner.build(), fault);
    let bounded = move || {
        let messages = match fault {
            Fault::StoresWhatItRefuses => usize::MAX,
            _ => 20,
        };
        Broken::new(Memory::builder().max_messages(messages).build(), fault)
    };
    Suite::new(move || broken.clone())
        .bounded(bounded)
        .restart(|| std::future::ready(()))
        .scale(0.01)
}

/// Whether a row holds on the engine with this fault. On a paused clock: to wait in vain takes
/// no time.
fn holds(fault: Fault, row: &'static str) -> bool {
    let suite = suite(fault, row);
    let ran = std::panic::catch_unwind(AssertUnwindSafe(|| {
        actix::System::new().block_on(async {
            if row != THREADS {
                tokio::time::pause();
            }
            suite.run(row).await;
        });
    }));
    ran.is_ok()
}

#[test]
fn a_whole_engine_passes_every_row() {
    let failed: Vec<_> = Suite::rows()
        .filter(|row| !holds(Fault::Nothing, row))
        .collect();
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn every_row_notices_what_it_is_about() {
    for row in Suite::rows() {
        let is_there = NOTICED.iter().any(|(name, _)| *name == row);
        assert!(is_there, "which fault does {row} notice?");
    }
    let missed: Vec<_> = NOTICED
        .iter()
        .flat_map(|(row, faults)| faults.iter().map(move |fault| (*row, *fault)))
        .filter(|(row, fault)| holds(*fault, row))
        .collect();
    assert!(missed.is_empty(), "{missed:?}");
}
