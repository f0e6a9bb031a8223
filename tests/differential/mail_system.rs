//! Postfix started as a whole in the oracle, for one directory of configuration: in a network of its own, with its
//! queue there.

use crate::smtp_client::{NO_ANSWER, Smtp};
use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::LinkNameSpaceType;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::Oracle;
use support::dns_server::{Zone, serve};

/// How long to wait for anything that should come.
const PATIENCE: Duration = Duration::from_secs(20);

/// What leaves the machine ends in `discard`, under the name of its transport.
const MASTER: &str = "\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - discard
relay unix - - n - - discard
discard unix - - n - - discard
error unix - - n - - error
retry unix - - n - - error
local unix - n n - - local
virtual unix - n n - - virtual
submit unix - - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
";

/// What belongs to Postfix.
const OWNED: [&str; 15] = [
    "data",
    "queue",
    "queue/active",
    "queue/bounce",
    "queue/corrupt",
    "queue/defer",
    "queue/deferred",
    "queue/flush",
    "queue/hold",
    "queue/incoming",
    "queue/maildrop",
    "queue/private",
    "queue/public",
    "queue/saved",
    "queue/trace",
];

/// A running Postfix; it ends with this.
pub struct MailSystem<'o> {
    oracle: &'o Oracle,
    directory: PathBuf,
    inside: String,
    child: Child,
}

impl<'o> MailSystem<'o> {
    /// Starts it for a copy of `site`; there, what main.cf and tables have below `/etc/postfix` is meant to be in the
    /// copy.
    pub fn start(oracle: &'o Oracle, site: &Path, passwd: &Path) -> Self {
        Self::start_by(oracle, site, passwd, |inside| format!("postfix -c {inside} start-fg"))
    }

    /// The same without the checks of `postfix start`, which take seconds; nothing can be submitted with `sendmail`
    /// then.
    pub fn start_server(oracle: &'o Oracle, site: &Path, passwd: &Path) -> Self {
        Self::start_by(oracle, site, passwd, |inside| {
            format!("env MAIL_CONFIG={inside} /usr/lib/postfix/sbin/master -d")
        })
    }

    fn start_by(oracle: &'o Oracle, site: &Path, passwd: &Path, command: impl FnOnce(&str) -> String) -> Self {
        let name = site.file_name().unwrap().to_str().unwrap();
        let (directory, inside) = (oracle.path(name), format!("{}/{name}", oracle.scratch));
        fs::create_dir_all(directory.join("queue/pid")).unwrap();
        for owned in OWNED {
            fs::create_dir_all(directory.join(owned)).unwrap();
            std::os::unix::fs::chown(directory.join(owned), Some(995), None).unwrap();
        }
        for path in files(site) {
            let to = directory.join(path.file_name().unwrap());
            match String::from_utf8(fs::read(&path).unwrap()) {
                Ok(text) => fs::write(to, text.replace("/etc/postfix", &inside)).unwrap(),
                // An index that is there already.
                Err(index) => fs::write(to, index.as_bytes()).unwrap(),
            }
        }
        let main = fs::read_to_string(directory.join("main.cf")).unwrap();
        let networks = if main.contains("\nmynetworks") { "" } else { "mynetworks = 127.0.0.0/8\n" };
        let own = format!(
            "{networks}queue_directory = {inside}/queue\ndata_directory = {inside}/data\nmaillog_file = {inside}/log\n\
             maillog_file_prefixes = /tmp\nmaillog_file_permissions = 0644\nsmtpd_peername_lookup = no\n\
             smtpd_authorized_xclient_hosts = 127.0.0.1\nsmtpd_client_connection_rate_limit = 0\n\
             smtpd_error_sleep_time = 0\nsmtpd_soft_error_limit = 1000\n\
             smtpd_hard_error_limit = 1000\nsmtpd_recipient_limit = 1000\nsmtpd_client_connection_count_limit = 0\n"
        );
        fs::write(directory.join("main.cf"), main + &own).unwrap();
        fs::write(directory.join("master.cf"), master(&directory)).unwrap();
        fs::copy(passwd, directory.join("passwd")).unwrap();
        for path in files(site) {
            let name = path.file_name().unwrap().to_str().unwrap();
            let compiler = if name.starts_with("aliases") { "postalias" } else { "postmap" };
            let main = fs::read_to_string(site.join("main.cf")).unwrap();
            let is_made = site.join(format!("{name}.lmdb")).exists();
            if main.contains(&format!("lmdb:/etc/postfix/{name}")) && !is_made {
                oracle.run(&[compiler, "-c", &inside, &format!("lmdb:{inside}/{name}")]);
            }
        }
        let root = oracle.root().display();
        // Homes are below /srv: copies, which belong to their accounts.
        let mut homes = String::new();
        if site.join("homes").is_dir() {
            homes = format!("mount -t tmpfs none {root}/srv; cp -a {}/. {root}/srv; ", site.join("homes").display());
            for line in fs::read_to_string(passwd).unwrap().lines() {
                let fields: Vec<&str> = line.split(':').collect();
                if let [_, _, uid, gid, _, home, _] = fields[..]
                    && home.starts_with("/srv/")
                {
                    homes += &format!("chown -R {uid}:{gid} {root}{home} || true; ");
                }
            }
        }
        // What the DNS says stands in the site's file.
        let zone = fs::read_to_string(site.join("dns")).ok().map(|text| Zone::parse(&text));
        let resolver = match zone.is_some() {
            true => {
                fs::write(directory.join("resolv.conf"), "nameserver 127.0.0.1\n").unwrap();
                format!("mount --bind {}/resolv.conf {root}/etc/resolv.conf; ", directory.display())
            }
            false => String::new(),
        };
        let script = format!(
            "set -e; ip link set lo up; mount -t proc proc {root}/proc; mount --bind {}/passwd {root}/etc/passwd; {homes}{resolver}\
             mount -t tmpfs -o mode=1777 none {root}/var/mail; mount -t tmpfs -o mode=1777 none {root}/var/tmp; \
             exec chroot {root} {}",
            directory.display(),
            command(&inside)
        );
        let child = Command::new("unshare")
            .args(["-n", "-m", "-p", "--fork", "--kill-child", "sh", "-c", &script])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("unshare runs");
        let system = Self { oracle, directory, inside, child };
        for service in ["private/rewrite", "private/submit", "public/postlog"] {
            system.wait(service, || system.socket(service).exists().then_some(()));
        }
        if let Some(zone) = zone {
            system.in_network(|| serve(zone, (Ipv4Addr::LOCALHOST, 53).into()));
        }
        if fs::read_to_string(site.join("main.cf")).unwrap().contains("private/auth") {
            serve_logins(&system.socket("private/auth"));
        }
        system
    }

