//! How long a thread has worked: other tests run beside, so that the time on the clock says little.

use std::time::Duration;

/// The processor time that this thread has had, in hundredths of a second (proc_pid_stat(5), `utime` and `stime`).
pub fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
    // Behind the program's name, which may hold anything: the state is the third field.
    let (_, fields) = text.rsplit_once(')').unwrap();
    let ticks = fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().unwrap());
    Duration::from_millis(10 * ticks.sum::<u64>())
}
