//! One suite over all backplanes: every guarantee of `ports::Backplane`.
//!
//! Each case is a function that takes an empty backplane; `backplane_suite!` makes a test of each
//! for one kind. What only one kind can show stands in its own file: `local` (paused time),
//! `redis_alone` (memory, kills, checks, users and TLS), `redis_members` (how
//! member sets are kept), `redis_cluster_alone`.

// A slice of one clone reads like the calls beside it, with several.
#![allow(clippy::cloned_ref_to_slice_refs)]

mod appending;
mod comings;
mod inboxes;
mod interleavings;
mod leases;
mod lives;
mod local;
mod losing;
mod membership;
mod moving;
mod owning;
mod presence;
mod reaping;
mod redis;
mod redis_alone;
mod redis_cluster;
mod redis_cluster_alone;
mod redis_members;
mod redis_sessions;
mod redis_urls;
mod reseqs;
mod restoring;
mod routing;
mod sample;
mod settings;
mod succession;
mod telling;

use std::sync::Arc;

use hubbub::adapters::BackplaneLimits;
use hubbub::ports::Backplane;

/// The partitions that the suite uses.
const PARTITIONS: u16 = 4;

/// A backplane of some kind that a test has for itself.
trait World: Sized + Send + Sync {
    /// An empty one that keeps no more than this.
    async fn with(limits: BackplaneLimits) -> Self;
    /// A node's own way to it.
    async fn node(&self) -> Arc<dyn Backplane>;
    /// All that it holds is gone.
    async fn lose_everything(&self);
}

