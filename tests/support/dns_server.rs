//! A DNS server for tests: all that it knows stands in one file.
//!
//! A line is a record (`mail.example.com A 192.0.2.1`, `example.com MX 10 mail.example.com`; also AAAA, CNAME, NS, PTR,
//! TXT), or says how the server fails for a name and a type (`broken.example.com MX SERVFAIL`, REFUSED too; `*` for all
//! types). `PTR 192.0.2.1 name` spares the writing of `.in-addr.arpa`. Behind `#` anything may stand.

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, CNAME, MX, NS, PTR, TXT};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;

/// The most that is sent in one datagram.
const DATAGRAM: usize = 512;

/// What the server knows.
#[derive(Debug, Default)]
pub struct Zone {
    records: Vec<(Name, RData)>,
    failures: Vec<(Name, Option<RecordType>, ResponseCode)>,
}

impl Zone {
    /// Reads the file.
    pub fn parse(text: &str) -> Self {
        let mut zone = Self::default();
        for line in text.lines() {
            let line = line.split('#').next().unwrap().trim();
            let mut words = line.split_whitespace();
            let Some(first) = words.next() else { continue };
            if first == "PTR" {
                let (address, name): (IpAddr, &str) = (words.next().unwrap().parse().unwrap(), words.next().unwrap());
                zone.records.push((Name::from(address), RData::PTR(PTR(fqdn(name)))));
                continue;
            }
            let (kind, rest) = (words.next().unwrap(), words.collect::<Vec<_>>());
            let code = match rest.as_slice() {
                ["SERVFAIL"] => Some(ResponseCode::ServFail),
                ["REFUSED"] => Some(ResponseCode::Refused),
                _ => None,
            };
            if let Some(code) = code {
                let of = (kind != "*").then(|| kind.parse().unwrap());
                zone.failures.push((fqdn(first), of, code));
                continue;
            }
            let data = match kind {
                "A" => RData::A(A(rest[0].parse().unwrap())),
                "AAAA" => RData::AAAA(AAAA(rest[0].parse().unwrap())),
                "CNAME" => RData::CNAME(CNAME(fqdn(rest[0]))),
                "MX" => RData::MX(MX::new(rest[0].parse().unwrap(), fqdn(rest[1]))),
                "NS" => RData::NS(NS(fqdn(rest[0]))),
                "PTR" => RData::PTR(PTR(fqdn(rest[0]))),
                "TXT" => RData::TXT(TXT::new(vec![rest.join(" ")])),
                _ => panic!("{line}"),
            };
            zone.records.push((fqdn(first), data));
        }
        zone
    }

    fn answer(&self, question: &[u8], most: usize) -> Option<Vec<u8>> {
        let question = Message::from_vec(question).ok()?;
        let query = question.queries.first()?;
        let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
        answer.metadata.recursion_desired = true;
        answer.metadata.recursion_available = true;
        answer.add_query(query.clone());
        let (mut name, kind) = (query.name().clone(), query.query_type());
        loop {
            let failure =
                |(failing, of, _): &&(Name, Option<RecordType>, _)| *failing == name && of.is_none_or(|of| of == kind);
            if let Some((_, _, code)) = self.failures.iter().find(failure) {
                answer.metadata.response_code = *code;
                break;
            }
            let own: Vec<&RData> =
                self.records.iter().filter(|(owner, _)| *owner == name).map(|(_, data)| data).collect();
            let has_more = self.records.iter().any(|(owner, _)| name.zone_of(owner));
            if own.is_empty() && !has_more {
                answer.metadata.response_code = ResponseCode::NXDomain;
            }
            let mut alias = None;
            for data in own {
                match data {
                    RData::CNAME(target) if kind != RecordType::CNAME => alias = Some(target.0.clone()),
                    data if data.record_type() != kind => continue,
                    _ => {}
                }
                answer.add_answer(Record::from_rdata(name.clone(), 60, data.clone()));
            }
            match alias {
                Some(target) => name = target,
                None => break,
            }
        }
        let bytes = answer.to_vec().unwrap();
        if bytes.len() <= most {
            return Some(bytes);
        }
        answer.answers.clear();
        answer.metadata.truncation = true;
        Some(answer.to_vec().unwrap())
    }
}

/// A name, absolute; it need not be one of a host.
fn fqdn(text: &str) -> Name {
    let labels = text.trim_end_matches('.').split('.').filter(|label| !label.is_empty());
    let mut name = Name::from_labels(labels.map(str::as_bytes)).unwrap();
    name.set_fqdn(true);
    name
}

/// Sockets of both kinds at an address. A free port is one that both can have: another program may have the number that
/// the system gave for the first.
fn bound(address: SocketAddr) -> (UdpSocket, TcpListener) {
    loop {
        let udp = UdpSocket::bind(address).unwrap();
        match TcpListener::bind(udp.local_addr().unwrap()) {
            Err(error) if error.kind() == ErrorKind::AddrInUse && address.port() == 0 => {}
            tcp => return (udp, tcp.unwrap()),
        }
    }
}

/// Serves on this address by UDP and TCP, until the program ends; where that is.
pub fn serve(zone: Zone, address: SocketAddr) -> SocketAddr {
    let (udp, tcp) = bound(address);
    let address = udp.local_addr().unwrap();
    let zone = Arc::new(zone);
    let same = Arc::clone(&zone);
    std::thread::spawn(move || {
        let mut question = [0; 4096];
        while let Ok((length, from)) = udp.recv_from(&mut question) {
            if let Some(answer) = zone.answer(&question[..length], DATAGRAM) {
                let _ = udp.send_to(&answer, from);
            }
        }
    });
    std::thread::spawn(move || {
        for mut stream in tcp.incoming().flatten() {
            let zone = Arc::clone(&same);
            std::thread::spawn(move || {
                let mut length = [0; 2];
                while stream.read_exact(&mut length).is_ok() {
                    let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
                    if stream.read_exact(&mut question).is_err() {
                        return;
                    }
                    let Some(answer) = zone.answer(&question, usize::from(u16::MAX)) else { return };
                    let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
                    if stream.write_all(&[&length, answer.as_slice()].concat()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}
