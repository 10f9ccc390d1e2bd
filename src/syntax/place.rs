//! Which statement may stand in which block, and what is most likely meant where one may not.
//!
//! A statement that does not fit is either in the wrong place, or the block before it was never closed. Where the file's
//! braces balance, no block can be unclosed. Where a `}` is missing, indentation tells: a statement no deeper than a
//! block's header stands outside of it.

use crate::{
    diagnostic::Diagnostic,
    source::Span,
    syntax::{ast::Statement, habits, lexical},
};

/// What an open block takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    Top,
    Group,
    Flow,
    Given,
    Node,
    Table,
    /// The block of a header that could not be read: nobody knows.
    Any,
}

impl Room {
    /// The block that `statement` opens.
    pub fn of(statement: &Statement<'_>) -> Room {
        match statement {
            Statement::Group { .. } => Room::Group,
            Statement::Flow { .. } => Room::Flow,
            Statement::Given => Room::Given,
            Statement::Node(_) => Room::Node,
            Statement::Table { .. } => Room::Table,
            _ => Room::Any,
        }
    }

    pub fn takes(self, statement: &Statement<'_>) -> bool {
        use Statement as S;
        match statement {
            S::Broken => true,
            S::Let { .. } => matches!(self, Room::Given | Room::Table | Room::Any),
            S::Field(_) => matches!(self, Room::Table | Room::Any),
            S::Table { .. } => matches!(self, Room::Node | Room::Any),
            S::Chain(_) => matches!(self, Room::Top | Room::Group | Room::Flow | Room::Any),
            S::Node(_) | S::Group { .. } | S::Note { .. } => {
                matches!(self, Room::Top | Room::Group | Room::Any)
            }
            S::Design { .. }
            | S::Flow { .. }
            | S::Given
            | S::Every { .. }
            | S::Decide { .. }
            | S::Out { .. }
            | S::Allow { .. } => matches!(self, Room::Top | Room::Any),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Room::Top => "at the top level",
            Room::Group => "in a group",
            Room::Flow => "in a flow",
            Room::Given => "in `given`",
            Room::Node => "in a node",
            Room::Table => "in a table",
            Room::Any => "here",
        }
    }

    fn contents(self) -> &'static str {
        match self {
            Room::Top => "tables stand in a node's block, numbers in `given { … }`",
            Room::Group => "a group holds nodes, groups, hops and notes",
            Room::Flow => "a flow holds hops: `a -> b`",
            Room::Given => "`given` holds numbers: `users = 5M`",
            Room::Node => "a node's block holds tables; only `region`, `zone` and `group` hold nodes",
            Room::Table => "a table holds `key`, `unique`, `index`, `shard`, `column`, `ref` and `rows = …`",
            Room::Any => "",
        }
    }
}

/// Whether `statement` needs a block.
pub fn needs_block(statement: &Statement<'_>) -> bool {
    matches!(
        statement,
        Statement::Group { .. } | Statement::Flow { .. } | Statement::Given | Statement::Table { .. }
    )
}

/// Whether a `{` after `statement` is its block.
pub fn has_block(statement: &Statement<'_>) -> bool {
    needs_block(statement) || matches!(statement, Statement::Node(_) | Statement::Broken)
}

pub fn describe(statement: &Statement<'_>) -> &'static str {
    match statement {
        Statement::Design { .. } => "`design`",
        Statement::Node(_) => "a node",
        Statement::Group { .. } => "a group",
        Statement::Chain(_) => "a hop",
        Statement::Flow { .. } => "a flow",
        Statement::Given => "`given`",
        Statement::Let { .. } => "a number",
        Statement::Every { .. } => "`every`",
        Statement::Table { .. } => "a table",
        Statement::Field(_) => "a field",
        Statement::Decide { .. } => "`decide`",
        Statement::Out { .. } => "`out`",
        Statement::Allow { .. } => "`allow`",
        Statement::Note { .. } => "a note",
        Statement::Broken => "this",
    }
}

pub fn misplaced(statement: &Statement<'_>, span: Span, room: Room, open: Option<Span>) -> Diagnostic {
    let what = describe(statement);
    if let (Statement::Node(header), Room::Table) = (statement, room) {
        return habits::not_a_field(header.kind, header.id.text);
    }
    let home = match statement {
        Statement::Let { .. } if room == Room::Node => {
            "what is said of a node stands before its `{`: `redis hot x2 ttl=1h`"
        }
        Statement::Let { .. } => "write it in `given { NAME = … }`",
        Statement::Field(_) => {
            "write it in a table, which stands in a store: `postgres store { table t { key id } }`"
        }
        Statement::Table { .. } => {
            "write it in the block of a store: `postgres store { table t { key id } }`"
        }
        Statement::Node(_) | Statement::Group { .. } | Statement::Chain(_) | Statement::Note { .. } => {
            "write it at the top level or in a region, zone or group"
        }
        _ => "write it at the top level, outside of every block",
    };
    let mistake = habits::syntax(
        format!("{what} does not stand {}", room.name()),
        span,
        format!("not {}", room.name()),
    );
    let mistake = match open {
        Some(open) => mistake.label(open, "in this block").help(room.contents()),
        None => mistake,
    };
    mistake.help(home)
}

/// Whether every `{` has its `}`, by braces outside of strings and comments.
pub fn balanced(source: &str) -> bool {
    let mut depth = 0_usize;
    let mut rest = source;
    while let Some(at) = rest.find(['{', '}', '"', '#']) {
        let byte = rest.as_bytes()[at];
        rest = &rest[at + 1..];
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b'#' => rest = &rest[rest.find('\n').unwrap_or(rest.len())..],
            _ => {
                let body = lexical::string_body(rest).map_or(0, |(_, body)| body.len());
                if !rest[body..].starts_with('"') && rest[..body].trim_end().ends_with('{') {
                    depth += 1;
                }
                rest = rest[body..].strip_prefix('"').unwrap_or(&rest[body..]);
            }
        }
    }
    depth == 0
}