    /// A connection to the SMTP server, which has greeted.
    pub fn smtp(&self) -> Smtp {
        let stream = self.connect("private/submit");
        let other = stream.try_clone().unwrap();
        let mut smtp = Smtp::new(OwnedFd::from(stream));
        if smtp.reply() == NO_ANSWER {
            // Nobody waits for each further line again.
            let _ = other.shutdown(std::net::Shutdown::Both);
        }
        smtp
    }

    /// A connection to the SMTP server at this socket, which has not greeted yet.
    pub fn greeted_by(&self, name: &str) -> Smtp {
        Smtp::new(OwnedFd::from(self.connect(name)))
    }

    /// A connection from an address, which is given to the machine, to the SMTP server on port 25 there.
    pub fn smtp_from(&self, address: &str) -> Smtp {
        let address: IpAddr = address.parse().unwrap();
        let (server, length) = match address {
            IpAddr::V4(_) => (IpAddr::V4(Ipv4Addr::LOCALHOST), 32),
            IpAddr::V6(_) => (IpAddr::V6(Ipv6Addr::LOCALHOST), 128),
        };
        let network = format!("--net=/proc/{}/ns/net", self.child.id());
        let own = format!("{address}/{length}");
        // Without `nodad`, an IPv6 address is not to be used at once.
        let added =
            Command::new("nsenter").args([&network, "ip", "address", "replace", &own, "dev", "lo", "nodad"]).status();
        assert!(added.unwrap().success());
        let stream = self.in_network(move || {
            let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
            let socket = socket(family, SocketType::STREAM, None).unwrap();
            bind(&socket, &SocketAddr::new(address, 0)).unwrap();
            connect(&socket, &SocketAddr::new(server, 25)).unwrap();
            TcpStream::from(socket)
        });
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut smtp = Smtp::new(OwnedFd::from(stream));
        smtp.reply();
        smtp
    }

