//! Groups end, with everything in them. One whose id is made from names (a direct chat, a group made with a cid) may
//! begin anew, in another life: its sequence goes on where the last one ended, so that what is remembered of it, and
//! what is still under way, lies below its first seq and counts for nothing.

mod handler;

pub(crate) use handler::GroupDeletion;
