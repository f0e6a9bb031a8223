//! What Sendmail's configuration says, in words of both sides: what can stand in main.cf and master.cf as it is, and
//! what the tables need to know before they can be carried over.

use super::report::Origin;
use std::collections::BTreeMap;

/// Something and where it was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<T> {
    /// What.
    pub what: T,
    /// Where.
    pub origin: Origin,
}

impl<T> Said<T> {
    /// Something that was said somewhere.
    pub const fn new(what: T, origin: Origin) -> Self {
        Self { what, origin }
    }
}

/// What the configuration says. [`Settings::default`] is what Sendmail does with an empty one: no table is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Settings of main.cf that depend on nothing else, by name. Not here: what the fields below lead to.
    pub main: Vec<MainSetting>,
    /// The listeners; empty: Sendmail's own, port 25 and, without [`Flag::NoDefaultMsa`], port 587.
    pub listeners: Vec<Listener>,
    /// Services of master.cf besides the listeners: a pipe for a mailer of the site's own.
    pub services: Vec<Service>,
    /// Restrictions of the SMTP server, in order; access tables come before them.
    pub restrictions: Vec<Restriction>,
    /// The tables that are used, and their files.
    pub tables: BTreeMap<Role, TableFile>,
    /// Members of classes, and files that list them.
    pub classes: Vec<ClassMember>,
    /// What is switched on.
    pub flags: BTreeMap<Flag, Origin>,
    /// `confDOMAIN_NAME`, `Dj`: the host's full name.
    pub host_name: Option<Said<String>>,
    /// `MASQUERADE_AS`, `DM`.
    pub masquerade_as: Option<Said<String>>,
    /// `SMART_HOST`, `DS`: where all mail for others goes.
    pub smart_host: Option<Said<MailerHost>>,
    /// `MAIL_HUB`, `DH`: where mail for local users goes, after aliases.
    pub mail_hub: Option<Said<MailerHost>>,
    /// `LOCAL_RELAY`, `DR`: where mail for local users goes that was addressed without a domain.
    pub local_relay: Option<Said<MailerHost>>,
    /// `LUSER_RELAY`, `DL`: who gets mail for local users that are not there.
    pub luser_relay: Option<Said<MailerHost>>,
    /// `FEATURE(nullclient)`: the hub that gets everything.
    pub null_client: Option<Said<MailerHost>>,
    /// The text of rejections by `REJECT` in the access table, if not Sendmail's: `550 5.7.1 Go away`.
    pub reject_text: Option<Said<String>>,
}

/// A setting of main.cf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MainSetting {
    /// The parameter.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
    /// What is to be said of it in main.cf; empty: nothing.
    pub remark: String,
}

/// A port that the SMTP server listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// As master.cf names it: `smtp`, `127.0.0.1:submission`, `[::1]:2525`.
    pub service: String,
    /// The process limit; none: the default.
    pub limit: Option<usize>,
    /// `-o` settings, in order.
    pub options: Vec<(String, String)>,
    /// Where it came from.
    pub origin: Origin,
}

/// A service of master.cf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its eight fields, as they are written.
    pub line: String,
    /// Where it came from.
    pub origin: Origin,
}

/// A restriction of the SMTP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restriction {
    /// The list that it belongs to.
    pub stage: Stage,
    /// `reject_rbl_client zone.example`.
    pub words: String,
    /// Where it came from.
    pub origin: Origin,
}

/// A restriction list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// `smtpd_client_restrictions`
    Client,
    /// `smtpd_helo_restrictions`
    Helo,
    /// `smtpd_sender_restrictions`
    Sender,
    /// `smtpd_relay_restrictions`, ahead of its rejecting end
    Relay,
    /// `smtpd_recipient_restrictions`
    Recipient,
}

/// What a table is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// `ALIAS_FILE`
    Aliases,
    /// `FEATURE(virtusertable)`
    Virtuser,
    /// `FEATURE(genericstable)`
    Generics,
    /// `FEATURE(domaintable)`
    Domain,
    /// `FEATURE(mailertable)`
    Mailer,
    /// `FEATURE(access_db)`
    Access,
    /// `confUSERDB_SPEC`
    UserDb,
}

/// A table's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFile {
    /// Its type: `hash`, `btree`, `text`.
    pub map_type: String,
    /// Its name, as it is written, without `.db`; several alias files are divided by commas.
    pub path: String,
    /// Where it is named.
    pub origin: Origin,
}

/// A member of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassMember {
    /// The class.
    pub class: Class,
    /// The member, or what lists members.
    pub member: Member,
    /// Where it is named.
    pub origin: Origin,
}

/// A member of a class, or a file of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member {
    /// One name.
    Name(String),
    /// A file with a name a line, by its name as it is written; whether it need not be there (`-o`).
    File {
        /// The file.
        path: String,
        /// Whether it need not be there.
        optional: bool,
    },
}

/// A class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// `w`: the host's names (`LOCAL_DOMAIN`, `use_cw_file`).
    Local,
    /// `R`: domains and networks that may relay (`RELAY_DOMAIN`, `RELAY_DOMAIN_FILE`).
    Relay,
    /// `VirtHost`: domains of virtusertable (`VIRTUSER_DOMAIN`, `VIRTUSER_DOMAIN_FILE`).
    VirtHost,
    /// `G`: domains of genericstable (`GENERICS_DOMAIN`, `GENERICS_DOMAIN_FILE`).
    Generics,
    /// `M`: domains that are masqueraded (`MASQUERADE_DOMAIN`, `MASQUERADE_DOMAIN_FILE`).
    Masquerade,
    /// `N`: those that are not (`MASQUERADE_EXCEPTION`, `MASQUERADE_EXCEPTION_FILE`).
    MasqueradeException,
    /// `E`: users whose addresses are not (`EXPOSED_USER`, `EXPOSED_USER_FILE`).
    Exposed,
    /// `L`: users who stay local in spite of hubs (`LOCAL_USER`).
    LocalUser,
    /// `t`: users who may name another sender (`confTRUSTED_USERS`, `use_ct_file`).
    Trusted,
    /// Domains of LDAP routing (`LDAPROUTE_DOMAIN`).
    LdapRoute,
}

