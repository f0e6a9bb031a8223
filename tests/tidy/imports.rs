//! Which file of `src/` imports which: by `use`, and by paths in code that begin with `crate::`, `super::` or `self::`;
//! tests left out.
//!
//! A name that a file only passes on (`pub use`) leads to the file that it comes from, so that a room's `mod.rs` is no
//! stop on the way. What a `mod.rs` calls in its own files by their bare names is not counted: it is their front.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A path of modules and what is in them, from the crate's root: `["maps", "open"]`.
type Names = Vec<String>;

/// What is imported by each file, named from the repository's root.
pub type Imports = BTreeMap<PathBuf, BTreeSet<PathBuf>>;

/// A file as a module.
#[derive(Default)]
struct Module {
    path: PathBuf,
    /// Paths in its code.
    uses: Vec<Names>,
    /// Names that it passes on, and where they come from.
    passed_on: Vec<(String, Names)>,
}

/// The imports among some files with their text.
pub fn imports(files: &[(PathBuf, String)]) -> Imports {
    let mut modules: BTreeMap<Names, Module> = BTreeMap::new();
    let names: BTreeSet<Names> = files.iter().map(|(path, _)| module_of(path)).collect();
    for (path, text) in files {
        let code: TokenStream = text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let module = module_of(path);
        let mut reader =
            Reader { module: &module, names: &names, found: Module { path: path.clone(), ..Module::default() } };
        reader.read(&code.into_iter().collect::<Vec<_>>());
        let found = reader.found;
        modules.insert(module, found);
    }
    let file = |used: &Names| file_of(&modules, used, &mut Vec::new());
    let imported = |module: &Module| -> BTreeSet<PathBuf> {
        module.uses.iter().filter_map(file).filter(|path| *path != module.path).collect()
    };
    modules.values().map(|module| (module.path.clone(), imported(module))).collect()
}

/// Files that all lead to each other: each set of them once, in order.
pub fn circles(imports: &Imports) -> Vec<BTreeSet<PathBuf>> {
    let reached: BTreeMap<&PathBuf, BTreeSet<&PathBuf>> =
        imports.keys().map(|from| (from, reach(imports, from))).collect();
    let mut circles: BTreeSet<BTreeSet<PathBuf>> = BTreeSet::new();
    for (from, all) in reached.iter().filter(|(from, all)| all.contains(*from)) {
        let circle = all.iter().filter(|other| reached[*other].contains(*from));
        circles.insert(circle.map(|path| (*path).clone()).collect());
    }
    circles.into_iter().collect()
}

/// The same of what lies side by side in each room, where a room in it counts as one; circles of files alone are left
/// out.
pub fn inner_circles(imports: &Imports) -> Vec<BTreeSet<PathBuf>> {
    let rooms: BTreeSet<&Path> = imports.keys().flat_map(|path| path.ancestors().skip(1)).collect();
    let is_room = |path: &PathBuf| rooms.contains(path.as_path());
    let mut found = Vec::new();
    for room in rooms.iter().filter(|room| room.iter().count() > 1) {
        let below = |path: &Path| Some(room.join(path.strip_prefix(room).ok()?.iter().next()?).with_extension(""));
        // Its own mod.rs is above what it has in it.
        let part = |path: &Path| below(path).filter(|part| !part.ends_with("mod"));
        let mut inner = Imports::new();
        for (from, all) in imports {
            let Some(from) = part(from) else { continue };
            let parts: Vec<PathBuf> = all.iter().filter_map(|path| part(path)).filter(|to| *to != from).collect();
            for to in &parts {
                inner.entry(to.clone()).or_default();
            }
            inner.entry(from).or_default().extend(parts);
        }
        found.extend(circles(&inner).into_iter().filter(|circle| circle.iter().any(is_room)));
    }
    found
}

/// All that a file leads to; itself only if it is in a circle.
fn reach<'a>(imports: &'a Imports, from: &PathBuf) -> BTreeSet<&'a PathBuf> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&PathBuf> = imports[from].iter().collect();
    while let Some(path) = next.pop() {
        if reached.insert(path) {
            next.extend(&imports[path]);
        }
    }
    reached
}

/// `src/maps/mod.rs` and `src/maps.rs` are `maps`.
fn module_of(path: &Path) -> Names {
    let below = path.strip_prefix("src").unwrap_or(path).with_extension("");
    let mut names: Names = below.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    names.pop_if(|name| name == "mod" || name == "lib");
    names
}

/// The file in which what a path names is written down; none if that is the crate's root.
fn file_of(modules: &BTreeMap<Names, Module>, used: &Names, seen: &mut Vec<Names>) -> Option<PathBuf> {
    let depth = (0..=used.len()).rev().find(|depth| modules.contains_key(&used[..*depth]))?;
    let module = &modules[&used[..depth]];
    if let Some(name) = used.get(depth)
        && !seen.contains(used)
    {
        seen.push(used.clone());
        if let Some((_, origin)) = module.passed_on.iter().find(|(passed_on, _)| passed_on == name) {
            let further = [origin, &used[depth + 1..]].concat();
            return file_of(modules, &further, seen);
        }
    }
    (depth > 0).then(|| module.path.clone())
}

struct Reader<'m> {
    module: &'m Names,
    names: &'m BTreeSet<Names>,
    found: Module,
}

