//! Records of the log: a header of 56 bytes, the payload, zeros up to a multiple of 8.
//!
//! | at | bytes | what |
//! |---|---|---|
//! | 0 | 8 | the salt of the segment |
//! | 8 | 4 | CRC-32 of the header but this |
//! | 12 | 4 | CRC-32 of the payload |
//! | 16 | 4 | length of the payload |
//! | 20 | 4 | generation of the segment |
//! | 24 | 8 | sequence number: one more for each record |
//! | 32 | 4 | position in the batch that it was written with, from 0 |
//! | 36 | 2 | kind |
//! | 38 | 2 | 0 |
//! | 40 | 16 | queue id |
//!
//! A payload begins with 32 bytes for the index ([`super::facts`]); in *message* and *envelope* the envelope follows
//! behind its length and with a CRC-32 of all so far, so that it can be read alone, and in *message* then the content,
//! or what is to be known of its file; in *update* the results. *Removed* has no payload. *Damaged* has what was left
//! of a message, as it was found.

use super::envelope::{Envelope, Outcome, read_body, write_body, write_outcomes};
use super::facts::{Facts, HEAD, Move};
use super::wire::{Malformed, Reader, put_bytes};
use crate::mail::queue_id::QueueId;

/// Bytes before the payload.
pub(super) const HEADER: usize = 56;
/// Where records begin: at multiples of this.
pub(super) const ALIGNMENT: usize = 8;

/// Kinds of records.
pub(super) mod kind {
    pub(crate) const MESSAGE: u16 = 1;
    pub(crate) const ENVELOPE: u16 = 2;
    pub(crate) const UPDATE: u16 = 3;
    pub(crate) const REMOVED: u16 = 4;
    pub(crate) const DAMAGED: u16 = 5;
    /// In footers alone: a message, but its payload is not what was written.
    pub(crate) const SPOILED: u16 = 6;
}

/// What stands before a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) payload_crc: u32,
    pub(super) length: u32,
    pub(super) generation: u32,
    pub(super) sequence: u64,
    pub(super) position: u32,
    pub(super) kind: u16,
    pub(super) id: [u64; 2],
}

impl Header {
    /// The part that does not depend on the segment's salt.
    pub(super) fn body(&self) -> [u8; HEADER - 12] {
        let mut bytes = [0; HEADER - 12];
        bytes[..4].copy_from_slice(&self.payload_crc.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.length.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.generation.to_le_bytes());
        bytes[12..20].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.position.to_le_bytes());
        bytes[24..26].copy_from_slice(&self.kind.to_le_bytes());
        bytes[28..36].copy_from_slice(&self.id[0].to_le_bytes());
        bytes[36..].copy_from_slice(&self.id[1].to_le_bytes());
        bytes
    }

    pub(super) fn from_body(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let (payload_crc, length, generation) = (reader.u32()?, reader.u32()?, reader.u32()?);
        let (sequence, position, kind) = (reader.u64()?, reader.u32()?, reader.u16()?);
        reader.u16()?;
        let id = [reader.u64()?, reader.u64()?];
        Ok(Self { payload_crc, length, generation, sequence, position, kind, id })
    }

    pub(super) fn write(&self, salt: u64, into: &mut [u8]) {
        let body = self.body();
        into[..8].copy_from_slice(&salt.to_le_bytes());
        into[8..12].copy_from_slice(&header_crc(salt, &body).to_le_bytes());
        into[12..HEADER].copy_from_slice(&body);
    }

    /// The header at the start of these bytes, if it is a sound one of that segment.
    pub(super) fn read(bytes: &[u8], salt: u64, generation: u32) -> Option<Self> {
        let bytes = bytes.get(..HEADER)?;
        let mut reader = Reader::new(bytes);
        if reader.u64().ok()? != salt || reader.u32().ok()? != header_crc(salt, &bytes[12..]) {
            return None;
        }
        let header = Self::from_body(reader.rest()).ok()?;
        (header.generation == generation).then_some(header)
    }

    /// Bytes that the record takes in all.
    pub(super) fn extent(&self) -> usize {
        HEADER + (self.length as usize).next_multiple_of(ALIGNMENT)
    }
}

