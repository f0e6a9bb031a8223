//! The envelope of a queued message, with what became of each recipient so far, and its form in records.
//!
//! The form begins with a version. Whoever needs more of an envelope than its fields puts it among the attributes: a
//! name and a value, kept and given back.

use super::facts::{Flags, Queue};
use super::wire::{Malformed, Reader, put_bytes, put_length};
use crate::mail::dsn::{Notify, Return};
use crate::mail::queue_id::QueueId;

/// The form of envelopes written now.
const VERSION: u16 = 1;
/// The form of results written now.
const OUTCOMES_VERSION: u16 = 1;
/// Bytes that a recipient, an attribute, an outcome has at least.
const LEAST_RECIPIENT: usize = 30;
const LEAST_ATTRIBUTE: usize = 8;
const LEAST_OUTCOME: usize = 21;

/// What is known of a message but its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Its name.
    pub id: QueueId,
    /// Microseconds since 1970.
    pub arrival: i64,
    /// Where it is.
    pub queue: Queue,
    /// When to try next: microseconds since 1970.
    pub next_attempt: i64,
    /// Marks.
    pub flags: Flags,
    /// The sender's address; empty for bounces.
    pub sender: Vec<u8>,
    /// `ENVID` of a DSN request, decoded; empty if there was none.
    pub envid: Vec<u8>,
    /// `RET` of a DSN request.
    pub ret: Option<Return>,
    /// Who brought it.
    pub client: Client,
    /// In the order of arrival. [`Outcome`] counts in it.
    pub recipients: Vec<Recipient>,
    /// What others want to keep with it: name and value.
    pub attributes: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Envelope {
    /// An envelope with this and nothing else.
    #[must_use]
    pub fn new(id: QueueId, arrival: i64, sender: &[u8]) -> Self {
        Self {
            id,
            arrival,
            queue: Queue::Incoming,
            next_attempt: arrival,
            flags: Flags::default(),
            sender: sender.to_vec(),
            envid: Vec::new(),
            ret: None,
            client: Client::default(),
            recipients: Vec::new(),
            attributes: Vec::new(),
        }
    }
}

/// Who brought a message; what is not known is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// Host name, or `unknown`.
    pub name: Vec<u8>,
    /// Address.
    pub address: Vec<u8>,
    /// Port.
    pub port: u16,
    /// What it called itself.
    pub helo: Vec<u8>,
    /// `SMTP`, `ESMTP` …
    pub protocol: Vec<u8>,
    /// SASL mechanism.
    pub sasl_method: Vec<u8>,
    /// SASL user.
    pub sasl_user: Vec<u8>,
    /// The sender that the SASL user named (`AUTH=`).
    pub sasl_sender: Vec<u8>,
}

/// A recipient and what became of him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Where it goes.
    pub address: Vec<u8>,
    /// What was asked for before any rewriting; empty if that is the address.
    pub original: Vec<u8>,
    /// `ORCPT` of a DSN request, decoded, with its type; empty if there was none.
    pub orcpt: Vec<u8>,
    /// `NOTIFY` of a DSN request.
    pub notify: Notify,
    /// How far it is, and the words for it.
    pub result: DeliveryResult,
}

impl Recipient {
    /// A recipient of whom nothing else is known.
    #[must_use]
    pub fn new(address: &[u8]) -> Self {
        Self {
            address: address.to_vec(),
            original: Vec::new(),
            orcpt: Vec::new(),
            notify: Notify::default(),
            result: DeliveryResult::default(),
        }
    }
}

/// How far a recipient is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// Not tried yet.
    #[default]
    Waiting,
    /// Tried, to be tried again.
    Deferred,
    /// Done: delivered, or handed on.
    Sent,
    /// Done: it cannot be delivered.
    Bounced,
    /// Done: others stand for it now.
    Expanded,
}

impl Progress {
    /// Whether something is left to do.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Deferred)
    }

    fn code(self) -> u8 {
        match self {
            Self::Waiting => 0,
            Self::Deferred => 1,
            Self::Sent => 2,
            Self::Bounced => 3,
            Self::Expanded => 4,
        }
    }

    fn from_code(code: u8) -> Result<Self, Malformed> {
        [Self::Waiting, Self::Deferred, Self::Sent, Self::Bounced, Self::Expanded]
            .get(usize::from(code))
            .copied()
            .ok_or(Malformed("no delivery status has this number"))
    }
}

/// What came of the last attempt for a recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryResult {
    /// How far it is.
    pub progress: Progress,
    /// DSN status, such as `4.4.1`.
    pub status: Vec<u8>,
    /// The words of the log and of `mailq`.
    pub reason: Vec<u8>,
    /// Who said so, for `Remote-MTA`.
    pub remote: Vec<u8>,
    /// His words with their type, for `Diagnostic-Code`.
    pub diagnostic: Vec<u8>,
}

/// A result for one recipient of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Which: counted from 0. Where there is no such recipient nothing changes.
    pub recipient: u32,
    /// What came of it.
    pub result: DeliveryResult,
}