impl Reader<'_> {
    fn read(&mut self, tokens: &[TokenTree]) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            if is_for_tests(&tokens[at..]) {
                at += tokens[at..].iter().position(is_end_of_item).unwrap_or(tokens.len());
            } else if is_word(token, "use") {
                let length = tokens[at..].iter().position(|token| is_mark(token, ';')).unwrap_or(tokens.len() - at);
                let is_public = tokens[..at].iter().rev().take(2).any(|token| is_word(token, "pub"));
                let mut named = Vec::new();
                read_use(&tokens[at + 1..at + length], &Names::new(), &mut named);
                named.into_iter().for_each(|(path, name)| self.add_use(&path, name, is_public));
                at += length;
            } else if let TokenTree::Group(group) = token {
                self.read(&trees(group));
            } else {
                let path = path_at(&tokens[at..]);
                self.found.uses.extend(self.absolute(&path).filter(|_| path.len() > 1));
                // Two colons before each further word.
                at += path.len().saturating_sub(1) * 3;
            }
            at += 1;
        }
    }

    fn add_use(&mut self, path: &Names, name: String, is_public: bool) {
        let own = [self.module.as_slice(), &path[..1]].concat();
        let path = if self.names.contains(&own) { Some([&own, &path[1..]].concat()) } else { self.absolute(path) };
        match path {
            Some(path) if is_public => self.found.passed_on.push((name, path)),
            path => self.found.uses.extend(path),
        }
    }

    /// A path that begins with `crate`, `self` or `super`, without that.
    fn absolute(&self, path: &Names) -> Option<Names> {
        let ups = path.iter().take_while(|word| *word == "super").count();
        let base = match path.first()?.as_str() {
            "crate" => return Some(path[1..].to_vec()),
            "self" => return Some([self.module.as_slice(), &path[1..]].concat()),
            _ => self.module.len().checked_sub(ups).filter(|_| ups > 0)?,
        };
        Some([&self.module[..base], &path[ups..]].concat())
    }
}

/// What stands behind `use` or in its braces: whole paths, and by which name each is known here.
fn read_use(tokens: &[TokenTree], before: &Names, named: &mut Vec<(Names, String)>) {
    for tokens in tokens.split(|token| is_mark(token, ',')).filter(|tokens| !tokens.is_empty()) {
        let mut path = before.clone();
        let words = tokens.split(|token| is_word(token, "as")).next().unwrap_or_default();
        for token in words {
            match token {
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Group(group) => read_use(&trees(group), &path, named),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
        if words.iter().any(|token| matches!(token, TokenTree::Group(_))) {
            continue;
        }
        // `use room::{self, …}`
        path.pop_if(|word| word == "self" && !before.is_empty());
        let alias = tokens.get(words.len() + 1).map(ToString::to_string);
        let name = alias.or_else(|| path.last().cloned()).unwrap_or_default();
        named.push((path, name));
    }
}

/// The words of a path that begins here.
fn path_at(tokens: &[TokenTree]) -> Names {
    let mut path = Names::new();
    let mut rest = tokens;
    while let [TokenTree::Ident(word), further @ ..] = rest {
        path.push(word.to_string());
        match further {
            [first, second, further @ ..] if is_mark(first, ':') && is_mark(second, ':') => rest = further,
            _ => break,
        }
    }
    path
}

/// `#[cfg(test)]`
fn is_for_tests(tokens: &[TokenTree]) -> bool {
    let [mark, TokenTree::Group(attribute), ..] = tokens else { return false };
    is_mark(mark, '#') && attribute.stream().to_string().replace(' ', "") == "cfg(test)"
}

fn is_end_of_item(token: &TokenTree) -> bool {
    let is_block = matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    is_block || is_mark(token, ';')
}

fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(found) if found.as_char() == mark)
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(found) if found == word)
}

fn trees(group: &Group) -> Vec<TokenTree> {
    group.stream().into_iter().collect()
}

/// The reader itself, on a small crate.
#[test]
fn what_counts_as_an_import() {
    let file = |path: &str, text: &str| (PathBuf::from(path), text.to_string());
    let found = imports(&[
        file("src/lib.rs", "pub mod a; pub mod b; pub mod c;"),
        file("src/a/mod.rs", "mod deep; pub use deep::Thing; use deep::other; pub(crate) use crate::c::Far as Near;"),
        file(
            "src/a/deep.rs",
            "use super::{super::b::{self, One}, unknown}; // crate::c\nconst C: &str = \"crate::c\";",
        ),
        file(
            "src/b.rs",
            "fn f() -> crate::a::Thing { vec![crate::a::Near::new()] }\n#[cfg(test)]\nmod tests { use crate::d; }",
        ),
        file("src/c.rs", "#[cfg(test)] use crate::a::deep; #[cfg(unix)] use self::inner::X;"),
        file("src/d.rs", ""),
    ]);
    let shown: Vec<String> = found
        .iter()
        .flat_map(|(from, all)| all.iter().map(move |to| format!("{} {}", from.display(), to.display())))
        .collect();
    assert_eq!(
        shown,
        [
            "src/a/deep.rs src/a/mod.rs",
            "src/a/deep.rs src/b.rs",
            "src/a/mod.rs src/a/deep.rs",
            "src/b.rs src/a/deep.rs",
            "src/b.rs src/c.rs",
        ]
    );
    assert_eq!(circles(&found), [BTreeSet::from(["src/a/deep.rs".into(), "src/a/mod.rs".into(), "src/b.rs".into()])]);
}
