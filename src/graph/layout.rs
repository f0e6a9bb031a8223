//! Coordinates for a [`Model`]: five columns from left to right, and in each class a row for each lane.
//!
//! What neighbouring lanes share is one box as high as all of them, so that every link is a straight line at the height
//! of its lane: none cross, and the way of a domain can be followed with a finger. Lengths are in pixels.

use super::model::{COMES_BACK, Class, Lane, Model, Tables, thousands};
use crate::routing::rewrite::resolve::AddressClass;

/// Height of a line of text.
pub const LINE: u32 = 18;
/// Between a box and the text in it, across and along.
const PADDING: (u32, u32) = (12, 8);
const MARGIN: u32 = 32;
const LANE_GAP: u32 = 8;
const CLASS_GAP: u32 = 28;
/// Between columns where nothing is written on links.
const COLUMN_GAP: u32 = 44;
/// Longer texts are shortened.
const MOST_CHARACTERS: usize = 46;

/// What a box is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The tables before all classes.
    First,
    /// Domains.
    Domains,
    /// An address class.
    Class,
    /// Tables.
    Tables,
    /// A transport.
    Transport,
    /// A nexthop.
    End,
}

/// How a text is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A name of ours.
    Strong,
    /// What stands in a file.
    Literal,
    /// Said about it.
    Quiet,
}

/// A line of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The text, short enough for its box.
    pub text: String,
    /// The whole text, if that is longer.
    pub whole: Option<String>,
    /// How it is set.
    pub style: Style,
}

/// A box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What it is for.
    pub role: Role,
    /// The class that it belongs to.
    pub class: Option<AddressClass>,
    /// Its left edge.
    pub x: u32,
    /// Its upper edge.
    pub y: u32,
    /// Its width.
    pub width: u32,
    /// Its height.
    pub height: u32,
    /// What stands in it.
    pub lines: Vec<Text>,
}

/// A straight line from a box to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The class that it belongs to.
    pub class: Option<AddressClass>,
    /// Where it begins.
    pub from: u32,
    /// Where it ends.
    pub to: u32,
    /// Its height.
    pub y: u32,
    /// What stands on it.
    pub label: String,
}

/// A laid out picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Its width.
    pub width: u32,
    /// Its height.
    pub height: u32,
    /// The heading's text and its left edge and base line.
    pub title: (String, u32, u32),
    /// The headings of the columns, their left edges and the base line.
    pub headings: Vec<(&'static str, u32, u32)>,
    /// Boxes, none over another.
    pub blocks: Vec<Block>,
    /// Links.
    pub links: Vec<Link>,
}

/// The texts of a class, by column; boxes with the numbers of the lanes from, and before, which they reach.
struct Rows {
    class: AddressClass,
    columns: [Vec<Span>; 5],
    labels: Vec<String>,
    heights: Vec<u32>,
}

struct Span {
    from: usize,
    to: usize,
    lines: Vec<Text>,
}

/// Lays a model out.
#[must_use]
pub fn layout(model: &Model) -> Layout {
    let rows: Vec<Rows> = model.classes.iter().map(rows).collect();
    let widths: Vec<u32> = (0..5)
        .map(|column| {
            let lines = rows.iter().flat_map(|rows| rows.columns[column].iter().flat_map(|span| &span.lines));
            lines.map(width).max().unwrap_or(0).max(80) + 2 * PADDING.0
        })
        .collect();
    let label = rows.iter().flat_map(|rows| &rows.labels).map(|label| small_width(label)).max().unwrap_or(0);
    let gaps = [COLUMN_GAP, COLUMN_GAP, COLUMN_GAP.max(label + 30), COLUMN_GAP];
    let mut lefts = vec![MARGIN];
    for (column, gap) in gaps.iter().enumerate() {
        lefts.push(lefts[column] + widths[column] + gap);
    }
    let mut out = Layout {
        width: lefts[4] + widths[4] + MARGIN,
        height: 0,
        title: (format!("Mail routing of {}", model.name), MARGIN, MARGIN + 18),
        headings: Vec::new(),
        blocks: Vec::new(),
        links: Vec::new(),
    };
    out.width = out.width.max(title_width(&out.title.0) + 2 * MARGIN);
    let mut y = MARGIN + 40;
    if model.filter.is_some() || !model.first.is_empty() {
        out.headings.push(("every recipient first passes", MARGIN, y + 10));
        y = place_first(model, y + 22, &mut out) + CLASS_GAP;
    }
    let names = ["domains", "address class", "tables asked", "transport", "nexthop or mailbox"];
    out.headings.extend(names.iter().zip(&lefts).map(|(name, left)| (*name, *left, y + 10)));
    y += 22;
    for rows in rows {
        y = place(&rows, &lefts, &widths, y, &mut out) + CLASS_GAP;
    }
    out.height = y - CLASS_GAP + MARGIN;
    out
}

