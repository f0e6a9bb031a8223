//! Disks that write less, find no room, or fail.

use super::*;

/// Waits until the keeper has done what it does at the start.
fn wait_for_spares(store: &Store) {
    wait_until("no spares", || store.spares() == Options::default().spares);
}

#[test]
fn short_writes_are_gone_on_with() -> Outcome {
    let directory = tempfile::tempdir()?;
    let disk = Arc::new(Faulty::default());
    disk.short.store(1000, Ordering::SeqCst);
    let (store, _) = Store::open(&directory.path().join("q"), options(&disk))?;
    let ids = [add(&store, 1, 3000)?, add(&store, 2, 30_000)?];
    drop(store);
    let (store, found) = open(&directory)?;
    assert_eq!((found.messages, found.damage.len()), (2, 0));
    assert_content(&store, ids[0], &content(1, 3000))?;
    assert_content(&store, ids[1], &content(2, 30_000))
}

#[test]
fn a_failed_write_or_sync_ends_all() -> Outcome {
    for (fail_sync, words) in [(true, "fdatasync"), (false, "write")] {
        let directory = tempfile::tempdir()?;
        let disk = Arc::new(Faulty::default());
        let (store, _) = Store::open(&directory.path().join("q"), options(&disk))?;
        let first = add(&store, 1, 100)?;
        wait_for_spares(&store);
        let fault = if fail_sync { &disk.fail_sync } else { &disk.fail_write };
        fault.store(true, Ordering::SeqCst);
        let refused = store.commit(vec![Change::Remove(first)]).unwrap_err().to_string();
        let place = format!("the queue has failed: {}/q/log/", directory.path().display());
        assert!(refused.starts_with(&place), "{refused}");
        assert!(refused.ends_with(&format!(".log: {words}: Input/output error")), "{refused}");
        // It is not tried again, and nothing that was not promised is shown.
        fault.store(false, Ordering::SeqCst);
        assert_eq!(add(&store, 2, 100).unwrap_err().to_string(), refused);
        assert_eq!(store.failure().map(|error| error.to_string()), Some(refused));
        assert_content(&store, first, &content(1, 100))?;
        drop(store);
        let (store, _) = open(&directory)?;
        // The removal may be there: it was not promised, but wanted.
        assert!(store.count() <= 1);
    }
    Ok(())
}

#[test]
fn a_batch_without_room_is_written_over_by_the_next() -> Outcome {
    let directory = tempfile::tempdir()?;
    let disk = Arc::new(Faulty::default());
    let (store, _) = Store::open(&directory.path().join("q"), options(&disk))?;
    let first = add(&store, 1, 100)?;
    wait_for_spares(&store);
    for number in 2..5 {
        disk.full.store(true, Ordering::SeqCst);
        assert_eq!(add(&store, number, 4000).unwrap_err().to_string(), "no room on the disk of the queue");
        assert!(matches!(add(&store, number, 9000), Err(StoreError::NoSpace)));
        disk.full.store(false, Ordering::SeqCst);
        assert!(store.failure().is_none());
    }
    assert!(files(&directory.path().join("q/content")).is_empty());
    let second = add(&store, 9, 200)?;
    drop(store);
    let (store, found) = open(&directory)?;
    assert_eq!((found.messages, found.damage.len()), (2, 0));
    assert_content(&store, first, &content(1, 100))?;
    assert_content(&store, second, &content(9, 200))
}

#[test]
fn a_full_disk_refuses_messages_and_takes_removals() -> Outcome {
    let directory = tempfile::tempdir()?;
    let disk = Arc::new(Faulty::default());
    disk.room.store(4 * (64 << 10), Ordering::SeqCst);
    let (store, _) = Store::open(&directory.path().join("q"), options(&disk))?;
    let mut ids = Vec::new();
    let refused = loop {
        match add(&store, ids.len(), 3000) {
            Ok(id) => ids.push(id),
            Err(error) => break error,
        }
        assert!(ids.len() < 1000, "it is never full");
    };
    assert!(matches!(refused, StoreError::NoSpace), "{refused}");
    assert!(ids.len() > 20, "{} messages in four segments", ids.len());
    assert!(matches!(add(&store, 0, 10), Err(StoreError::NoSpace)));
    // So it is after a restart.
    drop(store);
    let (store, _) = Store::open(&directory.path().join("q"), options(&disk))?;
    assert_eq!(store.count(), ids.len());
    wait_until("messages are taken", || matches!(add(&store, 0, 10), Err(StoreError::NoSpace)));
    // Removals make room, and then messages are taken again.
    store.commit(ids.drain(..).map(Change::Remove).collect())?;
    wait_until("nothing is taken any more", || add(&store, 5, 3000).is_ok());
    let before = store.count();
    drop(store);
    assert_eq!(open(&directory)?.1.messages, before);
    Ok(())
}
