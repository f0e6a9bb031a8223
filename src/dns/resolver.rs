//! The DNS, asked through a server that resolves for us: UDP first, TCP for what is too long for that.
//!
//! Names are taken as they are: neither the machine's search list nor its hosts file plays a part, and names that are
//! nobody's by RFC 6761 are asked for like all others, since Postfix does so. Answers are kept as long as their TTL
//! says. Servers that do not answer are waited for as long as [`Patience`] says: once it is over, every question fails
//! at once.

use crate::base::Patience;
use crate::routing::router::records::{Answered, NoRecords, Record, RecordType, Resolver};
use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsHandle, FirstAnswer};
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::{DnsRequestOptions, Query, ResponseCode};
use hickory_resolver::proto::rr::{self, Name, RData};
use hickory_resolver::system_conf::read_system_conf;
use hickory_resolver::{NameServerPool, PoolContext, TlsConfig, TokioResolver};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::{Builder, Runtime};

/// A [`Resolver`] that asks servers.
pub struct ServerResolver {
    runtime: Runtime,
    resolver: TokioResolver,
    /// The same servers, for names that the resolver has answers of its own for.
    direct: NameServerPool<TokioRuntimeProvider>,
    patience: Arc<Patience>,
    /// Under which name their time is kept.
    servers: String,
}

impl ServerResolver {
    /// Asks the servers that `/etc/resolv.conf` names.
    ///
    /// # Errors
    /// That file is wrong or cannot be read.
    pub fn system() -> io::Result<Self> {
        let (config, options) = read_system_conf().map_err(io::Error::other)?;
        Self::new(config, options, "the DNS".to_string())
    }

    /// Asks this server.
    ///
    /// # Errors
    /// The system gives no means to do so.
    pub fn at(server: SocketAddr) -> io::Result<Self> {
        let mut name_server = NameServerConfig::udp_and_tcp(server.ip());
        for connection in &mut name_server.connections {
            connection.port = server.port();
        }
        let config = ResolverConfig::from_name_servers(vec![name_server]);
        Self::new(config, ResolverOpts::default(), server.to_string())
    }

    fn new(config: ResolverConfig, mut options: ResolverOpts, servers: String) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        options.use_hosts_file = ResolveHosts::Never;
        let context = PoolContext::new(options.clone(), TlsConfig::new().map_err(io::Error::other)?);
        let provider = TokioRuntimeProvider::default();
        let direct = NameServerPool::from_config(config.name_servers().to_vec(), Arc::new(context), provider.clone());
        let builder = TokioResolver::builder_with_config(config, provider).with_options(options);
        let resolver = runtime.block_on(async { builder.build() }).map_err(io::Error::other)?;
        Ok(Self { runtime, resolver, direct, patience: Patience::of_this_process(), servers })
    }
}

impl ServerResolver {
    async fn ask(&self, name: Name, kind: rr::RecordType, is_nobodys: bool) -> Result<Vec<rr::Record>, NetError> {
        if !is_nobodys {
            return self.resolver.lookup(name, kind).await.map(|lookup| lookup.answers().to_vec());
        }
        let response =
            self.direct.lookup(Query::query(name, kind), DnsRequestOptions::default()).first_answer().await?;
        Ok(DnsError::from_response(response)?.answers.clone())
    }
}

/// Whether the library has an answer of its own for a name (RFC 6761).
fn is_nobodys(name: &[u8]) -> bool {
    let name = name.strip_suffix(b".").unwrap_or(name).to_ascii_lowercase();
    let loopback = [&b"1".to_vec()[..], &b".0".repeat(31), b".ip6.arpa"].concat();
    let zones: [&[u8]; 5] = [b"localhost", b"invalid", b"onion", b"127.in-addr.arpa", &loopback];
    zones.iter().any(|zone| name.strip_suffix(*zone).is_some_and(|rest| rest.is_empty() || rest.ends_with(b".")))
}

