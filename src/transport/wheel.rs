//! A hashed timer wheel: one timer for a whole node.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// How exact deadlines are. Coarse enough to wake up rarely, fine enough that what falls due
/// together (after a storm of connects) is small.
const TICK: Duration = Duration::from_millis(100);
/// A tick that is so much too late was not late by its own doing: the process stood still, and nobody could be heard.
const STANDSTILL: Duration = Duration::from_secs(1);
/// 26 s a turn: the usual deadlines are closer.
const SLOTS: usize = 256;

/// Things that fall due. Adding takes a slot's lock for a push; nothing is ever removed early: who
/// has moved on finds out when its old entry falls due.
///
/// Its time stands still while the process does (a machine that is suspended, a debugger): deadlines are for what others fail
/// to do, and they could do nothing meanwhile.
#[derive(Debug)]
pub struct Wheel<T> {
    start: Instant,
    /// Milliseconds for which the process stood still.
    stood: AtomicU64,
    slots: Box<[Mutex<Vec<(u64, T)>>]>,
    /// The tick up to which everything was taken out.
    taken: Mutex<u64>,
}

// === impl Wheel ===

impl<T> Wheel<T> {
    /// An empty wheel; its time begins now.
    pub fn new() -> Self {
        let slots = (0..SLOTS).map(|_| Mutex::new(Vec::new())).collect();
        Self { start: Instant::now(), stood: AtomicU64::new(0), slots, taken: Mutex::new(0) }
    }

    /// Milliseconds since the wheel was made, without those for which the process stood still.
    pub fn now(&self) -> u64 {
        (self.start.elapsed().as_millis() as u64).saturating_sub(self.stood.load(Ordering::Relaxed))
    }

    /// Has `item` fall due at `at` (milliseconds since the wheel was made), or up to a tick later;
    /// at the next tick when that is past.
    pub fn schedule(&self, at: u64, item: T) {
        // The lock keeps the tick that is being taken out from passing by.
        let taken = self.taken.lock();
        let tick = at.div_ceil(TICK.as_millis() as u64).max(*taken + 1);
        self.slot(tick).lock().push((tick, item));
    }

    /// Takes out what has fallen due.
    pub fn take_due(&self, due: &mut Vec<T>) {
        let now = self.now() / TICK.as_millis() as u64;
        loop {
            let mut taken = self.taken.lock();
            if *taken >= now {
                return;
            }
            *taken += 1;
            let mut slot = self.slot(*taken).lock();
            due.extend(slot.extract_if(.., |(tick, _)| *tick <= *taken).map(|(_, item)| item));
            if slot.is_empty() && slot.capacity() > 64 {
                // A storm's memory is given back.
                slot.shrink_to(0);
            }
        }
    }

    /// Waits for the next tick. Whoever calls it, and nobody else, finds out that the process stood still.
    pub async fn tick(&self) {
        let ticks = self.now() / TICK.as_millis() as u64 + 1;
        let stood = self.stood.load(Ordering::Relaxed);
        let at = self.start + Duration::from_millis(ticks * TICK.as_millis() as u64 + stood);
        tokio::time::sleep_until(at).await;
        let late = Instant::now().saturating_duration_since(at);
        if late >= STANDSTILL {
            self.stood.fetch_add(late.as_millis() as u64, Ordering::Relaxed);
        }
    }

    fn slot(&self, tick: u64) -> &Mutex<Vec<(u64, T)>> {
        &self.slots[tick as usize % SLOTS]
    }
}

impl<T> Default for Wheel<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn due_after<T>(wheel: &Wheel<T>, ms: u64) -> Vec<T> {
        tokio::time::advance(Duration::from_millis(ms)).await;
        let mut due = Vec::new();
        wheel.take_due(&mut due);
        due
    }

    #[tokio::test(start_paused = true)]
    async fn things_fall_due_in_their_tick_and_once() {
        let wheel = Wheel::new();
        wheel.schedule(300, "soon");
        wheel.schedule(301, "next tick");
        wheel.schedule(0, "past");
        assert_eq!(due_after(&wheel, 299).await, ["past"]);
        assert_eq!(due_after(&wheel, 1).await, ["soon"]);
        assert_eq!(due_after(&wheel, 100).await, ["next tick"]);
        assert_eq!(due_after(&wheel, 100_000).await, [""; 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_turns_away_waits_its_turns() {
        let wheel = Wheel::new();
        let turn = SLOTS as u64 * TICK.as_millis() as u64;
        wheel.schedule(2 * turn + 100, "far");
        wheel.schedule(100, "near");
        assert_eq!(due_after(&wheel, 100).await, ["near"]);
        assert_eq!(due_after(&wheel, turn).await, [""; 0]);
        assert_eq!(due_after(&wheel, turn).await, ["far"]);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_falls_due_for_the_time_that_the_process_stood_still() {
        let wheel = Wheel::new();
        wheel.schedule(30_000, "deadline");
        // Both at once: the tick is a second and more too late.
        tokio::join!(wheel.tick(), tokio::time::advance(Duration::from_secs(36)));
        assert_eq!(due_after(&wheel, 0).await, [""; 0]);
        assert!(wheel.now() < 1_000, "{}", wheel.now());
        tokio::join!(wheel.tick(), tokio::time::advance(Duration::from_millis(900)));
        assert!(wheel.now() >= 900, "what is only slow counts");
        assert_eq!(due_after(&wheel, 30_000).await, ["deadline"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_look_finds_everything() {
        let wheel = Wheel::new();
        (0..5_000).for_each(|at| wheel.schedule(at * 7, at));
        assert_eq!(due_after(&wheel, 1_000_000).await.len(), 5_000);
        wheel.schedule(0, 1);
        assert_eq!(due_after(&wheel, 100).await, [1]);
    }
}