/// Places the filter and the tables before all classes side by side; their lower edge.
fn place_first(model: &Model, y: u32, out: &mut Layout) -> u32 {
    let filter = model.filter.iter().map(|[by, value]| vec![strong(by), literal(value), quiet(COMES_BACK)]);
    let tables = model.first.iter().map(|one| tables(std::slice::from_ref(one)));
    let texts: Vec<Vec<Text>> = filter.chain(tables).collect();
    let height = texts.iter().map(|lines| height_of(lines.len())).max().unwrap_or(0);
    let mut x = MARGIN;
    for lines in texts {
        if x > MARGIN {
            out.links.push(Link { class: None, from: x, to: x + COLUMN_GAP, y: y + height / 2, label: String::new() });
            x += COLUMN_GAP;
        }
        let width = lines.iter().map(width).max().unwrap_or(0) + 2 * PADDING.0;
        out.blocks.push(Block { role: Role::First, class: None, x, y, width, height, lines });
        x += width;
    }
    out.width = out.width.max(x + MARGIN);
    y + height
}

/// Places a class below `top`; its lower edge.
fn place(rows: &Rows, lefts: &[u32], widths: &[u32], top: u32, out: &mut Layout) -> u32 {
    let mut tops = vec![top];
    for height in &rows.heights {
        tops.push(tops[tops.len() - 1] + height + LANE_GAP);
    }
    let roles = [Role::Domains, Role::Class, Role::Tables, Role::Transport, Role::End];
    for (column, spans) in rows.columns.iter().enumerate() {
        for span in spans {
            out.blocks.push(Block {
                role: roles[column],
                class: Some(rows.class),
                x: lefts[column],
                y: tops[span.from],
                width: widths[column],
                height: tops[span.to] - LANE_GAP - tops[span.from],
                lines: span.lines.clone(),
            });
        }
    }
    for (lane, height) in rows.heights.iter().enumerate() {
        for column in 0..4 {
            let label = if column == 2 { rows.labels[lane].clone() } else { String::new() };
            let (from, to) = (lefts[column] + widths[column], lefts[column + 1]);
            out.links.push(Link { class: Some(rows.class), from, to, y: tops[lane] + height / 2, label });
        }
    }
    tops[rows.heights.len()] - LANE_GAP
}

/// The texts of a class and the heights of its lanes.
fn rows(class: &Class) -> Rows {
    let lanes = &class.lanes;
    let domains = lanes.iter().enumerate().map(|(at, lane)| {
        let mut lines: Vec<Text> = lane.names.shown.iter().map(|name| literal(name)).collect();
        if lane.names.more > 0 {
            lines.push(quiet(&format!("… and {} more", thousands(lane.names.more))));
        }
        Span { from: at, to: at + 1, lines }
    });
    let head = vec![strong(&class.class.to_string()), quiet(class.parameter())];
    let mut asked = tables(&class.tables);
    if asked.is_empty() {
        asked.push(quiet("none"));
    }
    let transports = shared(lanes, Lane::shares_transport, |lane| {
        if class.class == AddressClass::VirtualAlias && lane.transport.is_empty() {
            return vec![strong("other addresses"), quiet("resolved anew")];
        }
        let name = if lane.transport.is_empty() { "–" } else { &lane.transport };
        let mut lines = vec![strong(name)];
        if !lane.program.is_empty() {
            lines.push(quiet(&lane.program));
        }
        lines
    });
    let shares_end = |one: &Lane, other: &Lane| one.shares_transport(other) && one.end == other.end;
    let ends = shared(lanes, shares_end, |lane| lane.end.lines().iter().map(|line| literal(line)).collect());
    let whole = |lines| vec![Span { from: 0, to: lanes.len(), lines }];
    let columns = [domains.collect(), whole(head), whole(asked), transports, ends];
    let mut heights = vec![height_of(1); lanes.len()];
    // What reaches over fewer lanes settles their heights first.
    let mut spans: Vec<&Span> = columns.iter().flatten().collect();
    spans.sort_by_key(|span| span.to - span.from);
    for span in spans {
        let count = u32::try_from(span.to - span.from).unwrap_or(u32::MAX);
        let there: u32 = heights[span.from..span.to].iter().sum::<u32>() + LANE_GAP * (count - 1);
        let missing = height_of(span.lines.len()).saturating_sub(there).div_ceil(count);
        heights[span.from..span.to].iter_mut().for_each(|height| *height += missing);
    }
    Rows { class: class.class, columns, labels: lanes.iter().map(|lane| lane.by.clone()).collect(), heights }
}

/// A box for each run of lanes that share something.
fn shared(lanes: &[Lane], same: impl Fn(&Lane, &Lane) -> bool, lines: impl Fn(&Lane) -> Vec<Text>) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (at, lane) in lanes.iter().enumerate() {
        match spans.last_mut() {
            Some(last) if same(&lanes[last.from], lane) => last.to = at + 1,
            _ => spans.push(Span { from: at, to: at + 1, lines: lines(lane) }),
        }
    }
    spans
}