    /// Does work in the network of the system: sockets are in the one that their thread was in when it made them.
    fn in_network<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let network = fs::File::open(format!("/proc/{}/ns/net", self.child.id())).unwrap();
        let thread = std::thread::spawn(move || {
            rustix::thread::move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            work()
        });
        thread.join().unwrap()
    }

    fn socket(&self, name: &str) -> PathBuf {
        self.directory.join("queue").join(name)
    }

    /// A connection to a service. Its socket may be there a moment before anybody listens.
    fn connect(&self, name: &str) -> UnixStream {
        let stream = self.wait(name, || UnixStream::connect(self.socket(name)).ok());
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn wait<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(start.elapsed() < PATIENCE, "{}: waited for {what}; {}", self.inside, self.log());
            assert!(!self.has_ended(), "{}: Postfix ended; {}", self.inside, self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Whether the first process ended, of which nobody has taken notice yet.
    fn has_ended(&self) -> bool {
        fs::read_to_string(format!("/proc/{}/stat", self.child.id())).is_ok_and(|stat| stat.contains(") Z "))
    }

    /// What was logged so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.directory.join("log")).unwrap_or_default()).into_owned()
    }

    /// The warnings and errors of the log.
    pub fn complaints(&self) -> String {
        let log = self.log();
        let is_one =
            |line: &&str| ["warning: ", "error: ", "fatal: ", "panic: "].iter().any(|word| line.contains(word));
        log.lines()
            .filter(is_one)
            .map(|line| line.split("]: ").nth(1).unwrap_or(line))
            .collect::<Vec<_>>()
            .join("\n    ")
    }

    /// Asks the rewrite service.
    pub fn ask(&self, request: &[(&str, &str)]) -> BTreeMap<String, String> {
        let mut stream = self.connect("private/rewrite");
        read_attributes(&mut stream);
        let mut bytes = Vec::new();
        for (name, value) in request {
            bytes.extend([name.as_bytes(), b"\0", value.as_bytes(), b"\0"].concat());
        }
        bytes.push(0);
        stream.write_all(&bytes).unwrap();
        read_attributes(&mut stream)
    }

    /// What the SMTP server says to recipients, one after the other.
    pub fn recipients(&self, sender_and_recipient: &[(String, String)]) -> Vec<String> {
        let stream = self.connect("private/submit");
        stream.set_read_timeout(Some(PATIENCE / 4)).unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut say = |line: &str| -> String {
            if !line.is_empty() {
                (&stream).write_all(format!("{line}\r\n").as_bytes()).unwrap();
            }
            let mut answer = String::new();
            match reader.read_line(&mut answer) {
                Ok(_) => answer.trim_end().to_string(),
                Err(_) => NO_ANSWER.to_string(),
            }
        };
        say("");
        say("HELO client.example");
        let mut answers = Vec::new();
        for (sender, recipient) in sender_and_recipient {
            say(&format!("MAIL FROM:<{sender}>"));
            answers.push(say(&format!("RCPT TO:<{recipient}>")));
            say("RSET");
        }
        answers
    }

    /// Sends mail by SMTP: the reply that refuses it, or where it went, with all that was sent on. Lines of the log
    /// from `to=` on, sorted; or what cleanup warned about.
    pub fn mail(&self, sender: &str, address: &str) -> Vec<String> {
        let seen = self.log().len();
        let mut smtp = self.smtp();
        smtp.say("HELO client.example");
        for line in [format!("MAIL FROM:<{sender}>"), format!("RCPT TO:<{address}>"), "DATA".into()] {
            let reply = smtp.say(&line);
            if !reply.starts_with(['2', '3']) {
                return vec![reply];
            }
        }
        let reply = smtp.say("Subject: where\r\n\r\nare you?\r\n.");
        let Some(id) = reply.split("queued as ").nth(1) else {
            let warned = || self.log()[seen..].lines().find(|line| is_refused(line)).map(str::to_string);
            let warning = self.wait("a warning", warned);
            let words = warning.split("unreasonable ").nth(1).unwrap_or(&warning);
            return vec![format!("unreasonable {words}")];
        };
        let mut ids = vec![id.to_string()];
        self.wait(&format!("the end of mail to {address}"), || {
            let log = self.log();
            let mut lines = Vec::new();
            let mut at = 0;
            while let Some(id) = ids.get(at).cloned() {
                let mine = || log[seen..].lines().filter(|line| line.contains(&format!(" {id}: ")));
                let is_kept = mine().any(|line| line.contains("status=deferred") || line.contains("status=SOFTBOUNCE"));
                mine().find(|line| line.ends_with(": removed") || is_kept)?;
                for line in mine().filter_map(delivery) {
                    match line.split_once("(forwarded as ") {
                        Some((start, id)) => {
                            let id = id.trim_end_matches(')').to_string();
                            if !ids.contains(&id) {
                                ids.push(id);
                            }
                            lines.push(format!("{start}(forwarded)"));
                        }
                        None => lines.push(line),
                    }
                }
                at += 1;
            }
            lines.sort();
            Some(lines)
        })
    }

    /// Where `sendmail -bv` says that mail would go: lines of the log from `to=` on, in order; or what cleanup warned
    /// about.
    pub fn verify(&self, sender: &str, address: &str) -> Vec<String> {
        self.verify_with(sender, address, delivery)
    }

    /// The same, of each line what `shown` makes of it.
    pub fn verify_with(&self, sender: &str, address: &str, shown: fn(&str) -> Option<String>) -> Vec<String> {
        let seen = self.log().len();
        let arguments = ["sendmail", "-C", &self.inside, "-bv", "-f", sender, "--", address];
        let output = self.oracle.command(&arguments).output().expect("chroot runs");
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr).into_owned();
            return vec![format!("sendmail: {}", words.trim().rsplit(": ").next().unwrap_or_default())];
        }
        let start = Instant::now();
        self.wait(&format!("sendmail -bv {address}"), || {
            if start.elapsed() > PATIENCE / 4 {
                for entry in fs::read_dir(self.directory.join("queue/active")).unwrap() {
                    let _ = fs::remove_file(entry.unwrap().path());
                }
                return Some(vec!["(no end)".to_string()]);
            }
            let log = self.log();
            let new = &log[seen..];
            let line = new.lines().find(|line| line.contains("/pickup[") && line.contains(": uid="))?;
            let id = line.split("]: ").nth(1)?.split(':').next()?;
            let mine = || new.lines().filter(move |line| line.contains(&format!(" {id}: ")));
            if let Some(line) = mine().find(|line| is_refused(line)) {
                for entry in fs::read_dir(self.directory.join("queue/maildrop")).unwrap() {
                    let _ = fs::remove_file(entry.unwrap().path());
                }
                return Some(vec![line.split(&format!("{id}: ")).nth(1)?.to_string()]);
            }
            mine().find(|line| line.ends_with(": removed"))?;
            let mut lines: Vec<String> = mine().filter_map(shown).collect();
            lines.sort();
            Some(lines)
        })
    }
}

