//! Hosts as mailers name them, and as transport tables do.

use super::settings::MailerHost;

/// A host as relayhost and transport tables have it.
#[must_use]
pub fn next_hop(host: &MailerHost) -> String {
    let name = host.host.trim().trim_start_matches("[IPv6:");
    let name = if name.len() == host.host.trim().len() { name.to_string() } else { format!("[ipv6:{name}") };
    match host.port {
        Some(port) => format!("{name}:{port}"),
        None => name,
    }
}

/// Hosts that are tried one behind the other; colons divide them, but those in brackets.
#[must_use]
pub fn hosts(text: &str) -> Vec<String> {
    let (mut hosts, mut host, mut depth) = (Vec::new(), String::new(), 0_usize);
    for char in text.chars() {
        match char {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => {
                hosts.push(std::mem::take(&mut host));
                continue;
            }
            _ => {}
        }
        host.push(char);
    }
    hosts.push(host);
    let hosts = hosts.into_iter().filter(|host| !host.is_empty());
    hosts.map(|host| next_hop(&MailerHost { mailer: None, host, port: None })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_stand_one_behind_the_other() {
        assert_eq!(hosts("[a.example]:b.example"), ["[a.example]", "b.example"]);
        assert_eq!(hosts("[IPv6:2001:db8::1]"), ["[ipv6:2001:db8::1]"]);
        assert!(hosts("").is_empty());
    }
}
