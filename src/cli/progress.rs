//! How far a long run has come, on a terminal and on standard error only.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What is over sooner needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);
const REDRAW: Duration = Duration::from_millis(100);

/// A bar that shows itself after a second and goes away without a trace. Where standard error is no terminal, nothing.
pub(super) struct Progress {
    bar: ProgressBar,
    /// Dropped at the end, which wakes the thread that waits to show the bar.
    waiting: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    pub fn new(total: usize) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len} designs, {eta} to go") {
            bar.set_style(style);
        }
        let (ended, end) = channel();
        let shown = bar.clone();
        let waiter = thread::spawn(move || {
            if end.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                shown.set_draw_target(ProgressDrawTarget::stderr());
                shown.enable_steady_tick(REDRAW);
            }
        });
        Progress { bar, waiting: Some((ended, waiter)) }
    }

    pub fn step(&self) {
        self.bar.inc(1);
    }

    /// Takes the bar off the screen while `print` writes there.
    pub fn aside<R>(&self, print: impl FnOnce() -> R) -> R {
        self.bar.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((ended, waiter)) = self.waiting.take() {
            drop(ended);
            // It does nothing that could panic, and a bar is not worth a failure.
            let _ = waiter.join();
        }
        self.bar.finish_and_clear();
    }
}