/// A line for each parameter and each of its tables.
fn tables(all: &[Tables]) -> Vec<Text> {
    let mut lines = Vec::new();
    for one in all {
        lines.push(strong(one.parameter));
        for table in &one.tables {
            let size = if table.size.is_empty() { String::new() } else { format!(" · {}", table.size) };
            let room = MOST_CHARACTERS.saturating_sub(size.chars().count());
            let mut text = literal_in(&table.name, room);
            text.text.push_str(&size);
            lines.push(text);
        }
    }
    lines
}

fn strong(text: &str) -> Text {
    Text { style: Style::Strong, ..literal(text) }
}

fn quiet(text: &str) -> Text {
    Text { style: Style::Quiet, ..literal(text) }
}

fn literal(text: &str) -> Text {
    literal_in(text, MOST_CHARACTERS)
}

/// A text in this many characters: the middle of a longer one is left out.
fn literal_in(text: &str, room: usize) -> Text {
    let count = text.chars().count();
    if count <= room {
        return Text { text: text.to_string(), whole: None, style: Style::Literal };
    }
    let kept = room.saturating_sub(1);
    let head = kept / 3;
    let short: String = text.chars().take(head).chain(['…']).chain(text.chars().skip(count - (kept - head))).collect();
    Text { text: short, whole: Some(text.to_string()), style: Style::Literal }
}

fn height_of(lines: usize) -> u32 {
    u32::try_from(lines.max(1)).unwrap_or(u32::MAX / LINE) * LINE + 2 * PADDING.1
}

/// The width of a line, rounded up: fonts differ.
fn width(text: &Text) -> u32 {
    match text.style {
        // Of a monospaced font at 12.5 pixels; a table's size stands behind its name.
        Style::Literal => cells(&text.text) * 76 / 10 + 2,
        Style::Strong => cells(&text.text) * 78 / 10 + 2,
        Style::Quiet => small_width(&text.text),
    }
}

fn small_width(text: &str) -> u32 {
    cells(text) * 64 / 10 + 2
}

fn title_width(text: &str) -> u32 {
    cells(text) * 12
}

/// Characters that are not ASCII may be twice as wide.
fn cells(text: &str) -> u32 {
    text.chars().map(|character| if character.is_ascii() || character == '…' { 1 } else { 2 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::model::Names;

    fn lane(transport: &str, end: &str, names: usize) -> Lane {
        Lane {
            names: Names::of((0..names).map(|number| format!("n{number}.example")).collect()),
            by: "relay_transport".into(),
            transport: transport.into(),
            program: "smtp".into(),
            end: Names::of(vec![end.into()]),
        }
    }

    #[test]
    fn boxes_are_apart_and_links_join_them() {
        let lanes = vec![lane("relay", "a", 9), lane("relay", "a", 1), lane("relay", "b", 2), lane("x", "b", 1)];
        let tables = |count: usize| {
            let table =
                |number| crate::graph::model::Table { name: format!("lmdb:/t{number}"), size: "1 entry".into() };
            vec![Tables { parameter: "transport_maps", tables: (0..count).map(table).collect() }]
        };
        let relay = Class { class: AddressClass::Relay, tables: tables(30), lanes };
        let other = Class { class: AddressClass::Default, tables: Vec::new(), lanes: vec![lane("smtp", "c", 1)] };
        let first = [tables(2), tables(1)].concat();
        let model = Model { name: "x".into(), filter: None, first, classes: vec![relay, other], faults: Vec::new() };
        let picture = layout(&model);
        for (at, one) in picture.blocks.iter().enumerate() {
            assert!(one.x + one.width + MARGIN <= picture.width && one.y + one.height + MARGIN <= picture.height);
            assert!(one.height >= height_of(one.lines.len()) && one.lines.iter().all(|line| width(line) < one.width));
            for other in &picture.blocks[at + 1..] {
                let apart = one.x + one.width < other.x
                    || other.x + other.width < one.x
                    || one.y + one.height < other.y
                    || other.y + other.height < one.y;
                assert!(apart, "{one:?} {other:?}");
            }
        }
        assert_eq!(picture.links.len(), 5 * 4 + 1);
        for link in &picture.links {
            let joins = |x: fn(&Block) -> u32, at: u32| {
                let is_there = |block: &&Block| x(block) == at && block.y < link.y && link.y < block.y + block.height;
                picture.blocks.iter().filter(is_there).count()
            };
            assert_eq!((joins(|block| block.x + block.width, link.from), joins(|block| block.x, link.to)), (1, 1));
        }
        // One for `relay`, of which two lanes share an end, and one for `x`.
        let count = |role| picture.blocks.iter().filter(|block| block.role == role).count();
        assert_eq!([Role::Domains, Role::Class, Role::Transport, Role::End].map(count), [5, 2, 3, 4]);
    }

    #[test]
    fn long_texts_lose_their_middle() {
        let text = literal_in("lmdb:/etc/postfix/a/very/long/name", 16);
        assert_eq!((text.text.as_str(), text.text.chars().count()), ("lmdb:…/long/name", 16));
        assert_eq!(text.whole.as_deref(), Some("lmdb:/etc/postfix/a/very/long/name"));
        assert_eq!(literal_in("ä".repeat(16).as_str(), 16).whole, None);
    }
}
