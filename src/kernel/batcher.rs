//! What comes while a batch is under way goes with the next: batches grow with load, and a lone item never waits for
//! company.
//!
//! Not for what is to be kept back for a while, so that more comes together: that is [`Delayed`].
//!
//! [`Delayed`]: super::Delayed

use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::sync::oneshot;

/// A line of items that one task at a time carries out, in order and in batches. An item costs it one lock.
#[derive(Debug)]
pub struct Batcher<T> {
    line: Mutex<Line<T>>,
    /// Items of one batch at most.
    batch: usize,
    /// Items that wait at most.
    room: usize,
}

#[derive(Debug)]
struct Line<T> {
    waiting: VecDeque<T>,
    /// A task carries it out.
    running: bool,
}

/// A question and whoever waits for its answer.
#[derive(Debug)]
pub struct Asked<Q, A> {
    question: Q,
    asker: oneshot::Sender<A>,
}

/// The task that carries a line out. Should it end before the line is empty (a batch panicked, or the task was
/// cancelled), the line must not wait for it for ever.
struct Runner<'a, T> {
    batcher: &'a Batcher<T>,
    done: bool,
}

// === impl Batcher ===

impl<T> Batcher<T> {
    /// Batches of so many items at most; as many may wait as come. For items whose senders wait for them, and are
    /// bounded themselves.
    pub const fn new(batch: usize) -> Self {
        Self::bounded(batch, usize::MAX)
    }

    /// The same, with room for so many that wait: beyond it items are given back.
    pub const fn bounded(batch: usize, room: usize) -> Self {
        Self { line: Mutex::new(Line { waiting: VecDeque::new(), running: false }), batch, room }
    }

    /// Puts an item in line, or gives it back when there is no room. Where no task carries the line out, `start` has to
    /// start one that calls [`Batcher::run`].
    pub fn put(&self, item: T, start: impl FnOnce()) -> Result<(), T> {
        let mut line = self.line.lock();
        if line.waiting.len() >= self.room {
            return Err(item);
        }
        line.waiting.push_back(item);
        let running = std::mem::replace(&mut line.running, true);
        drop(line);
        if !running {
            start();
        }
        Ok(())
    }

    /// Carries out batch after batch until nothing waits. Items of a batch that is not brought to its end are dropped,
    /// as are those behind it.
    pub async fn run<R: Future<Output = ()>>(&self, mut carry_out: impl FnMut(Vec<T>) -> R) {
        let mut runner = Runner { batcher: self, done: false };
        while let Some(batch) = self.next() {
            carry_out(batch).await;
        }
        runner.done = true;
    }

    fn next(&self) -> Option<Vec<T>> {
        let mut line = self.line.lock();
        let count = line.waiting.len().min(self.batch);
        line.running = count > 0;
        (count > 0).then(|| line.waiting.drain(..count).collect())
    }
}

impl<Q, A> Batcher<Asked<Q, A>> {
    /// Waits for the answer to a question; `None` when there is no room for it, or its batch came to no end. `start` is
    /// as in [`Batcher::put`], with [`Batcher::answer`]. The question is seen to also when its asker gives up.
    pub async fn ask(&self, question: Q, start: impl FnOnce()) -> Option<A> {
        let (asker, answer) = oneshot::channel();
        self.put(Asked { question, asker }, start).ok()?;
        answer.await.ok()
    }

    /// As [`Batcher::run`]: `answer` gives one answer for each question, in their order.
    pub async fn answer<R: Future<Output = Vec<A>>>(&self, mut answer: impl FnMut(Vec<Q>) -> R) {
        self.run(|batch| {
            let (questions, askers): (Vec<Q>, Vec<_>) =
                batch.into_iter().map(|asked| (asked.question, asked.asker)).unzip();
            let answers = answer(questions);
            async move {
                // Whoever gave up meanwhile needs none.
                askers.into_iter().zip(answers.await).for_each(|(asker, answer)| drop(asker.send(answer)));
            }
        })
        .await;
    }
}

// === impl Runner ===

impl<T> Drop for Runner<'_, T> {
    fn drop(&mut self) {
        if !self.done {
            let mut line = self.batcher.line.lock();
            line.running = false;
            let left = std::mem::take(&mut line.waiting);
            drop(line);
            drop(left);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use futures::future::{join, join_all};

    use super::*;

    type Doubler = Batcher<Asked<usize, usize>>;

    /// Asks, and has a task answer that notes how large its batches are.
    async fn doubled(batcher: &Arc<Doubler>, sizes: &Arc<Mutex<Vec<usize>>>, number: usize) -> Option<usize> {
        let start = || {
            let (batcher, sizes) = (batcher.clone(), sizes.clone());
            let double = move |numbers: Vec<usize>| {
                sizes.lock().push(numbers.len());
                async move {
                    tokio::task::yield_now().await;
                    numbers.into_iter().map(|number| 2 * number).collect()
                }
            };
            tokio::spawn(async move { batcher.answer(double).await });
        };
        batcher.ask(number, start).await
    }

    #[tokio::test]
    async fn what_comes_together_goes_together_and_each_gets_its_own_answer() {
        let (batcher, sizes) = (Arc::new(Batcher::new(300)), Arc::default());
        let answers = join_all((0..1_000).map(|number| doubled(&batcher, &sizes, number))).await;
        assert_eq!(answers, (0..1_000).map(|number| Some(2 * number)).collect::<Vec<_>>());
        assert_eq!(*sizes.lock(), [300, 300, 300, 100]);
        assert_eq!(doubled(&batcher, &sizes, 7).await, Some(14));
        assert_eq!(sizes.lock().last(), Some(&1), "a lone one waits for nobody");
    }

    #[tokio::test]
    async fn one_task_carries_out_what_comes_meanwhile_in_order() {
        let batcher: Batcher<u32> = Batcher::new(8);
        let (started, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let start = || {
            started.fetch_add(1, Relaxed);
        };
        let put = |item| batcher.put(item, start);
        assert_eq!([put(1), put(2)], [Ok(()); 2]);
        let run = batcher.run(|batch| {
            done.lock().push(batch);
            tokio::task::yield_now()
        });
        join(run, async { assert_eq!(put(3), Ok(())) }).await;
        assert_eq!((&done.lock()[..], started.load(Relaxed)), (&[vec![1, 2], vec![3]][..], 1));
        assert_eq!(put(4), Ok(()));
        assert_eq!(started.load(Relaxed), 2, "nothing waited any more, so another task is to run");
    }

    #[test]
    fn beyond_its_room_an_item_comes_back() {
        let batcher: Batcher<u32> = Batcher::bounded(8, 2);
        assert_eq!([1, 2, 3].map(|item| batcher.put(item, || ())), [Ok(()), Ok(()), Err(3)]);
    }

    #[tokio::test]
    async fn a_batch_that_panics_leaves_nobody_waiting() {
        let (batcher, sizes): (Arc<Doubler>, _) = (Arc::new(Batcher::new(1)), Arc::default());
        let start = || {
            let batcher = batcher.clone();
            tokio::spawn(async move { batcher.answer(|_| std::future::poll_fn(|_| panic!("a batch panics"))).await });
        };
        let both = join(batcher.ask(1, start), batcher.ask(2, || unreachable!("one task is enough"))).await;
        assert_eq!(both, (None, None));
        assert_eq!(doubled(&batcher, &sizes, 3).await, Some(6));
    }
}
