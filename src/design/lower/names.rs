//! Which ids there are, and what each stands for. Order in the file does not matter.

use super::{Declared, Lowering};
use crate::catalog::{Kind, Subject, Technology, catalog};
use crate::design::{Attrs, Group, GroupKind, Node};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{NodeHeader, Statement, Word};

/// A word that stands where a kind does.
pub(super) enum KindWord {
    Kind(Kind),
    Technology(&'static Technology),
}

impl KindWord {
    pub(super) fn read(word: &str) -> Option<KindWord> {
        let technology = || catalog().technology(word).map(KindWord::Technology);
        Kind::parse(word).map(KindWord::Kind).or_else(technology)
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            KindWord::Kind(kind) => *kind,
            KindWord::Technology(technology) => technology.kind(),
        }
    }
}

impl<'s> Lowering<'_, 's> {
    /// Declares every group and node; their attributes come later, when all ids are known.
    pub(super) fn names(&mut self) {
        let ast = self.ast;
        let mut unknown = Vec::new();
        for (at, item) in ast.items.iter().enumerate() {
            match &item.statement {
                Statement::Group { kind, id, label, .. } => {
                    let group = self.design.groups.len();
                    self.design.groups.push(Group {
                        kind: match kind.text {
                            "region" => GroupKind::Region,
                            "zone" => GroupKind::Zone,
                            _ => GroupKind::Group,
                        },
                        id: id.text.to_string(),
                        label: label.map(|label| label.unescaped()),
                        attrs: Attrs::default(),
                        parent: item.parent.and_then(|parent| self.group_of_item.get(&parent).copied()),
                        span: kind.span.to(id.span),
                    });
                    self.group_of_item.insert(at, group);
                    self.declare(*id, Declared::Group(group));
                }
                Statement::Node(header) => {
                    let known = self.declare_node(header, item.parent, item.span);
                    unknown.extend((!known).then_some(header));
                }
                _ => {}
            }
        }
        for word in &ast.lost {
            self.declared.entry(word.text).or_insert((Declared::Broken, word.span));
        }
        for header in unknown {
            self.unknown_kind(header);
        }
    }

    /// False if its kind is not known.
    fn declare_node(&mut self, header: &NodeHeader<'s>, parent: Option<usize>, full_span: Span) -> bool {
        let Some(word) = KindWord::read(header.kind.text) else { return false };
        let index = self.design.graph.add_node(Node {
            id: header.id.text.to_string(),
            label: header.label.map(|label| label.unescaped()),
            kind: word.kind(),
            tech: match word {
                KindWord::Technology(technology) => Some(technology),
                KindWord::Kind(_) => None,
            },
            attrs: Attrs::default(),
            instances: 1,
            group: parent.and_then(|parent| self.group_of_item.get(&parent).copied()),
            zones: Vec::new(),
            tables: Vec::new(),
            span: header.kind.span.to(header.id.span),
            full_span,
        });
        if self.declare(header.id, Declared::Node(index)) {
            self.design.ids.insert(header.id.text.to_string(), index);
        } else {
            // The last one added: no other index moves.
            self.design.graph.remove_node(index);
        }
        true
    }

    /// False if the id is taken.
    fn declare(&mut self, id: Word<'s>, what: Declared) -> bool {
        if let Some((_, first)) = self.declared.get(id.text) {
            let first = *first;
            self.report(
                Diagnostic::mistake(
                    "duplicate-id",
                    format!("`{}` is declared twice", id.text),
                    id.span,
                    "again here",
                )
                .label(first, "first declared here")
                .help("ids are unique in the file, whatever group they stand in: rename one"),
            );
            return false;
        }
        self.declared.insert(id.text, (what, id.span));
        true
    }

    fn unknown_kind(&mut self, header: &NodeHeader<'s>) {
        let word = header.kind.text;
        let node = |id| matches!(self.declared.get(id), Some((Declared::Node(_), _)));
        if node(word) && node(header.id.text) {
            let between = Span::point(header.kind.span.end);
            let message = format!("`{word} {}` is no statement", header.id.text);
            let mistake = Diagnostic::mistake("syntax", message, between, "an arrow is missing");
            self.report(mistake.help(format!("write the hop as `{word} -> {}`", header.id.text)));
            return;
        }
        // `load balancer front`: the words after the kind are as likely its id.
        for attr in header.attrs.iter().filter(|attr| attr.value.is_none()).take(2) {
            self.declared.entry(attr.name.text).or_insert((Declared::Broken, attr.span));
        }
        let two_words = format!("{word}-{}", header.id.text).to_lowercase();
        // Its id still counts as declared: hops to it are not a second mistake.
        self.declared.entry(header.id.text).or_insert((Declared::Broken, header.id.span));
        let lower = word.to_lowercase();
        let habit = catalog().kind_by_habit(&two_words).or_else(|| catalog().kind_by_habit(&lower));
        let near = habit.map(Kind::name).or_else(|| {
            let technologies = catalog().technologies.iter().map(|technology| technology.id.as_str());
            let kinds = Kind::ALL.into_iter().map(Kind::name);
            self.guess(word, KEYWORDS.into_iter().chain(kinds).chain(technologies))
        });
        let label = near.map_or("not known".to_string(), |near| format!("did you mean `{near}`?"));
        let message = format!("`{word}` is no kind of component and no technology");
        self.report(
            Diagnostic::mistake("unknown-kind", message, header.kind.span, label)
                .help("a technology that is not in the catalogue is written `database ID`, `cache ID`, …")
                .help("a line is `KIND ID \"Label\" xN attribute=value …`, or `A -> B`"),
        );
    }

    /// Finishes a mistake about an id that is no node, unless the id's own line has been reported.
    pub(super) fn report_unknown_node(&mut self, id: &str, mut mistake: Diagnostic) {
        match self.declared.get(id) {
            Some((Declared::Broken, _)) => return,
            Some((Declared::Group(_), span)) => {
                mistake = mistake
                    .label(*span, "a group, not a node")
                    .help("hops go between nodes: name the one in the group that is meant");
                mistake.at.text = "this is a group".to_string();
            }
            _ => {
                let mut ids: Vec<&str> = Vec::new();
                if self.guesses > 0 {
                    ids = self.design.graph.node_weights().map(|node| node.id.as_str()).collect();
                }
                let near = crate::catalog::nearest(id, ids).map(str::to_string);
                self.guesses = self.guesses.saturating_sub(1);
                mistake.at.text = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "not declared in this file".to_string(),
                };
                if Kind::parse(id).is_none() {
                    mistake =
                        mistake.help(format!("a node is declared on a line of its own: `service {id}`"));
                }
            }
        }
        self.report(mistake);
    }

    /// `every KIND`, `every TECHNOLOGY`, `every call`, `every handoff`.
    pub(super) fn defaults(&mut self) {
        let ast = self.ast;
        for item in &ast.items {
            let Statement::Every { subject, attrs } = &item.statement else { continue };
            match (subject.text, KindWord::read(subject.text)) {
                ("call" | "handoff", _) => {
                    let attrs = self.attrs(attrs, Subject::Hop, "a hop");
                    let defaults = match subject.text {
                        "call" => &mut self.defaults.calls,
                        _ => &mut self.defaults.handoffs,
                    };
                    inherit(defaults, &attrs);
                }
                (_, Some(word)) => {
                    let kind = word.kind();
                    let attrs = self.attrs(attrs, Subject::Node(kind), &catalog().kind(kind).a);
                    let defaults = match word {
                        KindWord::Kind(kind) => self.defaults.kinds.entry(kind).or_default(),
                        KindWord::Technology(technology) => {
                            self.defaults.technologies.entry(&technology.id).or_default()
                        }
                    };
                    inherit(defaults, &attrs);
                }
                (word, None) => {
                    let kinds = Kind::ALL.into_iter().map(Kind::name);
                    let near = self.guess(word, ["call", "handoff"].into_iter().chain(kinds));
                    let label =
                        near.map_or("not known".to_string(), |near| format!("did you mean `{near}`?"));
                    self.report(
                        Diagnostic::mistake(
                            "unknown-kind",
                            format!("`every {word}`: there is no such kind"),
                            subject.span,
                            label,
                        )
                        .help("`every` takes a kind, a technology, `call` or `handoff`"),
                    );
                }
            }
        }
    }
}

/// Adds what is not said yet, marked as inherited.
pub(super) fn inherit(attrs: &mut Attrs, from: &Attrs) {
    for setting in from.iter() {
        if attrs.get(setting.name).is_none() {
            let mut setting = setting.clone();
            setting.inherited = true;
            attrs.push(setting);
        }
    }
}

const KEYWORDS: [&str; 12] = [
    "design", "region", "zone", "group", "flow", "given", "every", "table", "decide", "out", "allow", "note",
];
