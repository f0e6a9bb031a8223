//! Files that are not as they were written.

use super::*;
use crate::engine::queue::{record, segment};

/// Changes bytes in a file of the log where some text stands.
fn spoil(log: &Path, text: &[u8], by: isize) -> usize {
    let mut spoiled = 0;
    for path in files(log) {
        let mut bytes = fs::read(&path).unwrap();
        let found: Vec<usize> = memchr::memmem::find_iter(&bytes, text).collect();
        spoiled += found.len();
        for at in found {
            bytes[at.wrapping_add_signed(by)] ^= 1;
        }
        fs::write(&path, bytes).unwrap();
    }
    spoiled
}

/// Takes the footers away, so that the records themselves are looked at.
fn unseal(log: &Path) {
    for path in files(log) {
        let mut bytes = fs::read(&path).unwrap();
        let end = bytes.len() - 1;
        bytes[end] ^= 1;
        fs::write(path, bytes).unwrap();
    }
}

#[test]
fn damage_costs_its_message_and_is_told() -> Outcome {
    let directory = tempfile::tempdir()?;
    let log = directory.path().join("q/log");
    let (store, _) = open(&directory)?;
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(add(&store, number, 500)?);
    }
    drop(store);
    assert_eq!(spoil(&log, &content(1, 500), 30), 1);
    unseal(&log);
    let (store, found) = open(&directory)?;
    let path = files(&log)[0].display().to_string();
    let told: Vec<String> = found.damage.iter().map(Damage::to_string).collect();
    assert!(told.len() == 1 && told[0].ends_with(&format!("the record of message {} is damaged", ids[1])), "{told:?}");
    assert!(told[0].starts_with(path.trim_end_matches(|char: char| char != '/')));
    assert_eq!(store.summary(ids[1]).map(|seen| seen.facts.queue), Some(Queue::Corrupt));
    let words = format!("{}: its record is damaged: it is not what was written", ids[1]);
    assert_eq!(store.content(ids[1]).err().map(|error| error.to_string()), Some(words));
    assert!(memchr::memmem::find(&store.remains(ids[1])?, &content(1, 500)[100..]).is_some());
    // It can be removed as any other; or is moved when its segment is cleaned.
    for number in 10..200 {
        let id = add(&store, number, 3000)?;
        store.commit(vec![Change::Remove(id)])?;
    }
    wait_until("the log stays long", || files(&log).len() <= 9);
    drop(store);
    let (store, found) = open(&directory)?;
    assert_eq!((found.messages, found.damage.len()), (5, 0));
    assert_eq!(store.summary(ids[1]).map(|seen| seen.facts.queue), Some(Queue::Corrupt));
    assert!(memchr::memmem::find(&store.remains(ids[1])?, &content(1, 500)[100..]).is_some());
    for number in [0, 2, 3, 4] {
        assert_content(&store, ids[number], &content(number, 500))?;
    }
    store.commit(vec![Change::Remove(ids[1])])?;
    assert_eq!(store.count(), 4);
    Ok(())
}

#[test]
fn a_lost_header_of_a_segment_or_of_a_record_is_told() -> Outcome {
    let directory = tempfile::tempdir()?;
    let log = directory.path().join("q/log");
    let (store, _) = open(&directory)?;
    let mut ids = Vec::new();
    for number in 0..4 {
        ids.push(add(&store, number, 500)?);
    }
    drop(store);
    unseal(&log);
    let written =
        files(&log).into_iter().find(|path| memchr::memmem::find(&fs::read(path).unwrap(), &content(0, 500)).is_some());
    let path = written.unwrap();
    let mut bytes = fs::read(&path)?;
    bytes[..4096].fill(7);
    // The third record begins on a page of its own.
    bytes[3 * 4096 + 13] ^= 1;
    fs::write(&path, bytes)?;
    let (store, found) = open(&directory)?;
    let mut told: Vec<String> = found.damage.iter().map(Damage::to_string).collect();
    told.sort();
    assert_eq!(told[1], format!("{}: its header is damaged, its records are read", path.display()));
    assert!(told[0].starts_with(&format!("{}: 4096 bytes from offset 12288 are damaged", path.display())), "{told:?}");
    assert_eq!(told.len(), 2);
    assert_eq!(store.list(None, 9).iter().map(|seen| seen.id).collect::<Vec<_>>(), [ids[0], ids[1], ids[3]]);
    Ok(())
}

#[test]
fn files_without_messages_go_and_messages_without_files_are_corrupt() -> Outcome {
    let directory = tempfile::tempdir()?;
    let contents = directory.path().join("q/content");
    let (store, _) = open(&directory)?;
    let ids = [add(&store, 1, 9000)?, add(&store, 2, 9000)?];
    // One that is given up takes its file with it.
    let name = store.reserve(Form::Long, 9);
    let mut writer = store.write_content(&name);
    writer.append(&[0; 5000])?;
    assert_eq!(files(&contents).len(), 3);
    drop(writer);
    assert_eq!(files(&contents).len(), 2);
    drop(store);
    fs::remove_file(contents.join(ids[0].to_string()))?;
    fs::write(contents.join(QueueId::new(Form::Short, 0, 1, 1).to_string()), "left over")?;
    fs::write(contents.join("not ours"), "")?;
    let (store, found) = open(&directory)?;
    assert_eq!(found.damage, [Damage::Content(ids[0])]);
    assert_eq!(found.damage[0].to_string(), format!("{}: its content is not there", ids[0]));
    assert_eq!(files(&contents), [contents.join(ids[1].to_string()), contents.join("not ours")]);
    assert_eq!(store.summary(ids[0]).map(|seen| seen.facts.queue), Some(Queue::Corrupt));
    assert!(store.envelope(ids[0]).is_ok());
    // A changed file is found by its checksum.
    let mut bytes = content(2, 9000);
    bytes[5000] ^= 1;
    fs::write(contents.join(ids[1].to_string()), &bytes)?;
    assert!(!store.content(ids[1])?.verify()?);
    fs::write(contents.join(ids[1].to_string()), &bytes[1..])?;
    let words = format!("{}: its record is damaged: its file is not as long as it was", ids[1]);
    assert_eq!(store.content(ids[1]).err().map(|error| error.to_string()), Some(words));
    Ok(())
}

#[test]
fn a_record_of_unknown_kind_is_kept_and_told() -> Outcome {
    let directory = tempfile::tempdir()?;
    let (log, kind) = (directory.path().join("q/log"), 77);
    let (store, _) = open(&directory)?;
    let id = add(&store, 1, 500)?;
    drop(store);
    unseal(&log);
    // As a later version may write it, behind the message.
    for path in files(&log) {
        let mut bytes = fs::read(&path)?;
        let title = segment::Title::read(&bytes[..4096], bytes.len() as u64).unwrap();
        if let Some(header) = record::Header::read(&bytes[4096..], title.salt, title.generation) {
            let header = record::Header { kind, sequence: header.sequence + 1, position: 0, ..header };
            bytes.copy_within(4096..8192, 8192);
            header.write(title.salt, &mut bytes[8192..]);
            fs::write(&path, bytes)?;
        }
    }
    for _ in 0..2 {
        let (store, found) = open(&directory)?;
        let told: Vec<String> = found.damage.iter().map(Damage::to_string).collect();
        assert!(told.len() == 1 && told[0].ends_with(".log: a record of unknown kind 77 is kept"), "{told:?}");
        assert_content(&store, id, &content(1, 500))?;
    }
    Ok(())
}
