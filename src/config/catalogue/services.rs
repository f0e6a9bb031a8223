//! What master.cf can hold (master(5)): its fields and their defaults, the daemons, and the stock entries.

use super::version::Version;

/// The `type` field of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ServiceType {
    /// A TCP socket.
    Inet,
    /// A UNIX-domain stream socket.
    Unix,
    /// A UNIX-domain datagram socket (3.4 and later).
    UnixDgram,
    /// A named pipe.
    Fifo,
    /// A UNIX-domain socket over which open connections are passed.
    Pass,
}

impl ServiceType {
    /// The word in master.cf.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inet => "inet",
            Self::Unix => "unix",
            Self::UnixDgram => "unix-dgram",
            Self::Fifo => "fifo",
            Self::Pass => "pass",
        }
    }

    /// The type that a word in master.cf stands for; words are case-sensitive.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Inet, Self::Unix, Self::UnixDgram, Self::Fifo, Self::Pass].into_iter().find(|kind| kind.name() == name)
    }
}

/// A program that master(8) runs: what stands in the command field.
#[derive(Debug)]
pub struct DaemonCommand {
    /// Its file name below `$daemon_directory`.
    pub command: &'static str,
    /// How it serves its clients.
    pub skeleton: Skeleton,
    /// The service types that it accepts.
    pub types: &'static [ServiceType],
    /// The types that it is usually given.
    pub usual_types: &'static [ServiceType],
    /// The services that it usually is; empty if the site names them.
    pub usual_services: &'static [&'static str],
    /// The process limit that it needs (0 = no limit); `None` = any.
    pub maxproc: Option<u32>,
    /// Whether it needs its privileges: the `unpriv` field must be `n`.
    pub privileged: bool,
    /// What its `private` field usually is.
    pub usual_private: bool,
    /// The first series that has it; [`Version::OLDEST`] also stands for older ones.
    pub introduced: Version,
    /// Whether it is a delivery agent with the parameters of [`service_parameters`](super::service_parameters).
    pub transport: bool,
    /// Facts that the other fields do not tell; may be empty.
    pub note: &'static str,
}

/// How a daemon serves its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skeleton {
    /// One client at a time.
    Single,
    /// Many clients in one process, a request at a time.
    Multi,
    /// Wakes up on a trigger.
    Trigger,
    /// Many clients in one process, driven by events.
    Event,
    /// Takes datagrams.
    Dgram,
}

/// A field of a master.cf entry.
#[derive(Debug)]
pub struct MasterField {
    /// Its name.
    pub name: &'static str,
    /// What `-` stands for; `None` = the field must be given.
    pub default: Option<&'static str>,
    /// The words that it allows; empty = others.
    pub allowed: &'static [&'static str],
    /// Facts that the other fields do not tell; may be empty.
    pub note: &'static str,
}

/// An entry of the master.cf that Postfix 3.11 comes with; fields as written there.
#[derive(Debug)]
pub struct StockService {
    /// Whether it is active, or present as a comment.
    pub enabled: bool,
    /// The service name.
    pub name: &'static str,
    /// The service type.
    pub service_type: ServiceType,
    /// Field `private`.
    pub private: &'static str,
    /// Field `unpriv`.
    pub unpriv: &'static str,
    /// Field `chroot`.
    pub chroot: &'static str,
    /// Field `wakeup`.
    pub wakeup: &'static str,
    /// Field `maxproc`.
    pub maxproc: &'static str,
    /// The command with its arguments.
    pub command: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/catalogue_services.rs"));

/// Every daemon, sorted by command.
pub fn daemon_commands() -> &'static [DaemonCommand] {
    &DAEMON_COMMANDS
}

/// The daemon with this command name.
pub fn daemon_command(name: &str) -> Option<&'static DaemonCommand> {
    DAEMON_COMMANDS.binary_search_by(|entry| entry.command.cmp(name)).ok().map(|at| &DAEMON_COMMANDS[at])
}

/// The eight fields of a master.cf entry, in order.
pub fn master_fields() -> &'static [MasterField] {
    &MASTER_FIELDS
}

/// What `-` in the chroot field stands for: `n` since 3.0, unless `compatibility_level` is 0, and `y` before.
pub fn default_chroot(version: Version, compatibility_level_is_zero: bool) -> bool {
    version < Version::new(3, 0) || compatibility_level_is_zero
}

/// The stock entries, in the order of the file; some names occur more than once.
pub fn stock_services() -> &'static [StockService] {
    &STOCK_SERVICES
}

/// Whether the stock master.cf has a service of this name, active or as a comment.
pub fn is_stock_service(name: &str) -> bool {
    STOCK_SERVICES.iter().any(|service| service.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn daemons_are_found_by_command() {
        assert_eq!(daemon_commands().len(), 28);
        let smtpd = daemon_command("smtpd").unwrap();
        assert_eq!(smtpd.types, [ServiceType::Inet, ServiceType::Unix, ServiceType::Pass]);
        assert_eq!((smtpd.maxproc, smtpd.privileged, smtpd.transport), (None, false, false));
        assert_eq!(daemon_command("cleanup").unwrap().maxproc, Some(0));
        assert_eq!(daemon_command("postlogd").unwrap().types, [ServiceType::UnixDgram]);
        assert!(daemon_command("pipe").unwrap().privileged);
        assert!(daemon_command("postmap").is_none());
    }

    #[test]
    fn fields_are_in_the_order_of_the_file() {
        let names: Vec<_> = master_fields().iter().map(|field| field.name).collect();
        assert_eq!(names, ["service", "type", "private", "unpriv", "chroot", "wakeup", "maxproc", "command"]);
        let defaults: Vec<_> = master_fields().iter().filter_map(|field| field.default).collect();
        assert_eq!(defaults, ["y", "y", "n", "0", "$default_process_limit"]);
        assert!(default_chroot(Version::OLDEST, false) && !default_chroot(Version::NEWEST, false));
        assert!(default_chroot(Version::NEWEST, true));
    }

    #[test]
    fn stock_services_suit_their_daemons() {
        assert_eq!(stock_services().iter().filter(|service| service.enabled).count(), 25);
        let first = &stock_services()[0];
        assert_eq!((first.name, first.service_type, first.command), ("smtp", ServiceType::Inet, "smtpd"));
        for service in stock_services() {
            let daemon = service.command.split(' ').next().and_then(daemon_command).unwrap();
            assert!(daemon.types.contains(&service.service_type), "{}", service.name);
            assert_eq!(daemon.privileged, service.unpriv == "n", "{}", service.name);
        }
    }

    #[test]
    fn service_types_have_names() {
        for name in ["inet", "unix", "unix-dgram", "fifo", "pass"] {
            assert_eq!(ServiceType::from_name(name).map(ServiceType::name), Some(name));
        }
        assert_eq!(ServiceType::from_name("INET"), None);
    }
}