/// Something that is switched on, by `FEATURE` of that name where nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flag {
    /// `virtuser_entire_domain`
    VirtuserEntireDomain,
    /// `generics_entire_domain`
    GenericsEntireDomain,
    /// `relay_entire_domain`
    RelayEntireDomain,
    /// `relay_hosts_only`
    RelayHostsOnly,
    /// `relay_local_from`
    RelayLocalFrom,
    /// `relay_mail_from`
    RelayMailFrom,
    /// `relay_mail_from` with the argument `domain`
    RelayMailFromDomain,
    /// `relay_based_on_MX`
    RelayBasedOnMx,
    /// `promiscuous_relay`
    PromiscuousRelay,
    /// `blacklist_recipients`, `blocklist_recipients`
    BlocklistRecipients,
    /// `delay_checks`
    DelayChecks,
    /// `delay_checks` with the argument `friend`
    DelayChecksFriend,
    /// `delay_checks` with the argument `hater`
    DelayChecksHater,
    /// `access_db` with the argument `skip`
    AccessSkip,
    /// `access_db` with the argument `relaytofulladdress`
    AccessRelayToFullAddress,
    /// `access_db` with the argument `lookupdotdomain`
    AccessLookupDotDomain,
    /// `masquerade_envelope`
    MasqueradeEnvelope,
    /// `masquerade_entire_domain`
    MasqueradeEntireDomain,
    /// `allmasquerade`
    AllMasquerade,
    /// `limited_masquerade`
    LimitedMasquerade,
    /// `local_no_masquerade`
    LocalNoMasquerade,
    /// `always_add_domain`
    AlwaysAddDomain,
    /// `accept_unresolvable_domains`
    AcceptUnresolvableDomains,
    /// `accept_unqualified_senders`
    AcceptUnqualifiedSenders,
    /// `preserve_local_plus_detail`
    PreserveLocalPlusDetail,
    /// `preserve_luser_host`
    PreserveLuserHost,
    /// `stickyhost`
    StickyHost,
    /// `redirect`
    Redirect,
    /// `no_default_msa`
    NoDefaultMsa,
}

impl Settings {
    /// Whether something is switched on.
    #[must_use]
    pub fn has(&self, flag: Flag) -> bool {
        self.flags.contains_key(&flag)
    }

    /// The members of a class that are named one by one.
    pub fn names(&self, class: Class) -> impl Iterator<Item = (&str, &Origin)> {
        self.classes.iter().filter(move |member| member.class == class).filter_map(|member| match &member.member {
            Member::Name(name) => Some((name.as_str(), &member.origin)),
            Member::File { .. } => None,
        })
    }

    /// The files that list members of a class, and whether each need not be there.
    pub fn files(&self, class: Class) -> impl Iterator<Item = (&str, bool, &Origin)> {
        self.classes.iter().filter(move |member| member.class == class).filter_map(|member| match &member.member {
            Member::File { path, optional } => Some((path.as_str(), *optional, &member.origin)),
            Member::Name(_) => None,
        })
    }
}

/// A host that mail is handed to, and how: `relay:hub.example.com`, `[10.0.0.1]`, `local:postmaster`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailerHost {
    /// The mailer, if one is named.
    pub mailer: Option<String>,
    /// The host, in brackets if its MX records are not asked for; a user for `local`.
    pub host: String,
    /// The port, where the mailer's arguments change it (`RELAY_MAILER_ARGS`, `TCP $h 587`).
    pub port: Option<u16>,
}

impl MailerHost {
    /// Reads `mailer:host` or `host`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        // A colon within brackets is one of an address.
        let colon = text.find(':').filter(|&at| !text[..at].contains('['));
        let (mailer, host) = match colon {
            Some(at) => (Some(text[..at].trim().to_ascii_lowercase()), text[at + 1..].trim()),
            None => (None, text),
        };
        Self { mailer, host: host.to_string(), port: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailer_stands_before_its_host() {
        let parts = |text: &str| {
            let MailerHost { mailer, host, .. } = MailerHost::parse(text);
            (mailer, host)
        };
        assert_eq!(parts("hub.example.com"), (None, "hub.example.com".into()));
        assert_eq!(parts("Relay:[10.0.0.1]"), (Some("relay".into()), "[10.0.0.1]".into()));
        assert_eq!(parts("[IPv6:2001:db8::1]"), (None, "[IPv6:2001:db8::1]".into()));
    }

    #[test]
    fn members_are_found_by_their_class() {
        let origin = Origin::new("sendmail.mc", 7);
        let member = |class, member| ClassMember { class, member, origin: origin.clone() };
        let file = Member::File { path: "/etc/mail/local-host-names".into(), optional: true };
        let settings = Settings {
            classes: vec![
                member(Class::Local, Member::Name("example.com".into())),
                member(Class::Relay, Member::Name("example.net".into())),
                member(Class::Local, file),
            ],
            flags: [(Flag::Redirect, origin.clone())].into(),
            ..Settings::default()
        };
        assert_eq!(settings.names(Class::Local).collect::<Vec<_>>(), [("example.com", &origin)]);
        assert_eq!(settings.files(Class::Local).collect::<Vec<_>>(), [("/etc/mail/local-host-names", true, &origin)]);
        assert!(settings.has(Flag::Redirect) && !settings.has(Flag::StickyHost));
    }
}
