//! Many pieces of work at once, their results in the order in which the work came, and only so many of them in memory.

use std::any::Any;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Pieces in flight for each thread: enough that a slow one in front does not leave the others idle.
const PIECES: usize = 32;
/// What the pieces in flight may weigh, in bytes of text; one that is heavier goes alone.
const WEIGHT: usize = 16 << 20;

/// What whoever takes the results hears.
pub(super) enum Next<R> {
    /// The next result; none where the work panicked, which has stopped nothing else.
    Done(Option<R>),
    /// Nothing is ready: the time to flush.
    Waiting,
}

/// Runs `work` over `items` on rayon's threads and hands the results, in the order of the items, to `take` on this
/// thread, each as soon as it and all before it are ready. The items are drawn on a thread of their own, and no further
/// ahead than the window allows. A `Break` stops the drawing; what is begun is finished and dropped.
pub(super) fn in_order<T: Send, R: Send>(
    items: impl Iterator<Item = T> + Send,
    weight: impl Fn(&T) -> usize + Send,
    work: impl Fn(T) -> R + Sync,
    mut take: impl FnMut(Next<R>) -> ControlFlow<()>,
) {
    let gate = &Gate::new(PIECES * rayon::current_num_threads());
    let work = &work;
    let (done, results) = channel();
    thread::scope(|threads| {
        threads.spawn(move || {
            // In place: a thread of the pool that waited for input would be one that does not work.
            rayon::in_place_scope(|scope| {
                for (at, item) in items.enumerate() {
                    let weight = weight(&item);
                    if !gate.enter(weight) {
                        return;
                    }
                    let done = done.clone();
                    scope.spawn(move |_| {
                        if gate.is_open() {
                            // Nobody listens once the results are no longer wanted.
                            let _ = done.send((at, weight, guarded(work, item)));
                        }
                    });
                }
            });
        });
        // Also where `take` panics: the thread above must not wait for a window that nobody empties.
        let _closed = Closing(gate);
        hand_over(&results, gate, &mut take);
    });
}

fn guarded<T, R>(work: &(impl Fn(T) -> R + Sync), item: T) -> Option<R> {
    catch_unwind(AssertUnwindSafe(|| work(item))).map_err(|panic: Box<dyn Any + Send>| drop(panic)).ok()
}

fn hand_over<R>(
    results: &Receiver<(usize, usize, Option<R>)>,
    gate: &Gate,
    take: &mut impl FnMut(Next<R>) -> ControlFlow<()>,
) {
    let mut early = BTreeMap::new();
    let mut next = 0;
    loop {
        while let Some((weight, result)) = early.remove(&next) {
            next += 1;
            let flow = take(Next::Done(result));
            gate.leave(weight);
            if flow.is_break() {
                return;
            }
        }
        let received = match results.try_recv() {
            Err(TryRecvError::Empty) => {
                if take(Next::Waiting).is_break() {
                    return;
                }
                results.recv().ok()
            }
            received => received.ok(),
        };
        let Some((at, weight, result)) = received else { return };
        early.insert(at, (weight, result));
    }
}

/// Lets in so many pieces and so much weight.
struct Gate {
    most: usize,
    inside: Mutex<Inside>,
    changed: Condvar,
}

#[derive(Default)]
struct Inside {
    pieces: usize,
    weight: usize,
    closed: bool,
}

impl Gate {
    fn new(most: usize) -> Gate {
        Gate { most, inside: Mutex::default(), changed: Condvar::new() }
    }

    /// Counts are whole at every moment, so that a panic elsewhere leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for room; false once the gate is closed.
    fn enter(&self, weight: usize) -> bool {
        let full = |inside: &mut Inside| {
            let heavy = inside.weight.saturating_add(weight) > WEIGHT;
            !inside.closed && inside.pieces > 0 && (inside.pieces >= self.most || heavy)
        };
        let mut inside = self.changed.wait_while(self.lock(), full).unwrap_or_else(PoisonError::into_inner);
        inside.pieces += 1;
        inside.weight = inside.weight.saturating_add(weight);
        !inside.closed
    }

