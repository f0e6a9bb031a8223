//! The SMTP session that `postwright route --client` plays, and how its outcome is shown.

use crate::config::ConfigFiles;
use crate::config::find_service::find_service;
use crate::config::services::Service;
use crate::expect::BETWEEN;
use crate::expect::client_keys::ClientKeys;
use crate::mail::reply::Reply;
use crate::routing::access::{Access, Client, Decision, Verdict};
use crate::routing::route::{Route, SERVER_STAGE};
use crate::routing::{Router, Step, StepKind};
use clap::Args;
use serde_json::{Value, json};

/// The client and what it says.
#[derive(Args, Clone, Debug)]
pub struct SessionOptions {
    /// Walk the SMTP server's access restrictions for a client at this address; NAME[IP] gives it a name, unknown[IP]
    /// none
    #[arg(long, value_name = "IP", value_parser = parse_client)]
    client: Option<Client>,
    /// What the client says in HELO [default: nothing]
    #[arg(long, value_name = "NAME", requires = "session")]
    helo: Option<String>,
    /// As whom the client is logged in
    #[arg(long, value_name = "USER", requires = "session")]
    sasl: Option<String>,
    /// The connection is encrypted
    #[arg(long, requires = "session")]
    tls: bool,
    /// The SMTP server that is asked, a service of master.cf [default: the one on port 25, else the first]
    #[arg(long, value_name = "NAME/TYPE", requires = "session")]
    service: Option<String>,
}

fn parse_client(text: &str) -> Result<Client, String> {
    Client::parse(text).ok_or_else(|| "expected an address, NAME[ADDRESS] or unknown[ADDRESS]".into())
}

impl SessionOptions {
    /// What they tell of the client.
    #[must_use]
    pub fn keys(&self) -> ClientKeys {
        let Self { client, helo, sasl, tls, service } = self.clone();
        ClientKeys { client, helo, sasl, tls: tls.then_some(true), service }
    }
}

/// What the SMTP server says to each recipient; nothing without a client.
///
/// # Errors
/// There is no such server, or it would not run.
pub fn verdicts(
    keys: &ClientKeys,
    router: &mut Router<'_>,
    sender: &[u8],
    recipients: &[Vec<u8>],
) -> Result<Vec<Verdict>, String> {
    let Some(session) = keys.session(sender) else { return Ok(Vec::new()) };
    let files = &router.site.configuration.files;
    let service = match keys.service.as_deref() {
        Some(wanted) if !wanted.is_empty() => Some(server(files, wanted)?),
        _ => router.smtp_server().and_then(|at| files.services.get(at)),
    };
    let mut access = Access::new(router, service, session).map_err(|error| {
        let label = service.map_or_else(String::new, |service| format!("{}: ", service.label()));
        format!("{label}the SMTP server would not run: {error}")
    })?;
    Ok(access.check(recipients))
}

fn server<'f>(files: &'f ConfigFiles, wanted: &str) -> Result<&'f Service, String> {
    let service = find_service(&files.services, wanted, "master.cf")?;
    let is_server = service.line.command().bytes() == b"smtpd";
    if is_server { Ok(service) } else { Err(format!("{wanted} is no SMTP server")) }
}

/// The steps of the session, then those of the routing, should it come to that. Who asks the SMTP server needs no guess
/// at what it says to strangers.
#[must_use]
pub fn all_steps(route: &Route, verdict: Option<&Verdict>) -> Vec<Step> {
    let Some(verdict) = verdict else { return route.steps.clone() };
    let is_guess = |step: &&Step| matches!(&step.kind, StepKind::Stage { name, .. } if name == SERVER_STAGE);
    let is_taken = verdict.reply.is_none();
    let routing = route.steps.iter().filter(|step| is_taken && !is_guess(step));
    verdict.steps.iter().chain(routing).cloned().collect()
}

/// What a restriction came to.
#[must_use]
pub fn words(decision: &Decision) -> String {
    match decision {
        Decision::Permit => "OK".to_string(),
        Decision::Undecided => "no decision".to_string(),
        Decision::Reject(reply) => format!("reject: {reply}"),
        Decision::Warned(reply) => format!("warning only: {reply}"),
        Decision::DeferIfPermit(reply) => format!("defer, if all else permits: {reply}"),
        Decision::DeferIfReject(reply) => format!("defer, if something else rejects: {reply}"),
        Decision::NotAsked(why) => format!("not asked: {why}"),
    }
}

/// How the session ends for a recipient.
#[must_use]
pub fn lines(verdict: &Verdict) -> Vec<String> {
    let Some(rejected) = verdict.rejected() else {
        let effects = verdict.effects.iter().map(ToString::to_string);
        return std::iter::once("accepted".to_string()).chain(effects).collect();
    };
    let mut lines = vec![rejected];
    if !verdict.refused_by.is_empty() {
        lines.push(format!("by {}", verdict.refused_by.join(BETWEEN)));
    }
    lines
}

/// A verdict, with its steps.
#[must_use]
pub fn as_json(verdict: &Verdict, steps: Vec<Value>) -> Value {
    json!({
        "accepted": verdict.reply.is_none(),
        "command": verdict.command.word(),
        "reply": verdict.reply.as_ref().map(reply_as_json),
        "rejected_by": verdict.refused_by,
        "effects": verdict.effects.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "steps": steps,
    })
}

/// A restriction and what it came to.
#[must_use]
pub fn decision_as_json(name: &str, decision: &Decision) -> Value {
    let (kind, reply, why) = match decision {
        Decision::Permit => ("ok", None, None),
        Decision::Undecided => ("none", None, None),
        Decision::Reject(reply) => ("reject", Some(reply), None),
        Decision::Warned(reply) => ("warning", Some(reply), None),
        Decision::DeferIfPermit(reply) => ("defer-if-permit", Some(reply), None),
        Decision::DeferIfReject(reply) => ("defer-if-reject", Some(reply), None),
        Decision::NotAsked(why) => ("not-asked", None, Some(why)),
    };
    json!({
        "kind": "restriction", "name": name, "decision": kind, "reply": reply.map(reply_as_json), "why": why
    })
}

fn reply_as_json(reply: &Reply) -> Value {
    json!({ "code": reply.code, "status": reply.status, "text": reply.text })
}
