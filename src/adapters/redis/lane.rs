//! Calls that are asked for at the same time are made together: what comes while a call is under way goes with
//! the next one, and a lone one never waits for company.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::ports::BackplaneError;

/// Made with one call at most.
const BATCH_MAX: usize = 256;

type Answered<A> = Result<A, BackplaneError>;

/// Those who wait for a call of one kind.
pub(super) struct Lane<Q, A> {
    line: Mutex<Line<Q, A>>,
}

struct Line<Q, A> {
    waiting: Vec<(Q, oneshot::Sender<Answered<A>>)>,
    running: bool,
}

// === impl Lane ===

impl<Q, A> Default for Lane<Q, A> {
    fn default() -> Self {
        Self { line: Mutex::new(Line { waiting: Vec::new(), running: false }) }
    }
}

impl<Q: Send + 'static, A: Send + 'static> Lane<Q, A> {
    /// Waits for the answer of a call that `carry_out` makes of this and others' questions: one answer for each, in
    /// their order, or one error for all. The call goes on when whoever asked gives up.
    pub(super) async fn ask<C, F>(self: &Arc<Self>, question: Q, carry_out: C) -> Answered<A>
    where
        C: Fn(Vec<Q>) -> F + Send + 'static,
        F: Future<Output = Answered<Vec<A>>> + Send,
    {
        let (sender, answer) = oneshot::channel();
        if self.push(question, sender) {
            let lane = self.clone();
            tokio::spawn(async move { lane.run(carry_out).await });
        }
        answer.await.unwrap_or_else(|_| Err(BackplaneError::Unexpected("an answer is missing".into())))
    }

    /// Puts a question in line; true when nobody looks after the line yet.
    fn push(&self, question: Q, sender: oneshot::Sender<Answered<A>>) -> bool {
        let mut line = self.line.lock();
        line.waiting.push((question, sender));
        !std::mem::replace(&mut line.running, true)
    }

    fn next(&self) -> Option<Vec<(Q, oneshot::Sender<Answered<A>>)>> {
        let mut line = self.line.lock();
        let count = line.waiting.len().min(BATCH_MAX);
        line.running = count > 0;
        (count > 0).then(|| line.waiting.drain(..count).collect())
    }

    async fn run<C, F>(&self, carry_out: C)
    where
        C: Fn(Vec<Q>) -> F,
        F: Future<Output = Answered<Vec<A>>>,
    {
        while let Some(batch) = self.next() {
            let (questions, senders): (Vec<Q>, Vec<_>) = batch.into_iter().unzip();
            match carry_out(questions).await {
                // Whoever gave up meanwhile needs no answer.
                Ok(answers) => senders.into_iter().zip(answers).for_each(|(to, answer)| drop(to.send(Ok(answer)))),
                Err(error) => senders.into_iter().for_each(|to| drop(to.send(Err(error.clone())))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use futures::future::join_all;

    use super::*;

    #[tokio::test]
    async fn what_comes_together_goes_together_and_each_gets_its_own_answer() {
        let lane: Arc<Lane<usize, usize>> = Arc::default();
        let calls = Arc::new(AtomicUsize::new(0));
        let asked = (0..1_000).map(|number| {
            let (lane, calls) = (lane.clone(), calls.clone());
            async move {
                let carry_out = move |numbers: Vec<usize>| {
                    calls.fetch_add(1, Relaxed);
                    async move {
                        tokio::task::yield_now().await;
                        assert!(numbers.len() <= BATCH_MAX);
                        Ok(numbers.into_iter().map(|number| 2 * number).collect())
                    }
                };
                lane.ask(number, carry_out).await.unwrap()
            }
        });
        assert_eq!(join_all(asked).await, (0..1_000).map(|number| 2 * number).collect::<Vec<_>>());
        assert!(calls.load(Relaxed) <= 5, "{calls:?}");
    }

    #[tokio::test]
    async fn an_error_is_everybodys_and_the_next_are_asked_for_again() {
        let lane: Arc<Lane<bool, ()>> = Arc::default();
        let carry_out = |fine: Vec<bool>| async move {
            let all = fine.iter().all(|fine| *fine);
            if all { Ok(vec![(); fine.len()]) } else { Err(BackplaneError::OutOfMemory) }
        };
        assert!(join_all([true, false].map(|fine| lane.ask(fine, carry_out))).await.iter().all(Result::is_err));
        assert!(lane.ask(true, carry_out).await.is_ok());
    }
}
