//! Doing a piece of work as somebody else, so that a file that they own gives nobody more than they have.
//!
//! Linux keeps user and groups for each thread; the work runs on a thread of its own, which ends with it.

use rustix::fs::{Gid, Uid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
use std::io;

/// Runs `work` with the effective and saved user and group, and without other groups. Only root can.
///
/// # Errors
/// When the system refuses; `work` is not run then. Also when it panics.
pub fn run_as<T: Send>(uid: u32, gid: u32, work: impl FnOnce() -> T + Send) -> io::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().spawn_scoped(scope, move || {
            let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
            set_thread_groups(&[])?;
            set_thread_res_gid(gid, gid, gid)?;
            set_thread_res_uid(uid, uid, uid)?;
            Ok(work())
        })?;
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the work as another user ended early")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_work_is_done_as_somebody_else() {
        let euid = || rustix::process::geteuid().as_raw();
        let before = euid();
        let root = before == 0;
        // Threads of their own are asked: the C library would answer for the whole process.
        let outcome = run_as(12345, 23456, || std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default());
        match outcome {
            Ok(status) => {
                assert!(root);
                assert!(status.contains("Uid:\t12345\t12345\t12345\t12345"), "{status}");
                assert!(status.contains("Gid:\t23456\t23456\t23456\t23456"), "{status}");
            }
            Err(_) => assert!(!root),
        }
        assert_eq!(euid(), before);
    }
}
