//! Reading a segment that was not sealed: all sound records, and a judgement of what lies between them.
//!
//! A batch is written and synced before the next is written. So a hole behind which another batch begins is *damage*:
//! what was there had been acknowledged. A hole in the last batch of the log is what a crash tears: nobody was told of
//! it. Behind a hole in a batch, new messages are taken from the rest of the batch and nothing else: one message more
//! may be delivered twice, but a removal there could come without the message that was to take its place.

use super::record::{ALIGNMENT, HEADER, Header, head, kind};
use super::segment::{Found, PAGE, Title};
use memchr::memmem;
use std::ops::Range;

/// What stands in a segment, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Sound(Found),
    /// The header is sound, the payload is not.
    Spoiled(Found),
    /// Something that is no record, with records behind it.
    Hole(Range<usize>),
}

/// Something that was acknowledged and cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// A record of this kind and queue id.
    Record(Found),
    /// So many bytes from this offset.
    Bytes(usize, usize),
}

/// What a segment holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scan {
    /// The records that count; a message whose payload is damaged is *spoiled*.
    pub(super) records: Vec<Found>,
    pub(super) losses: Vec<Loss>,
    /// Where the last batch begins, and where all of it ends.
    pub(super) last: Range<usize>,
    /// Whether the last batch was torn.
    pub(super) torn: bool,
}

/// Reads all of a segment. `is_last` says that no later one has records.
pub(super) fn scan(bytes: &[u8], title: &Title, is_last: bool) -> Scan {
    judge(&items(bytes, title), is_last)
}

fn items(bytes: &[u8], title: &Title) -> Vec<Item> {
    let salt = title.salt.to_le_bytes();
    let finder = memmem::Finder::new(&salt);
    let mut items = Vec::new();
    let (mut at, mut next) = (PAGE, 0);
    let sound_header = |at: usize, next: u64| {
        let header = Header::read(bytes.get(at..)?, title.salt, title.generation)?;
        (header.sequence >= next && at + header.extent() <= bytes.len()).then_some(header)
    };
    while at < bytes.len() {
        if let Some(header) = sound_header(at, next) {
            let payload = &bytes[at + HEADER..at + HEADER + header.length as usize];
            let found = Found { offset: u32::try_from(at).unwrap_or(u32::MAX), header, head: head(payload) };
            let sound = crc32fast::hash(payload) == header.payload_crc;
            items.push(if sound { Item::Sound(found) } else { Item::Spoiled(found) });
            next = header.sequence + 1;
            at += header.extent();
            continue;
        }
        // The end of a batch is filled up with zeros.
        let page = at.next_multiple_of(PAGE).min(bytes.len());
        if page > at && bytes[at..page].iter().all(|&byte| byte == 0) {
            at = page;
            continue;
        }
        let mut from = at + 1;
        let found = loop {
            let Some(found) = bytes.get(from..).and_then(|rest| finder.find(rest)) else { break None };
            from += found;
            if from.is_multiple_of(ALIGNMENT) && sound_header(from, next).is_some() {
                break Some(from);
            }
            from += 1;
        };
        let Some(found) = found else { break };
        items.push(Item::Hole(at..found));
        at = found;
    }
    items
}

fn judge(items: &[Item], is_last: bool) -> Scan {
    let mut scan = Scan { last: PAGE..PAGE, ..Scan::default() };
    let begins = |item: &Item| match item {
        Item::Sound(found) | Item::Spoiled(found) => found.header.position == 0,
        Item::Hole(_) => false,
    };
    let last_batch = items.iter().rposition(begins);
    // The number that the next record of an unbroken batch has.
    let mut unbroken: Option<u64> = None;
    for (number, item) in items.iter().enumerate() {
        let may_be_torn = is_last && last_batch.is_none_or(|last| number >= last);
        if Some(number) == last_batch || (last_batch.is_none() && number == 0) {
            scan.last.start = start(item);
        }
        match item {
            Item::Hole(hole) => {
                unbroken = None;
                if may_be_torn {
                    scan.torn = true;
                } else {
                    scan.losses.push(Loss::Bytes(hole.start, hole.len()));
                }
                scan.last.end = hole.end;
            }
            Item::Spoiled(found) => {
                unbroken = None;
                if may_be_torn {
                    scan.torn = true;
                } else {
                    scan.losses.push(Loss::Record(*found));
                    if matches!(found.header.kind, kind::MESSAGE | kind::DAMAGED) {
                        let header = Header { kind: kind::SPOILED, ..found.header };
                        scan.records.push(Found { header, ..*found });
                    }
                }
                scan.last.end = end(found);
            }
            Item::Sound(found) => {
                let header = &found.header;
                let follows = header.position == 0 || unbroken == Some(header.sequence);
                unbroken = follows.then_some(header.sequence + 1);
                if follows || header.kind == kind::MESSAGE {
                    scan.records.push(*found);
                }
                scan.last.end = end(found);
            }
        }
    }
    scan.last.start = scan.last.start / PAGE * PAGE;
    scan.last.end = scan.last.end.next_multiple_of(PAGE);
    scan
}

fn start(item: &Item) -> usize {
    match item {
        Item::Sound(found) | Item::Spoiled(found) => found.offset as usize,
        Item::Hole(hole) => hole.start,
    }
}

