//! One suite over both stores: every guarantee of `ports::Store`.
//!
//! Each case is a function that takes a fresh, prepared store; `store_suite!` makes a test of each
//! for one adapter. What only one adapter can show stands in its own file.

mod deletions;
mod devices;
mod due;
mod effects;
mod faults;
mod followers;
mod groups;
mod interleavings;
mod invites;
mod marks;
mod mentions;
mod messages;
mod mongo;
mod pages;
mod profiles;
mod reactions;
mod replies;
mod sample;
mod settings;
mod sqlite;
mod users;

use hubbub::domain::GroupId;
use serde_json::Value;

/// The partitions that the suite's stores are prepared with.
const PARTITIONS: u16 = 16;

/// A store of some kind that a test has for itself.
trait Fixture: Sized {
    /// Starts or makes an empty, prepared store.
    async fn new() -> Self;
    /// The store.
    fn store(&self) -> std::sync::Arc<dyn hubbub::ports::Store>;
    /// The same data, opened anew as after a restart of the hub.
    async fn reopen(&mut self);
    /// Has a later version write into a group's document: fields of the document, each a text, and all its members.
    async fn write_as_a_later_version(&self, group: &GroupId, fields: &[(&str, &str)], members: Value);
    /// A field of a group's document as it is written.
    async fn written(&self, group: &GroupId, field: &str) -> Value;
}

/// Makes one test of each case for one kind of store.
macro_rules! store_suite {
    ($fixture:ty) => {
        store_suite! { $fixture;
            messages: reads_back_what_was_inserted,
            messages: keeps_data_as_it_is,
            messages: keeps_any_text,
            messages: answers_each_event_of_a_batch,
            messages: a_taken_seq_is_a_duplicate,
            messages: a_repeated_cid_is_a_duplicate,
            messages: a_batch_may_collide_with_itself,
            messages: an_empty_batch_is_answered_emptily,
            messages: one_of_many_writers_wins_each_seq,
            messages: finds_by_cid,
            messages: lists_all_newest_first,
            messages: what_was_stored_survives_a_restart,
            pages: pages_end_at_every_edge,
            pages: pages_of_one_group_hold_no_other,
            pages: shown_events_are_found_by_their_number,
            pages: head_is_the_newest,
            pages: expire_keeps_the_newest,
            pages: expire_leaves_no_holes,
            pages: pages_start_where_retention_ends,
            groups: a_group_is_made_once,
            groups: groups_are_found_and_listed,
            groups: members_follow_the_events,
            groups: an_old_event_again_changes_nothing,
            groups: members_who_were_never_here_are_made,
            groups: changes_of_an_unknown_group_do_nothing,
            groups: what_a_later_version_wrote_is_kept,
            groups: ten_thousand_members,
            groups: many_groups_at_once_reach_the_users_list,
            groups: a_deleted_group_leaves_nothing,
            effects: the_greatest_seq_decides,
            effects: many_pins_and_unpins,
            effects: events_that_are_not_there_have_no_state,
            effects: what_is_removed_is_pinned_no_more,
            effects: texts_say_what_the_greatest_seq_says,
            effects: of_what_is_deleted_nothing_stays,
            effects: a_text_with_many_edits_is_deleted_with_all_of_them,
            reactions: the_greatest_seq_decides_for_each_user_and_emoji,
            reactions: tallies_stand_with_their_events,
            reactions: those_who_react_are_listed_page_by_page,
            reactions: ten_thousand_reactions_page_like_another,
            reactions: what_is_removed_leaves_no_reaction,
            mentions: mentions_are_counted_above_what_was_read,
            mentions: what_goes_mentions_nobody,
            replies: replies_are_counted_and_paged,
            replies: a_deleted_reply_is_none,
            replies: what_is_removed_has_no_replies,
            settings: each_field_is_as_the_greatest_seq_says,
            settings: members_and_settings_change_at_the_same_time,
            settings: nothing_is_set_of_what_is_not_there_or_of_an_earlier_life,
            settings: a_group_begins_with_what_its_creator_set,
            settings: a_password_is_of_one_life,
            invites: an_invite_is_kept_until_it_is_ended,
            invites: nobody_uses_one_that_has_ended,
            invites: invites_go_with_their_group,
            deletions: a_marked_group_is_nowhere_to_be_found,
            deletions: a_deleted_group_begins_anew,
            deletions: what_comes_late_of_an_earlier_life_counts_for_nothing,
            deletions: a_late_deletion_leaves_the_next_life_alone,
            deletions: a_group_may_be_deleted_again,
            users: a_user_is_made_once,
            users: an_empty_profile_is_filled_later,
            users: any_user_id_works,
            users: accounts_have_usernames_of_their_own,
            users: one_of_many_registrations_wins,
            users: found_by_prefix_in_any_case,
            users: found_as_people_write,
            users: usernames_are_equal_in_any_case_and_composition,
            users: found_by_any_word_of_their_names,
            users: operators_change_users,
            users: tokens_are_renewed_for_the_account_alone,
            users: last_seen_never_goes_back,
            users: a_deleted_user_leaves_an_id_that_nobody_can_take,
            profiles: details_are_edited_field_by_field,
            profiles: fields_edited_at_once_all_arrive,
            profiles: who_is_not_there_or_deleted_has_no_details,
            profiles: logins_end_from_a_time_that_never_goes_back,
            marks: marks_never_go_back,
            marks: marks_raised_at_once_keep_the_greatest,
            marks: marks_of_many_at_once,
            marks: marks_in_one_group,
            devices: each_device_keeps_the_greatest_of_its_own,
            devices: the_device_that_was_seen_longest_ago_makes_room,
            devices: many_new_devices_at_once_leave_as_many_as_are_kept,
            devices: users_who_are_not_there_have_no_devices,
            devices: marks_of_devices_end_with_their_group,
            followers: heads_never_go_back,
            followers: heads_of_two_thousand_groups_at_once,
            followers: a_deleted_group_has_nothing_up_to_its_head,
            followers: extents_are_paged_by_id,
            followers: how_far_a_follower_has_come_never_goes_back,
            followers: two_thousand_groups_are_done_at_once,
            followers: the_last_commit_number_noted_stands,
            due: the_first_plan_stands,
            due: what_is_due_is_claimed_earliest_first,
            due: of_many_who_claim_each_gets_others,
            due: a_claim_ends,
            due: what_is_due_goes_with_its_group,
            faults: partitions_are_recorded,
            faults: a_ping_writes,
            interleavings: repeats_and_disorder_end_equal,
        }
    };
    ($fixture:ty; $($file:ident: $case:ident,)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                #[allow(unused_mut)]
                let mut fixture = <$fixture as super::Fixture>::new().await;
                super::$file::$case(&mut fixture).await;
            }
        )+
    };
}
use store_suite;
