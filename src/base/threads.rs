//! The threads that share work out, also where the system starts none: under a limit on processes our own does it all.
//!
//! Rayon starts its threads by itself when it is first used, and panics when it cannot. So whoever uses it says so here
//! first.

use rayon::{ThreadBuilder, ThreadPoolBuilder};
use std::io;
use std::num::NonZero;
use std::sync::Once;
use std::sync::mpsc::{Sender, channel};

/// To be called before work is shared out by Rayon: sees to it that there are threads for it, as many as the system
/// gives.
pub fn share_out() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| start(wanted()));
}

/// One for each core, or what Rayon's own setting says.
fn wanted() -> usize {
    let told =
        std::env::var("RAYON_NUM_THREADS").ok().and_then(|number| number.parse().ok()).filter(|&number| number > 0);
    told.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZero::get))
}

fn start(wanted: usize) {
    // Threads first, the pool for as many as there are: a pool that lacks one cannot be made anew.
    let seats: Vec<Sender<ThreadBuilder>> = (0..wanted).map_while(|_| seat().ok()).collect();
    let pool = match seats.len() {
        0 => ThreadPoolBuilder::new().num_threads(1).use_current_thread(),
        number => ThreadPoolBuilder::new().num_threads(number),
    };
    let mut seats = seats.into_iter();
    let take =
        |worker| seats.next().and_then(|seat| seat.send(worker).ok()).ok_or_else(|| io::Error::other("no thread"));
    // It fails where a program that uses us as a library has made the pool already.
    let _ = pool.spawn_handler(take).build_global();
}

/// A thread that waits for its part in the pool.
fn seat() -> io::Result<Sender<ThreadBuilder>> {
    let (sender, receiver) = channel::<ThreadBuilder>();
    std::thread::Builder::new().spawn(move || {
        if let Ok(worker) = receiver.recv() {
            worker.run();
        }
    })?;
    Ok(sender)
}