fn header_crc(salt: u64, body: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&salt.to_le_bytes());
    crc.update(body);
    crc.finalize()
}

/// A record that waits for its place: room for the header, the payload, and zeros.
#[derive(Debug)]
pub(super) struct Encoded {
    pub(super) kind: u16,
    pub(super) id: QueueId,
    pub(super) bytes: Vec<u8>,
    length: usize,
    payload_crc: u32,
}

impl Encoded {
    fn new(kind: u16, id: QueueId, room: usize, fill: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut bytes = Vec::with_capacity(HEADER + room + ALIGNMENT);
        bytes.resize(HEADER, 0);
        fill(&mut bytes);
        let length = bytes.len() - HEADER;
        let payload_crc = crc32fast::hash(&bytes[HEADER..]);
        bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
        Self { kind, id, bytes, length, payload_crc }
    }

    /// A whole message; `content` is what [`super::content`] gives for it.
    pub(super) fn message(envelope: &Envelope, facts: Facts, content: &[u8]) -> Self {
        Self::new(kind::MESSAGE, envelope.id, 1024 + content.len(), |into| {
            into.extend(facts.to_bytes());
            put_body(envelope, into);
            into.extend_from_slice(content);
        })
    }

    /// All of a message but its content.
    pub(super) fn envelope(envelope: &Envelope, facts: Facts) -> Self {
        Self::new(kind::ENVELOPE, envelope.id, 1024, |into| {
            into.extend(facts.to_bytes());
            put_body(envelope, into);
        })
    }

    pub(super) fn update(id: QueueId, change: Move, outcomes: &[Outcome]) -> Self {
        Self::new(kind::UPDATE, id, 256, |into| {
            into.extend(change.to_bytes());
            write_outcomes(outcomes, into);
        })
    }

    pub(super) fn removed(id: QueueId) -> Self {
        Self::new(kind::REMOVED, id, 0, |_| ())
    }

    /// What is left of a message.
    pub(super) fn damaged(id: QueueId, remains: &[u8]) -> Self {
        Self::new(kind::DAMAGED, id, remains.len(), |into| into.extend_from_slice(remains))
    }

    /// Its header in a place.
    pub(super) fn header(&self, generation: u32, sequence: u64, position: u32) -> Header {
        let length = u32::try_from(self.length).unwrap_or(u32::MAX);
        let (payload_crc, kind, id) = (self.payload_crc, self.kind, self.id.words());
        Header { payload_crc, length, generation, sequence, position, kind, id }
    }

    pub(super) fn payload(&self) -> &[u8] {
        &self.bytes[HEADER..HEADER + self.length]
    }
}

/// The start of a payload, with zeros for what it has not.
pub(super) fn head(payload: &[u8]) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    let length = payload.len().min(HEAD);
    head[..length].copy_from_slice(&payload[..length]);
    head
}

/// Appends the envelope to a record in the making, behind the facts.
fn put_body(envelope: &Envelope, into: &mut Vec<u8>) {
    let mut body = Vec::with_capacity(512);
    write_body(envelope, &mut body);
    put_bytes(into, &body);
    let crc = crc32fast::hash(&into[HEADER..]);
    into.extend(crc.to_le_bytes());
}

/// How many bytes of a payload are needed for the envelope, from its first [`HEAD`] and 4.
pub(super) fn front(payload: &[u8]) -> Option<usize> {
    let length = payload.get(HEAD..HEAD + 4)?.try_into().ok().map(u32::from_le_bytes)?;
    Some(HEAD + 8 + length as usize)
}

/// A message or an envelope in a record.
pub(super) struct Parts<'a> {
    pub(super) facts: Facts,
    pub(super) body: &'a [u8],
    /// The content, or where it is.
    pub(super) content: &'a [u8],
}

