//! A [`Model`] as nodes and edges, for formats whose readers do their own layout.
//!
//! Other than in our own layout, lanes cannot be told apart by their height, so edges to ends are labelled with names.

use super::model::{COMES_BACK, Class, Lane, Model, Tables, thousands};
use crate::routing::rewrite::resolve::AddressClass;

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// An identifier of letters and digits.
    pub id: String,
    /// The class that it belongs to.
    pub class: Option<AddressClass>,
    /// Whether it is the class itself.
    pub is_class: bool,
    /// Its text.
    pub lines: Vec<String>,
}

/// An edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The node that it comes from.
    pub from: String,
    /// The node that it goes to.
    pub to: String,
    /// What stands on it; may be empty.
    pub label: String,
    /// The class that it belongs to.
    pub class: AddressClass,
}

/// All nodes and edges.
#[must_use]
pub fn network(model: &Model) -> (Vec<Node>, Vec<Edge>) {
    let mut network = Network::default();
    if let Some([by, value]) = &model.filter {
        let lines = [&format!("{by} = {value}"), "has all mail first", COMES_BACK];
        network.node("filter".into(), None, lines.map(String::from).to_vec());
    }
    if !model.first.is_empty() {
        let mut lines = vec!["every recipient first passes".to_string()];
        lines.extend(tables(&model.first));
        network.node("first".into(), None, lines);
    }
    for (number, class) in model.classes.iter().enumerate() {
        network.class(number, class);
    }
    (network.nodes, network.edges)
}

#[derive(Default)]
struct Network {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

impl Network {
    fn node(&mut self, id: String, class: Option<AddressClass>, lines: Vec<String>) {
        self.nodes.push(Node { id, class, is_class: false, lines });
    }

    fn edge(&mut self, class: &Class, from: &str, to: &str, label: String) {
        let edge = Edge { from: from.into(), to: to.into(), label, class: class.class };
        if !self.edges.contains(&edge) {
            self.edges.push(edge);
        }
    }

    fn class(&mut self, number: usize, class: &Class) {
        let of = Some(class.class);
        let id = |what: &str, at: usize| format!("{what}{number}x{at}");
        let head = format!("class{number}");
        let lines = vec![class.class.to_string(), class.parameter().to_string()];
        self.nodes.push(Node { id: head.clone(), class: of, is_class: true, lines });
        let mut asked = head.clone();
        if !class.tables.is_empty() {
            asked = format!("tables{number}");
            self.node(asked.clone(), of, tables(&class.tables));
            self.edge(class, &head, &asked, String::new());
        }
        let (mut transport, mut end) = (0, 0);
        for (at, lane) in class.lanes.iter().enumerate() {
            let shares_transport = at > 0 && class.lanes[transport].shares_transport(lane);
            if !shares_transport {
                transport = at;
                self.node(id("transport", at), of, transport_lines(class, lane));
            }
            if !shares_transport || class.lanes[end].end != lane.end {
                end = at;
                self.node(id("end", at), of, lane.end.lines());
            }
            self.node(id("domains", at), of, lane.names.lines());
            self.edge(class, &id("domains", at), &head, String::new());
            self.edge(class, &asked, &id("transport", transport), lane.by.clone());
            let label = if class.lanes.len() > 1 { short(lane) } else { String::new() };
            self.edge(class, &id("transport", transport), &id("end", end), label);
        }
    }
}

fn transport_lines(class: &Class, lane: &Lane) -> Vec<String> {
    if class.class == AddressClass::VirtualAlias && lane.transport.is_empty() {
        return vec!["other addresses".into(), "resolved anew".into()];
    }
    let name = if lane.transport.is_empty() { "–".to_string() } else { lane.transport.clone() };
    [name, lane.program.clone()].into_iter().filter(|line| !line.is_empty()).collect()
}

/// The first name, and how many more there are.
fn short(lane: &Lane) -> String {
    match (lane.names.shown.first(), lane.names.count()) {
        (Some(name), 1) => name.clone(),
        (Some(name), count) => format!("{name} and {} more", thousands(count - 1)),
        (None, count) => format!("{} more", thousands(count)),
    }
}

fn tables(all: &[Tables]) -> Vec<String> {
    let mut lines = Vec::new();
    for one in all {
        lines.push(one.parameter.to_string());
        for table in &one.tables {
            lines.push(table.to_string());
        }
    }
    lines
}