impl Resolver for ServerResolver {
    fn records(&self, name: &[u8], kind: RecordType) -> Result<Vec<Answered>, NoRecords> {
        // A name that cannot be written in a question is nobody's.
        let is_nobodys = is_nobodys(name);
        let labels = name.strip_suffix(b".").unwrap_or(name).split(|&byte| byte == b'.');
        let Ok(mut name) = Name::from_labels(labels) else { return Err(NoRecords::NotFound) };
        name.set_fqdn(true);
        let begun = Instant::now();
        let Some(deadline) = self.patience.deadline(&self.servers, begun) else { return Err(NoRecords::Retry) };
        let lookup = self.runtime.block_on(async {
            tokio::time::timeout_at(deadline.into(), self.ask(name, record_type(kind), is_nobodys)).await
        });
        self.patience.spend(&self.servers, begun, Instant::now());
        let Ok(lookup) = lookup else {
            self.patience.give_up(&self.servers);
            return Err(NoRecords::Retry);
        };
        let lookup = lookup.map_err(|error| why(&error))?;
        let answered = |answer: &rr::Record| {
            Some(Answered { owner: text(&answer.name), ttl: answer.ttl, record: record(&answer.data, kind)? })
        };
        let records: Vec<Answered> = lookup.iter().filter_map(answered).collect();
        if records.is_empty() { Err(NoRecords::NoData) } else { Ok(records) }
    }
}

fn record_type(kind: RecordType) -> rr::RecordType {
    match kind {
        RecordType::A => rr::RecordType::A,
        RecordType::Aaaa => rr::RecordType::AAAA,
        RecordType::Mx => rr::RecordType::MX,
        RecordType::Ns => rr::RecordType::NS,
        RecordType::Ptr => rr::RecordType::PTR,
        RecordType::Txt => rr::RecordType::TXT,
    }
}

/// A record, if it is of the type that was asked for: the aliases on the way are in the answer too.
fn record(data: &RData, kind: RecordType) -> Option<Record> {
    match (data, kind) {
        (RData::A(address), RecordType::A) => Some(Record::Address(IpAddr::V4(address.0))),
        (RData::AAAA(address), RecordType::Aaaa) => Some(Record::Address(IpAddr::V6(address.0))),
        (RData::MX(mx), RecordType::Mx) => Some(Record::Mx { preference: mx.preference, host: text(&mx.exchange) }),
        (RData::NS(server), RecordType::Ns) => Some(Record::Name(text(&server.0))),
        (RData::PTR(name), RecordType::Ptr) => Some(Record::Name(text(&name.0))),
        (RData::TXT(strings), RecordType::Txt) => Some(Record::Text(strings.txt_data.concat())),
        _ => None,
    }
}

/// A name as text, without the dot behind it; a dot inside a label has a backslash before it.
fn text(name: &Name) -> Vec<u8> {
    let mut text = Vec::new();
    for label in name {
        if !text.is_empty() {
            text.push(b'.');
        }
        for &byte in label {
            if byte == b'.' || byte == b'\\' {
                text.push(b'\\');
            }
            text.push(byte);
        }
    }
    text
}

fn why(error: &NetError) -> NoRecords {
    let code = match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => none.response_code,
        NetError::Dns(DnsError::ResponseCode(code)) => *code,
        _ => return NoRecords::Retry,
    };
    match code {
        ResponseCode::NXDomain => NoRecords::NotFound,
        ResponseCode::NoError => NoRecords::NoData,
        ResponseCode::ServFail | ResponseCode::Refused | ResponseCode::NotImp => NoRecords::Retry,
        _ => NoRecords::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;
    use std::time::Duration;

    #[test]
    fn servers_that_do_not_answer_are_asked_until_their_time_is_over() -> io::Result<()> {
        let server = UdpSocket::bind("127.0.0.1:0")?;
        server.set_nonblocking(true)?;
        let patience = Arc::new(Patience::new(Duration::from_millis(200)));
        let resolver = ServerResolver { patience, ..ServerResolver::at(server.local_addr()?)? };
        let questions = || std::iter::from_fn(|| server.recv_from(&mut [0; 512]).ok()).count();
        assert_eq!(resolver.records(b"example.com", RecordType::Mx), Err(NoRecords::Retry));
        assert_eq!(questions(), 1);
        for name in [&b"example.com"[..], b"example.net"] {
            assert_eq!(resolver.records(name, RecordType::A), Err(NoRecords::Retry));
        }
        assert_eq!(questions(), 0);
        Ok(())
    }
}
