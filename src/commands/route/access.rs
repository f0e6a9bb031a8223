//! The SMTP session that `postwright route --client` plays, and how its outcome is shown.

use crate::commands::find_service::find_service;
use crate::config::ConfigFiles;
use crate::config::services::Service;
use crate::routing::access::{Access, Client, Decision, Reply, Session, Verdict};
use crate::routing::route::{Route, SERVER_STAGE};
use crate::routing::{Lookups, Step, StepKind};
use clap::Args;
use serde_json::{Value, json};

/// The client and what it says.
#[derive(Args, Clone, Debug)]
pub struct SessionOptions {
    /// Walk the SMTP server's access restrictions for a client at this address; NAME[IP] gives it a name, unknown[IP] none
    #[arg(long, value_name = "IP", value_parser = parse_client, conflicts_with = "expect")]
    client: Option<Client>,
    /// What the client says in HELO [default: nothing]
    #[arg(long, value_name = "NAME", requires = "client")]
    helo: Option<String>,
    /// As whom the client is logged in
    #[arg(long, value_name = "USER", requires = "client")]
    sasl: Option<String>,
    /// The connection is encrypted
    #[arg(long, requires = "client")]
    tls: bool,
    /// The SMTP server that is asked, a service of master.cf [default: the one on port 25, else the first]
    #[arg(long, value_name = "NAME/TYPE", requires = "client")]
    service: Option<String>,
}

fn parse_client(text: &str) -> Result<Client, String> {
    Client::parse(text).ok_or_else(|| "expected an address, NAME[ADDRESS] or unknown[ADDRESS]".into())
}

impl SessionOptions {
    /// What the SMTP server says to each recipient; nothing without a client.
    ///
    /// # Errors
    /// There is no such server, or it would not run.
    pub fn verdicts(
        &self,
        lookups: &mut Lookups<'_>,
        sender: &[u8],
        recipients: &[Vec<u8>],
    ) -> Result<Vec<Verdict>, String> {
        let Some(client) = &self.client else { return Ok(Vec::new()) };
        let files = &lookups.configuration.files;
        let service = self.server(files, lookups.smtp_server())?;
        let bytes = |text: &String| text.as_bytes().to_vec();
        let session = Session {
            client: client.clone(),
            helo: self.helo.as_ref().map(bytes),
            sender: sender.to_vec(),
            sasl_user: self.sasl.as_ref().map(bytes),
            tls: self.tls,
        };
        let mut access = Access::new(lookups, service, session).map_err(|error| {
            let label = service.map_or_else(String::new, |service| format!("{}: ", service.label()));
            format!("{label}the SMTP server would not run: {error}")
        })?;
        Ok(access.check(recipients))
    }

    fn server<'f>(&self, files: &'f ConfigFiles, usual: Option<usize>) -> Result<Option<&'f Service>, String> {
        let Some(wanted) = &self.service else { return Ok(usual.and_then(|at| files.services.get(at))) };
        let service = find_service(&files.services, wanted, "master.cf")?;
        let is_server = service.line.command().bytes() == b"smtpd";
        if is_server { Ok(Some(service)) } else { Err(format!("{wanted} is no SMTP server")) }
    }
}

/// The steps of the session, then those of the routing, should it come to that. Who asks the SMTP server needs no guess at what it
/// says to strangers.
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
        return [vec!["accepted".to_string()], verdict.effects.clone()].concat();
    };
    let mut lines = vec![rejected];
    if !verdict.refused_by.is_empty() {
        lines.push(format!("by {}", verdict.refused_by.join(": ")));
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
        "effects": verdict.effects,
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