/// Makes one test of each case for one kind of backplane.
macro_rules! backplane_suite {
    ($world:ty) => {
        backplane_suite! { $world;
            appending: seqs_are_dense_in_each_group,
            appending: only_what_counts_makes_n_grow,
            appending: kinds_of_later_versions_go_through,
            appending: a_cid_is_accepted_once,
            appending: a_cid_belongs_to_a_sender_and_a_group,
            appending: only_members_and_services_send,
            appending: admins_alone_do_what_asks_for_one,
            appending: who_left_still_learns_the_seq,
            appending: an_unknown_group_takes_nothing,
            appending: a_full_log_takes_nothing_more,
            appending: entries_carry_all_that_was_sent,
            appending: a_large_batch_stays_in_order,
            appending: many_senders_leave_no_hole,
            appending: a_forgotten_cid_may_come_again,
            restoring: an_empty_group_is_known,
            restoring: counters_rise_and_never_fall,
            restoring: members_of_a_lower_version_stay_away,
            restoring: the_same_version_is_the_stores,
            restoring: roles_follow_the_set,
            restoring: many_members_are_kept,
            restoring: a_forgotten_group_is_unknown,
            restoring: roles_of_a_later_version_are_kept,
            restoring: access_of_a_later_version_lets_nobody_in,
            restoring: groups_of_a_later_kind_are_changed_by_the_hub_alone,
            restoring: nobody_is_made_admin_beside_a_role_of_a_later_version,
            lives: a_new_life_begins_above_all_that_was_given,
            lives: an_earlier_life_tells_no_seqs,
            lives: a_life_that_ended_is_not_restored,
            lives: a_state_of_an_earlier_life_gives_way,
            lives: of_a_lost_state_as_much_is_left_out_as_a_log_holds,
            lives: forgetting_late_leaves_the_next_life_alone,
            lives: commits_tell_what_is_of_an_earlier_life,
            lives: an_entry_of_an_earlier_life_does_not_move,
            membership: admins_add_and_remove,
            membership: only_admins_do,
            membership: open_groups_let_people_in,
            membership: nobody_joins_a_direct_chat,
            membership: the_hub_may_do_anything,
            membership: no_more_than_allowed,
            membership: what_changes_nothing_is_left_out,
            membership: a_repeated_change_has_its_first_seq,
            membership: roles_change,
            membership: refused_where_nothing_is_known_or_all_is_full,
            membership: changes_and_sends_share_one_sequence,
            settings: admins_set_what_holds_from_the_next_call_on,
            settings: direct_chats_and_groups_of_later_kinds_are_not_changed,
            settings: changes_are_refused_where_nothing_is_known_or_all_is_full,
            settings: who_may_pin_is_what_admins_set,
            settings: nothing_is_said_in_an_archive,
            settings: what_is_set_is_restored_by_its_version,
            settings: a_change_that_moves_is_set_again,
            settings: who_has_shown_the_password_joins_where_one_is_asked_for,
            settings: who_was_invited_joins_whatever_the_access,
            succession: the_longest_member_follows,
            succession: of_equals_the_least_id_follows,
            succession: whoever_joins_an_empty_group_is_its_admin,
            succession: of_three_who_go_at_once_the_last_is_admin,
            succession: the_last_admin_stays_one,
            succession: a_repeat_brings_no_second_successor,
            succession: a_full_log_stops_no_successor,
            succession: direct_chats_have_no_admins,
            succession: a_set_restored_without_an_admin_gets_one,
            succession: a_change_that_moves_leaves_an_admin,
            succession: a_demotion_that_moves_leaves_an_admin,
            comings: whoever_comes_and_goes_there_is_an_admin,
            owning: entries_are_delivered_once_and_stay_pending,
            owning: a_waiting_read_wakes,
            owning: a_read_without_news_ends,
            owning: one_read_covers_many_partitions,
            owning: a_read_given_up_loses_nothing,
            owning: partitions_of_a_read_may_change,
            owning: another_claims_what_is_pending,
            owning: a_claim_while_the_first_one_reads,
            owning: acks_never_take_what_is_pending,
            owning: what_nobody_has_read_is_never_trimmed,
            owning: no_commit_without_the_lease,
            owning: acks_may_go_alone,
            owning: a_commit_may_be_repeated,
            owning: a_commit_raises_what_redis_forgot,
            owning: large_logs_drain,
            reseqs: an_entry_moves_above_the_head,
            reseqs: an_entry_moves_once,
            reseqs: a_send_that_moved_on_is_only_acked,
            reseqs: a_membership_change_is_applied_again,
            reseqs: in_an_unknown_group_the_sender_begins_anew,
            reseqs: no_reseq_without_the_lease,
            moving: moves_are_listed_by_commit,
            moving: too_long_ago_means_compare_all,
            moving: a_restore_is_a_move,
            moving: numbers_are_at_least_the_time,
            moving: a_group_may_move_without_a_commit,
            moving: groups_without_a_state_move_too,
            moving: the_recent_cache_has_no_holes,
            moving: the_recent_cache_is_short,
            moving: an_event_told_twice_is_kept_once,
            moving: the_recent_cache_keeps_nothing_from_below_a_deletion,
            routing: commits_answer_who_has_a_route,
            routing: joining_tells_the_head,
            routing: joining_an_unknown_group_waits_for_its_head,
            routing: an_old_leave_leaves_a_new_route,
            routing: many_groups_join_at_once,
            inboxes: peer_messages_come_in_order,
            inboxes: a_waiting_reader_wakes,
            inboxes: reading_again_from_the_same_place,
            inboxes: nobody_posts_to_who_is_not_there,
            inboxes: a_full_inbox_says_so,
            inboxes: an_inbox_that_vanished_says_so,
            inboxes: the_inbox_of_a_reaped_life_stays_away,
            inboxes: opening_twice_keeps_what_is_in,
            inboxes: what_was_read_makes_room,
            telling: who_has_a_route_or_asks_is_told,
            telling: nobody_is_told_of_a_commit_that_did_not_happen,
            telling: many_peer_messages_of_one_commit_arrive_in_order,
            telling: nobody_is_told_of_a_group_that_is_not_known,
            telling: a_full_inbox_is_marked_by_a_commit_too,
            presence: sessions_come_and_go,
            presence: versions_grow,
            presence: those_who_come_and_go_together_each_see_their_own,
            presence: registering_twice_changes_nothing,
            presence: whereabouts_in_the_order_asked,
            presence: a_session_keeps_the_name_of_its_device,
            presence: who_leaves_unknown_was_here_until_now,
            presence: tickets_are_taken_once,
            presence: tickets_run_out,
            leases: a_beat_keeps_a_node_alive,
            leases: a_lease_ends,
            leases: records_are_seen_as_told,
            leases: epochs_grow,
            leases: one_holds_a_partition,
            leases: a_partition_is_free_after_its_lease,
            leases: only_the_holder_releases,
            leases: one_works_for_a_follower_on_a_partition,
            leases: a_followers_lease_ends,
            leases: it_can_be_checked_and_pinged,
            reaping: nothing_of_a_dead_node_stays,
            reaping: a_live_node_is_left_alone,
            reaping: a_reaped_life_is_refused,
            reaping: reaping_twice_answers_the_same,
            reaping: leaving_is_at_once,
            reaping: an_interrupted_reaping_is_finished_by_another,
            reaping: other_sessions_of_a_user_stay,
            losing: groups_are_unknown_again,
            losing: leases_are_lost,
            losing: nodes_are_told,
            losing: a_reader_of_logs_carries_on,
            losing: moves_are_not_known,
            losing: versions_and_numbers_still_grow,
            losing: a_claim_finds_nothing,
            interleavings: seqs_stay_dense_and_unique,
        }
    };
    ($world:ty; $($file:ident: $case:ident,)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$file::$case::<$world>().await;
            }
        )+
    };
}
use backplane_suite;
