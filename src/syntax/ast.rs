//! What the text says, before any name is looked up.
//!
//! The tree is flat: items stand in source order, and a block's items follow its header up to `Block::end`. No pass over
//! it recurses, so no file can be nested too deep.

use crate::source::Span;

/// A word and its place. Ids, kinds, attribute names, rule names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<'s> {
    pub text: &'s str,
    pub span: Span,
}

/// A string. `raw` is what stands between the quotes, escapes and all; `span` includes the quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'s> {
    pub raw: &'s str,
    pub span: Span,
}

impl Text<'_> {
    /// The text with `\"` and `\\` resolved.
    pub fn unescaped(&self) -> String {
        let mut out = String::with_capacity(self.raw.len());
        let mut chars = self.raw.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => out.extend(chars.next()),
                other => out.push(other),
            }
        }
        out
    }
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ast<'s> {
    pub items: Vec<Item<'s>>,
    /// All comments, in order of place; no item holds one.
    pub comments: Vec<Comment<'s>>,
    /// What lines that could not be read may have declared: naming it elsewhere is no second mistake.
    pub lost: Vec<Word<'s>>,
}

/// `# text`, without its line ending. `text` is what follows the `#`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment<'s> {
    pub text: &'s str,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Item<'s> {
    pub statement: Statement<'s>,
    /// The statement itself: for one with a block, the header without its `{`.
    pub span: Span,
    /// Index in `Ast::items` of the item in whose block this one stands.
    pub parent: Option<usize>,
    /// Number of open blocks around it.
    pub depth: usize,
    pub block: Option<Block>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    pub open: Span,
    /// The `}`; empty where it is missing and was assumed.
    pub close: Span,
    /// Index in `Ast::items` past the last item inside.
    pub end: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Statement<'s> {
    /// `design "Title" solves chat-system at large`
    Design { title: Option<Text<'s>>, solves: Option<Word<'s>>, at: Option<Word<'s>> },
    /// `postgres store "Links" x3 @a,b failover=auto { … }`
    Node(NodeHeader<'s>),
    /// `region eu "Europe" zones=3 { … }`
    Group { kind: Word<'s>, id: Word<'s>, label: Option<Text<'s>>, attrs: Vec<Attr<'s>> },
    /// `a, b -> c timeout=1s ~> d`
    Chain(Chain<'s>),
    /// `flow redirect "GET /{code}" rate=5k/s { … }`
    Flow { id: Word<'s>, label: Option<Text<'s>>, attrs: Vec<Attr<'s>> },
    /// `given { … }`
    Given,
    /// `users = 5M` in a `given`, `rows = 2 * users` or `data = [pii, private]` in a table
    Let { name: Word<'s>, value: Value<'s> },
    /// `every call timeout=1s`
    Every { subject: Word<'s>, attrs: Vec<Attr<'s>> },
    /// `table link { … }`
    Table { id: Word<'s> },
    /// `key a, b`, `unique a`, `index a where b`, `shard a`, `column a text`, `ref a -> t.b`
    Field(Field<'s>),
    /// `decide "what" because "why" over "alternative"`
    Decide { what: Text<'s>, because: Option<Text<'s>>, over: Option<Text<'s>> },
    /// `out "what"`
    Out { what: Text<'s> },
    /// `allow RULE on a, b because "why" until 2027-06`
    Allow {
        rule: Word<'s>,
        on: Vec<Word<'s>>,
        because: Option<Text<'s>>,
        /// `2027`, `2027-06` or `2027-06-30`, as written.
        until: Option<Word<'s>>,
    },
    /// `note on a "text"`
    Note { on: Vec<Word<'s>>, text: Text<'s> },
    /// A statement that could not be read. It may still have opened a block.
    Broken,
}

#[derive(Debug, Clone, PartialEq)]
pub struct NodeHeader<'s> {
    /// A kind of component, or a technology, which implies its kind.
    pub kind: Word<'s>,
    pub id: Word<'s>,
    pub label: Option<Text<'s>>,
    /// `x3`, as written.
    pub times: Option<Word<'s>>,
    /// `@a,b`: the zones.
    pub places: Vec<Word<'s>>,
    pub attrs: Vec<Attr<'s>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Chain<'s> {
    pub first: Vec<Word<'s>>,
    pub legs: Vec<Leg<'s>>,
}

/// One arrow of a chain and where it leads; its attributes belong to the hops it makes.
#[derive(Debug, Clone, PartialEq)]
pub struct Leg<'s> {
    pub arrow: Arrow,
    pub arrow_span: Span,
    pub to: Vec<Word<'s>>,
    pub attrs: Vec<Attr<'s>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Arrow {
    /// `->` call and wait
    Call,
    /// `~>` hand off, and go on
    Handoff,
    /// `<->` a long-lived two-way connection
    Stream,
    /// `..>` acts on it, outside the request path
    Control,
}

impl Arrow {
    pub const ALL: [Arrow; 4] = [Arrow::Call, Arrow::Handoff, Arrow::Stream, Arrow::Control];

    pub fn symbol(self) -> &'static str {
        match self {
            Arrow::Call => "->",
            Arrow::Handoff => "~>",
            Arrow::Stream => "<->",
            Arrow::Control => "..>",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Attr<'s> {
    pub name: Word<'s>,
    /// None for a bare name, which means yes.
    pub value: Option<Value<'s>>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Value<'s> {
    Scalar(Scalar<'s>),
    /// `[a, b]`
    List {
        items: Vec<Scalar<'s>>,
        span: Span,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub enum Scalar<'s> {
    Expr(Expr<'s>),
    Text(Text<'s>),
}

/// A word, a number or arithmetic, as tokens in the order written. The parser has seen to it that operands and operators
/// alternate and parentheses match; names and units are looked up later.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr<'s> {
    pub tokens: Vec<Token<'s>>,
    pub span: Span,
}

impl<'s> Expr<'s> {
    /// The name, where the expression is nothing else.
    pub fn as_word(&self) -> Option<Word<'s>> {
        match self.tokens.as_slice() {
            [Token { kind: TokenKind::Name, text, span }] => Some(Word { text, span: *span }),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Token<'s> {
    pub kind: TokenKind<'s>,
    pub text: &'s str,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TokenKind<'s> {
    /// `1.5k`: the number and its unit, which may be empty. The unit is not checked yet.
    Number {
        number: f64,
        unit: &'s str,
    },
    Name,
    Plus,
    Minus,
    Times,
    Over,
    Open,
    Close,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Field<'s> {
    Key(Vec<Word<'s>>),
    Unique(Vec<Word<'s>>),
    Index {
        fields: Vec<Word<'s>>,
        /// The condition of a partial index, as written.
        filter: Option<Word<'s>>,
        include: Vec<Word<'s>>,
    },
    Shard(Vec<Word<'s>>),
    Column {
        name: Word<'s>,
        ty: Word<'s>,
    },
    Ref {
        field: Word<'s>,
        table: Word<'s>,
        target: Word<'s>,
    },
}
