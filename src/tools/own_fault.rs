//! What a machine that measures a hub has run out of by itself: no fault of the hub's.

use std::error::Error;
use std::io;

use rustix::io::Errno;

/// What this machine lacks and what to do, when that is why a connection could not be made.
pub fn lack_of(error: &io::Error) -> Option<&'static str> {
    match Errno::from_io_error(error)? {
        Errno::MFILE => Some("this process may not open more files; raise ulimit -n"),
        Errno::NFILE => Some("this machine may not open more files; raise fs.file-max"),
        Errno::ADDRNOTAVAIL => Some("this machine has no ports left for connections to one address; use fewer clients"),
        Errno::NOBUFS | Errno::NOMEM => Some("this machine has no memory left for sockets"),
        Errno::NOSPC => Some("this machine may not watch more sockets; raise fs.epoll.max_user_watches"),
        _ => None,
    }
}

/// The same for an error that has such a one somewhere within.
pub fn lack_within(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(lack) = error.downcast_ref::<io::Error>().and_then(lack_of) {
            return Some(lack);
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the request failed")]
    struct Outer(#[source] io::Error);

    #[test]
    fn only_what_this_machine_lacks_is_its_own_fault() {
        let files = || io::Error::from_raw_os_error(Errno::MFILE.raw_os_error());
        assert!(lack_of(&files()).unwrap().contains("ulimit -n"));
        assert_eq!(lack_within(&Outer(files())), lack_of(&files()));
        for hubs in [Errno::CONNREFUSED, Errno::CONNRESET, Errno::PIPE, Errno::TIMEDOUT] {
            assert_eq!(lack_of(&io::Error::from_raw_os_error(hubs.raw_os_error())), None);
        }
        assert_eq!(lack_of(&io::Error::other("the node closed the connection")), None);
    }
}