/// The files of a directory, without what is below.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_file()).collect()
}

/// The services: the site's own, if it has them all; else those of all sites, with its own `smtp inet` as the SMTP
/// server.
fn master(directory: &Path) -> String {
    let own = fs::read_to_string(directory.join("master.cf")).unwrap_or_default();
    if own.is_empty() || own.lines().any(|line| line.starts_with("submit ")) {
        return if own.is_empty() { MASTER.to_string() } else { own };
    }
    let others: Vec<&str> = MASTER.lines().filter(|line| !line.starts_with("submit ")).collect();
    format!("{}\n{}\n", others.join("\n"), own.replace("smtp inet n", "submit unix -"))
}

/// Whether a line says that cleanup does not take a message. Of canonical maps it says so too, and takes it
/// nevertheless.
fn is_refused(line: &str) -> bool {
    line.contains("message not accepted") && !line.contains("canonical_maps map nesting")
}

/// Answers like a login server of Dovecot that nobody logs in at: so Postfix knows of logins, and takes them from
/// XCLIENT.
fn serve_logins(socket: &Path) {
    let listener = UnixListener::bind(socket).unwrap();
    fs::set_permissions(socket, fs::Permissions::from_mode(0o666)).unwrap();
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let words = "VERSION\t1\t0\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\tabc\nDONE\n";
            let _ = stream.write_all(words.as_bytes());
            open.push(stream);
        }
    });
}

/// `to=<…>, relay=…, status=… (…)` of a line of the log, with delays left out.
fn delivery(line: &str) -> Option<String> {
    let start = line.find(" to=<")? + 1;
    let kept = line[start..].split(", ").filter(|part| !part.starts_with("delay") && !part.starts_with("dsn="));
    Some(kept.collect::<Vec<_>>().join(", "))
}

fn read_attributes(stream: &mut UnixStream) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut word = || {
        let mut bytes = Vec::new();
        let mut byte = [0];
        while stream.read(&mut byte).expect("an answer") == 1 && byte[0] != 0 {
            bytes.push(byte[0]);
        }
        String::from_utf8(bytes).expect("fixtures are UTF-8")
    };
    loop {
        let name = word();
        if name.is_empty() {
            return found;
        }
        let value = word();
        found.insert(name, value);
    }
}

impl Drop for MailSystem<'_> {
    fn drop(&mut self) {
        // The first process of the namespace takes all others with it. That it dies with its parent was forgotten when
        // Postfix's master changed its user.
        let id = self.child.id();
        for first in fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default().split_whitespace()
        {
            if let Some(first) = first.parse().ok().and_then(Pid::from_raw) {
                let _ = kill_process(first, Signal::KILL);
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