impl DeliveryResult {
    fn write(&self, into: &mut Vec<u8>) {
        into.push(self.progress.code());
        for text in [&self.status, &self.reason, &self.remote, &self.diagnostic] {
            put_bytes(into, text);
        }
    }

    fn read(reader: &mut Reader) -> Result<Self, Malformed> {
        Ok(Self {
            progress: Progress::from_code(reader.u8()?)?,
            status: reader.string()?,
            reason: reader.string()?,
            remote: reader.string()?,
            diagnostic: reader.string()?,
        })
    }
}

/// Appends what is not among the facts.
pub(super) fn write_body(envelope: &Envelope, into: &mut Vec<u8>) {
    into.extend(VERSION.to_le_bytes());
    into.push(match envelope.ret {
        None => 0,
        Some(Return::Full) => 1,
        Some(Return::Headers) => 2,
    });
    let client = &envelope.client;
    into.extend(client.port.to_le_bytes());
    for text in [&envelope.sender, &envelope.envid, &client.name, &client.address, &client.helo, &client.protocol] {
        put_bytes(into, text);
    }
    for text in [&client.sasl_method, &client.sasl_user, &client.sasl_sender] {
        put_bytes(into, text);
    }
    put_length(into, envelope.attributes.len());
    for (name, value) in &envelope.attributes {
        put_bytes(into, name);
        put_bytes(into, value);
    }
    put_length(into, envelope.recipients.len());
    for recipient in &envelope.recipients {
        for text in [&recipient.address, &recipient.original, &recipient.orcpt] {
            put_bytes(into, text);
        }
        into.push(notify_code(recipient.notify));
        recipient.result.write(into);
    }
}

/// Reads what [`write_body`] wrote into an envelope that has the facts already.
pub(super) fn read_body(envelope: &mut Envelope, bytes: &[u8]) -> Result<(), Malformed> {
    let mut reader = Reader::new(bytes);
    if reader.u16()? != VERSION {
        return Err(Malformed("its envelope has an unknown version"));
    }
    envelope.ret = match reader.u8()? {
        0 => None,
        1 => Some(Return::Full),
        2 => Some(Return::Headers),
        _ => return Err(Malformed("nobody can want that back")),
    };
    let client = &mut envelope.client;
    client.port = reader.u16()?;
    envelope.sender = reader.string()?;
    envelope.envid = reader.string()?;
    client.name = reader.string()?;
    client.address = reader.string()?;
    client.helo = reader.string()?;
    client.protocol = reader.string()?;
    client.sasl_method = reader.string()?;
    client.sasl_user = reader.string()?;
    client.sasl_sender = reader.string()?;
    for _ in 0..reader.count(LEAST_ATTRIBUTE)? {
        envelope.attributes.push((reader.string()?, reader.string()?));
    }
    for _ in 0..reader.count(LEAST_RECIPIENT)? {
        envelope.recipients.push(Recipient {
            address: reader.string()?,
            original: reader.string()?,
            orcpt: reader.string()?,
            notify: notify_from_code(reader.u8()?)?,
            result: DeliveryResult::read(&mut reader)?,
        });
    }
    if reader.rest().is_empty() { Ok(()) } else { Err(Malformed("its envelope has more than it should")) }
}

/// One bit for each that is set.
fn notify_code(notify: Notify) -> u8 {
    let Notify { never, success, failure, delay } = notify;
    u8::from(never) | u8::from(success) << 1 | u8::from(failure) << 2 | u8::from(delay) << 3
}

fn notify_from_code(code: u8) -> Result<Notify, Malformed> {
    let has = |bit: u8| code >> bit & 1 != 0;
    let notify = Notify { never: has(0), success: has(1), failure: has(2), delay: has(3) };
    if notify_code(notify) == code { Ok(notify) } else { Err(Malformed("nobody can want to hear of that")) }
}

pub(super) fn write_outcomes(outcomes: &[Outcome], into: &mut Vec<u8>) {
    into.extend(OUTCOMES_VERSION.to_le_bytes());
    put_length(into, outcomes.len());
    for outcome in outcomes {
        into.extend(outcome.recipient.to_le_bytes());
        outcome.result.write(into);
    }
}

/// Carries results into an envelope.
pub(super) fn read_outcomes(envelope: &mut Envelope, bytes: &[u8]) -> Result<(), Malformed> {
    let mut reader = Reader::new(bytes);
    if reader.u16()? != OUTCOMES_VERSION {
        return Err(Malformed("its results have an unknown version"));
    }
    for _ in 0..reader.count(LEAST_OUTCOME)? {
        let number = reader.u32()? as usize;
        let result = DeliveryResult::read(&mut reader)?;
        if let Some(recipient) = envelope.recipients.get_mut(number) {
            recipient.result = result;
        }
    }
    if reader.rest().is_empty() { Ok(()) } else { Err(Malformed("its results are more than they should be")) }
}