impl<'a> Parts<'a> {
    pub(super) fn read(payload: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(payload);
        let facts = Facts::from_bytes(reader.take(HEAD)?)?;
        let body = reader.bytes()?;
        if reader.u32()? != crc32fast::hash(&payload[..HEAD + 4 + body.len()]) {
            return Err(Malformed("its envelope is damaged"));
        }
        Ok(Self { facts, body, content: reader.rest() })
    }

    /// The envelope as this record has it.
    pub(super) fn envelope(&self, id: QueueId) -> Result<Envelope, Malformed> {
        let facts = self.facts;
        let mut envelope = Envelope::new(id, facts.arrival, b"");
        (envelope.queue, envelope.next_attempt, envelope.flags) = (facts.queue, facts.next_attempt, facts.flags);
        read_body(&mut envelope, self.body)?;
        Ok(envelope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::queue::envelope::{DeliveryResult, Progress, Recipient, read_outcomes};
    use crate::engine::queue::facts::{Flags, Queue};
    use crate::mail::dsn::{Notify, Return};
    use crate::mail::queue_id::Form;

    const SALT: u64 = 0x0123_4567_89ab_cdef;

    /// Numbers that are the same on every run (xorshift).
    struct Random(u64);

    impl Random {
        fn below(&mut self, bound: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % bound as u64) as usize
        }
    }

    fn text(random: &mut Random) -> Vec<u8> {
        (0..random.below(40)).map(|_| random.below(256) as u8).collect()
    }

    fn result(random: &mut Random) -> DeliveryResult {
        let among = [Progress::Waiting, Progress::Deferred, Progress::Sent, Progress::Bounced, Progress::Expanded];
        DeliveryResult {
            progress: among[random.below(5)],
            status: text(random),
            reason: text(random),
            remote: text(random),
            diagnostic: text(random),
        }
    }

    fn envelope(random: &mut Random) -> Envelope {
        let id = QueueId::new(Form::Long, random.below(1 << 40) as u64, random.below(1_000_000) as u32, 77);
        let mut envelope = Envelope::new(id, random.below(1 << 60) as i64, &text(random));
        envelope.queue = [Queue::Incoming, Queue::Deferred, Queue::Hold, Queue::Corrupt][random.below(4)];
        envelope.next_attempt = -5;
        envelope.flags = Flags(random.below(1 << 32) as u32);
        envelope.envid = text(random);
        envelope.ret = [None, Some(Return::Full), Some(Return::Headers)][random.below(3)];
        let client = &mut envelope.client;
        for field in [
            &mut client.name,
            &mut client.address,
            &mut client.helo,
            &mut client.protocol,
            &mut client.sasl_method,
            &mut client.sasl_user,
            &mut client.sasl_sender,
        ] {
            *field = text(random);
        }
        client.port = random.below(65536) as u16;
        for _ in 0..random.below(5) {
            let mut recipient = Recipient::new(&text(random));
            (recipient.original, recipient.orcpt) = (text(random), text(random));
            let mut is_set = || random.below(2) == 1;
            recipient.notify = Notify { never: is_set(), success: is_set(), failure: is_set(), delay: is_set() };
            recipient.result = result(random);
            envelope.recipients.push(recipient);
        }
        envelope.attributes = (0..random.below(3)).map(|_| (text(random), text(random))).collect();
        envelope
    }

    fn facts(envelope: &Envelope) -> Facts {
        let (arrival, next_attempt, flags, queue) =
            (envelope.arrival, envelope.next_attempt, envelope.flags, envelope.queue);
        Facts { arrival, size: 3, next_attempt, flags, queue, in_file: false }
    }

    /// The record in a place, as it is written.
    fn placed(encoded: &Encoded) -> Vec<u8> {
        let mut bytes = encoded.bytes.clone();
        encoded.header(7, 8, 9).write(SALT, &mut bytes);
        bytes
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut random = Random(1);
        for _ in 0..200 {
            let envelope = envelope(&mut random);
            let content = text(&mut random);
            let encoded = Encoded::message(&envelope, facts(&envelope), &content);
            let bytes = placed(&encoded);
            let header = Header::read(&bytes, SALT, 7).unwrap();
            assert_eq!((header.sequence, header.position, header.kind), (8, 9, kind::MESSAGE));
            assert_eq!((header.extent(), header.id), (bytes.len(), envelope.id.words()));
            let payload = &bytes[HEADER..HEADER + header.length as usize];
            assert_eq!(crc32fast::hash(payload), header.payload_crc);
            let parts = Parts::read(payload).unwrap();
            assert_eq!((parts.envelope(envelope.id), parts.facts), (Ok(envelope.clone()), facts(&envelope)));
            assert_eq!(parts.content, content);
            let front = front(payload).unwrap();
            assert_eq!(Parts::read(&payload[..front]).unwrap().envelope(envelope.id), Ok(envelope.clone()));
            // What the index sees is in the first bytes.
            assert_eq!(Facts::from_bytes(&head(payload)), Ok(facts(&envelope)));

            let change = Move { queue: Some(Queue::Hold), next_attempt: Some(-1), set: Flags(6), clear: Flags(9) };
            let outcomes = vec![Outcome { recipient: 1, result: result(&mut random) }; 2];
            let update = Encoded::update(envelope.id, change, &outcomes);
            assert_eq!(Move::from_bytes(&head(update.payload())), Ok(change));
            let mut changed = envelope.clone();
            read_outcomes(&mut changed, &update.payload()[HEAD..]).unwrap();
            let mut expected = envelope;
            if let Some(recipient) = expected.recipients.get_mut(1) {
                recipient.result = outcomes[0].result.clone();
            }
            assert_eq!(changed, expected);
        }
    }

    #[test]
    fn a_header_of_another_segment_is_none() {
        let bytes = placed(&Encoded::removed(QueueId::new(Form::Short, 0, 1, 2)));
        assert!(Header::read(&bytes, SALT, 7).is_some());
        assert_eq!(Header::read(&bytes, SALT, 6), None);
        assert_eq!(Header::read(&bytes, SALT ^ 1, 7), None);
    }

    /// Every truncation and 2,000 damages: the checksums tell all of them, and without checksums nothing panics.
    #[test]
    fn no_damage_is_taken_for_a_record() {
        let mut random = Random(2);
        for _ in 0..20 {
            let envelope = envelope(&mut random);
            let encoded = Encoded::message(&envelope, facts(&envelope), b"content");
            let bytes = placed(&encoded);
            let payload = encoded.payload();
            for length in 0..bytes.len() {
                if let Some(header) = Header::read(&bytes[..length], SALT, 7) {
                    assert!(length >= HEADER && header.extent() == bytes.len());
                }
            }
            let body = front(payload).unwrap();
            for length in 0..payload.len() {
                assert_eq!(Parts::read(&payload[..length]).is_ok(), length >= body, "{length} of {body}");
            }
            for _ in 0..100 {
                let mut damaged = bytes.clone();
                let at = random.below(HEADER + encoded.length);
                damaged[at] ^= 1 << random.below(8);
                let header = Header::read(&damaged, SALT, 7);
                let sound = header.is_some_and(|header| {
                    crc32fast::hash(&damaged[HEADER..HEADER + header.length as usize]) == header.payload_crc
                });
                assert!(!sound, "byte {at}");
                // As an attacker would who knows how to compute a checksum.
                let mut payload = damaged[HEADER..HEADER + encoded.length].to_vec();
                for _ in 0..random.below(4) {
                    let at = random.below(payload.len());
                    payload[at] = [0, 0xff, 0x7f, random.below(256) as u8][random.below(4)];
                }
                let _ = read_outcomes(&mut envelope.clone(), &payload);
                let body = payload.get(HEAD + 4..).unwrap_or_default();
                let mut read = Envelope::new(envelope.id, 0, b"");
                let _ = read_body(&mut read, body);
                assert!(read.recipients.len() <= payload.len() && read.recipients.capacity() <= 2 * payload.len());
            }
        }
    }
}