    fn leave(&self, weight: usize) {
        let mut inside = self.lock();
        inside.pieces -= 1;
        inside.weight = inside.weight.saturating_sub(weight);
        self.changed.notify_all();
    }

    fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn is_open(&self) -> bool {
        !self.lock().closed
    }
}

struct Closing<'a>(&'a Gate);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::{Next, PIECES, WEIGHT, in_order};

    fn all<R: Send>(count: usize, weight: usize, work: impl Fn(usize) -> R + Sync) -> Vec<Option<R>> {
        let mut out = Vec::new();
        in_order(
            0..count,
            |_| weight,
            work,
            |next| {
                if let Next::Done(result) = next {
                    out.push(result);
                }
                ControlFlow::Continue(())
            },
        );
        out
    }

    #[test]
    fn results_come_in_the_order_of_the_work() {
        let slow_first = |at: usize| {
            if at.is_multiple_of(50) {
                std::thread::sleep(Duration::from_millis(5));
            }
            at * at
        };
        let squares: Vec<Option<usize>> = (0..1_000).map(|at| Some(at * at)).collect();
        assert_eq!(all(1_000, 1, slow_first), squares);
        assert_eq!(all(0, 1, slow_first), []);
        // Each too heavy for company.
        assert_eq!(all(5, WEIGHT + 1, slow_first), squares[..5]);
    }

    #[test]
    fn what_panics_stops_nothing_else() {
        let odd = |at: usize| if at == 3 { panic!("on purpose") } else { at };
        assert_eq!(all(5, 1, odd), [Some(0), Some(1), Some(2), None, Some(4)]);
    }

    #[test]
    fn no_more_is_drawn_than_the_window_holds() {
        let (drawn, taken, ahead) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let items = (0..3_000).inspect(|_| {
            drawn.fetch_add(1, Ordering::SeqCst);
        });
        in_order(
            items,
            |_| 1,
            |at| at,
            |next| {
                if let Next::Done(_) = next {
                    let taken = taken.fetch_add(1, Ordering::SeqCst);
                    ahead.fetch_max(drawn.load(Ordering::SeqCst).saturating_sub(taken), Ordering::SeqCst);
                    if taken == 0 {
                        std::thread::sleep(Duration::from_millis(50));
                    }
                }
                ControlFlow::Continue(())
            },
        );
        let most = PIECES * rayon::current_num_threads() + 2;
        assert_eq!(taken.into_inner(), 3_000);
        let ahead = ahead.into_inner();
        assert!((PIECES..=most).contains(&ahead), "{ahead} were in memory, at most {most} should be");
    }

    #[test]
    fn who_has_enough_stops_an_endless_supply() {
        let mut seen = Vec::new();
        in_order(
            0..,
            |_| 1,
            |at: usize| at,
            |next| match next {
                Next::Done(at) => {
                    seen.extend(at);
                    if seen.len() == 10 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                }
                Next::Waiting => ControlFlow::Continue(()),
            },
        );
        assert_eq!(seen, (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn an_answer_does_not_wait_for_the_next_question() {
        let (ask, asked) = std::sync::mpsc::channel();
        ask.send(0).unwrap();
        let mut ask = Some(ask);
        let mut answers = 0;
        // Each question is put after the answer to the one before.
        in_order(
            asked.into_iter(),
            |_| 1,
            |at: usize| at,
            |next| {
                if let Next::Done(Some(at)) = next {
                    answers += 1;
                    match at {
                        9 => ask = None,
                        _ => ask.as_ref().unwrap().send(at + 1).unwrap(),
                    }
                }
                ControlFlow::Continue(())
            },
        );
        assert_eq!(answers, 10);
    }
}
