//! Names of methods that the standard library and the libraries around us have as well.

/// On a receiver of unknown type they say nothing.
const COMMON: &str = "\
    abort abs accept add add_permits all and and_then any append apply as_bytes as_deref as_mut as_ref as_slice as_str \
    await bind binary_search bytes call cancel cancelled capacity chain changed chars check chunks clear clone cloned close \
    closed cmp collect commit compare_exchange complete concat connect consume contains contains_key copied count \
    create cycle dec decode dedup deref deref_mut describe deserialize difference display drain drop elapsed encode end \
    ends_with entries entry enumerate eq err error errors execute expect extend fail fetch_add fetch_sub fill filter filter_map find \
    find_map finish first flat_map flatten flush fmt fold for_each freeze from from_str get get_mut get_or_init handle hash \
    id inc index init inner insert inspect intersection into into_inner into_iter into_keys into_values is_cancelled \
    is_closed is_empty is_err is_finished is_none is_ok is_some is_some_and is_sorted iter iter_mut join keys kind \
    kill last len limit lines load lock map map_err map_or map_or_else matches max max_by_key message min min_by_key name ne new \
    next next_back notified notify_one notify_waiters now nth observe offset ok ok_or ok_or_else open or or_default \
    or_else or_insert or_insert_with parse partition path peek peekable permit poll poll_flush poll_next poll_ready \
    pop pop_back pop_front position prepare product push push_back push_front push_str query range read record recv \
    reduce register release remove render repeat replace request reserve reset resize resume retain rev rfind run saturating_add \
    saturating_sub save seek select send send_modify serialize set shutdown skip skip_while sleep sort sort_by \
    sort_by_key sort_unstable source spawn split split_at split_off start starts_with status stop store subscribe sum swap sync tail take \
    take_while tick time to_lowercase to_owned to_string to_vec trim truncate try_from try_into try_lock try_recv try_send union \
    unwrap unwrap_or unwrap_or_default unwrap_or_else update upgrade url value values version wait wake with_capacity write write_all \
    write_str zip";

pub fn is_common(method: &str) -> bool {
    COMMON.split_whitespace().any(|name| name == method)
}