fn end(found: &Found) -> usize {
    found.offset as usize + found.header.extent()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::queue::facts::{Move, Queue};
    use crate::engine::queue::record::Encoded;
    use crate::mail::queue_id::{Form, QueueId};

    const SIZE: usize = 1 << 16;

    fn id(number: u64) -> QueueId {
        QueueId::new(Form::Long, 1, 2, number)
    }

    /// A segment with batches of so many records, where every third one is a removal.
    fn segment(batches: &[usize]) -> (Vec<u8>, Title, Vec<usize>) {
        segment_of(0x1122_3344_5566_7789, batches)
    }

    fn segment_of(salt: u64, batches: &[usize]) -> (Vec<u8>, Title, Vec<usize>) {
        let title = Title { generation: 3, salt, size: SIZE as u64 };
        let mut bytes = vec![0; SIZE];
        let (mut at, mut sequence, mut places) = (PAGE, 10, Vec::new());
        for &count in batches {
            for position in 0..count {
                let encoded = match sequence % 3 {
                    0 => Encoded::removed(id(sequence)),
                    1 => Encoded::update(id(sequence), Move::to(Queue::Hold), &[]),
                    _ => Encoded::damaged(id(sequence), &[b'x'; 700]),
                };
                let mut header = encoded.header(3, sequence, position as u32);
                if header.kind == kind::DAMAGED {
                    header.kind = kind::MESSAGE;
                }
                let end = at + encoded.bytes.len();
                bytes[at..end].copy_from_slice(&encoded.bytes);
                header.write(title.salt, &mut bytes[at..end]);
                places.push(at);
                at = end;
                sequence += 1;
            }
            at = at.next_multiple_of(PAGE);
        }
        (bytes, title, places)
    }

    fn sequences(scan: &Scan) -> Vec<u64> {
        scan.records.iter().map(|found| found.header.sequence).collect()
    }

    #[test]
    fn all_records_are_found_and_nothing_else() {
        let (mut bytes, title, places) = segment(&[1, 9, 2, 5]);
        let end = places[places.len() - 1].next_multiple_of(PAGE);
        // An earlier use of the file left records behind.
        let (mut old, mut other, _) = segment(&[30]);
        assert_eq!(sequences(&scan(&old, &other, true)), (10..40).collect::<Vec<_>>());
        other.salt ^= 2;
        assert_eq!(scan(&old, &other, true), Scan { last: PAGE..PAGE, ..Scan::default() });
        bytes[end..].swap_with_slice(&mut old[PAGE..PAGE + SIZE - end]);
        for at in (end..SIZE - 8).filter(|&at| bytes[at..].starts_with(&title.salt.to_le_bytes())).collect::<Vec<_>>() {
            bytes[at..at + 8].copy_from_slice(&other.salt.to_le_bytes());
        }
        let found = scan(&bytes, &title, true);
        assert_eq!(sequences(&found), (10..27).collect::<Vec<_>>());
        assert_eq!((found.losses.len(), found.torn), (0, false));
    }

    #[test]
    fn a_torn_batch_gives_new_messages_but_no_removals() {
        let (mut bytes, title, places) = segment(&[2, 9]);
        // Number 13, the second of the last batch, is a removal; 14 and 17 and 20 are messages.
        bytes[places[3] + 20] ^= 1;
        let found = scan(&bytes, &title, true);
        assert_eq!(sequences(&found), [10, 11, 12, 14, 17, 20]);
        assert_eq!((found.torn, found.losses.len()), (true, 0));
        assert_eq!(found.last, places[2]..(places[10] + 1).next_multiple_of(PAGE));
        // Where a later segment has records it is damage, and judged alike.
        let later = scan(&bytes, &title, false);
        assert_eq!(later.records, found.records);
        assert_eq!(later.losses, [Loss::Bytes(places[3], places[4] - places[3])]);
    }

    #[test]
    fn a_spoiled_message_with_a_batch_behind_it_is_a_loss() {
        let (mut bytes, title, places) = segment(&[3, 4, 1]);
        bytes[places[1] + HEADER + 50] ^= 1;
        let found = scan(&bytes, &title, true);
        // 12 is a removal behind it in the same batch.
        assert_eq!(sequences(&found), [10, 11, 13, 14, 15, 16, 17]);
        assert_eq!(found.records[1].header.kind, kind::SPOILED);
        assert!(!found.torn && matches!(found.losses[..], [Loss::Record(_)]), "{found:?}");
        // The same in the last batch was never acknowledged.
        let (mut bytes, title, places) = segment(&[1, 4]);
        bytes[places[1] + HEADER + 50] ^= 1;
        let found = scan(&bytes, &title, true);
        assert_eq!((sequences(&found), found.torn, found.losses.len()), (vec![10, 14], true, 0));
    }

    #[test]
    fn a_message_that_looks_like_records_hides_none() {
        let (mut bytes, title, places) = segment(&[3, 1, 1]);
        // Its content is a log of another salt; and its own header is gone.
        let (other, ..) = segment_of(77, &[3]);
        let at = places[1];
        bytes[at + HEADER..at + HEADER + 512].copy_from_slice(&other[PAGE..PAGE + 512]);
        bytes[at + HEADER] ^= 7;
        bytes[at] ^= 1;
        let found = scan(&bytes, &title, true);
        assert_eq!(sequences(&found), [10, 13, 14]);
        assert_eq!(found.losses, [Loss::Bytes(at, places[2] - at)]);
    }
}
