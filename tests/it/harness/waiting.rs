use std::{collections::HashSet, time::Duration};

use crate::support::{ports::Port, wait};

#[tokio::test(start_paused = true)]
async fn it_tries_until_an_attempt_succeeds() {
    let mut attempts = 0;
    let third = wait::poll(Duration::from_secs(5), async || {
        attempts += 1;
        if attempts == 3 { Ok(attempts) } else { Err("too early") }
    });
    assert_eq!(third.await, Ok(3));
}

#[tokio::test(start_paused = true)]
async fn it_gives_up_with_the_last_error() {
    let never = wait::poll(Duration::from_secs(5), async || Err::<(), _>("broken"));
    assert_eq!(never.await, Err("broken".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_hangs_is_cut_off() {
    let hangs = wait::poll(Duration::from_secs(5), async || std::future::pending::<Result<(), String>>().await);
    assert_eq!(hangs.await, Err("no attempt came to an end".to_owned()));
}

#[test]
fn reserved_ports_are_not_given_twice() {
    let ports: Vec<Port> = (0..200).map(|_| Port::reserve()).collect();
    let numbers: HashSet<u16> = ports.iter().map(Port::number).collect();
    assert_eq!(numbers.len(), ports.len());
}
