//! A sign of life on a terminal for work that takes over half a second.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long work goes on silently.
const PATIENCE: Duration = Duration::from_millis(500);

/// Draws on standard error until it is dropped, if that is a terminal.
#[derive(Debug, Default)]
pub struct Progress {
    drawing: Option<(Sender<String>, JoinHandle<()>)>,
}

impl Progress {
    /// Begins to wait; `quiet` never draws.
    #[must_use]
    pub fn start(message: &str, quiet: bool) -> Self {
        if quiet || !std::io::stderr().is_terminal() {
            return Self::default();
        }
        let (sender, receiver) = channel::<String>();
        let mut message = message.to_string();
        let thread = std::thread::Builder::new().spawn(move || {
            let mut bar: Option<ProgressBar> = None;
            let begun = Instant::now();
            loop {
                let patience = PATIENCE.saturating_sub(begun.elapsed());
                match receiver.recv_timeout(patience.max(Duration::from_millis(100))) {
                    Ok(news) => {
                        message = news;
                        continue;
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                let bar = bar.get_or_insert_with(|| {
                    ProgressBar::new_spinner().with_style(
                        ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}")
                            .unwrap_or_else(|_| ProgressStyle::default_spinner()),
                    )
                });
                bar.set_message(message.clone());
                bar.tick();
            }
            if let Some(bar) = bar {
                bar.finish_and_clear();
            }
        });
        // Without a thread nothing is drawn.
        Self { drawing: thread.ok().map(|thread| (sender, thread)) }
    }

    /// Says what is being done now.
    pub fn message(&self, message: impl Into<String>) {
        if let Some((sender, _)) = &self.drawing {
            // Nobody listening means that drawing ended: nothing is lost.
            let _ = sender.send(message.into());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.drawing.take() {
            drop(sender);
            let _ = thread.join();
        }
    }
}
