//! What people may ask by `/v1/sql`: one SELECT, whose syntax tree, as the engine itself parses it, holds nothing but
//! nodes, functions and tables that are listed here. Whatever nobody has thought of is refused.
//!
//! This is one of three walls. ClickHouse's own settings keep a statement from changing anything and from taking too
//! much; the kernel keeps the embedded child from files and sockets, a server's grants its user.

mod functions;
mod tree;
mod writing;

use thiserror::Error;

use tree::{Node, Tree};
pub(super) use writing::{examine_calls, examine_writing};

/// The database that names without one are of.
pub(super) const DATABASE: &str = "rum";

/// Databases whose tables may all be read.
const DATABASES: [&str; 2] = [DATABASE, "rum_data"];

/// Tables of other databases: constants, numbers, and which columns there are.
const TABLES: [&str; 3] = ["system.one", "system.numbers", "system.columns"];

/// Functions that make a table of nothing but their arguments. Not `values`: it takes columns as text, and such a text may
/// hold `b String ALIAS hostName()`, a function that no tree shows.
const TABLE_FUNCTIONS: [&str; 5] = [
    "numbers",
    "numbers_mt",
    "generate_series",
    "generateseries",
    // As the engine writes VALUES (…) in FROM.
    "sqlstandardvalues",
];

/// What a SELECT is made of. Absent: `Set` (SETTINGS), `ColumnsApplyTransformer`, whose function EXPLAIN AST does not
/// tell, and every other statement.
const NODES: [&str; 31] = [
    "ArrayJoin",
    "Asterisk",
    "ColumnsExceptTransformer",
    "ColumnsListMatcher",
    "ColumnsRegexpMatcher",
    "ColumnsReplaceTransformer",
    "ColumnsReplaceTransformer::Replacement",
    "ColumnsTransformerList",
    "ExpressionList",
    "Function",
    "Identifier",
    "InterpolateElement",
    "Literal",
    "OrderByElement",
    "QualifiedAsterisk",
    "QualifiedColumnsListMatcher",
    "QualifiedColumnsRegexpMatcher",
    "SampleRatio",
    "SelectIntersectExceptQuery",
    "SelectQuery",
    "SelectWithUnionQuery",
    "Subquery",
    "TableExpression",
    "TableIdentifier",
    "TableJoin",
    "TablesInSelectQuery",
    "TablesInSelectQueryElement",
    "TypeConversion",
    "WindowDefinition",
    "WindowListElement",
    "WithElement",
];

/// Functions whose second argument may be a table's name, which looks like a column's.
const IN: [&str; 8] = [
    "in",
    "notin",
    "nullin",
    "notnullin",
    "globalin",
    "globalnotin",
    "globalnullin",
    "globalnotnullin",
];

/// Functions that take a type's name, and where: counted from the front, or the last.
const CASTS: [(&str, TypeAt); 6] = [
    ("_cast", TypeAt::Second),
    ("cast", TypeAt::Second),
    ("accuratecast", TypeAt::Second),
    ("accuratecastornull", TypeAt::Second),
    ("accuratecastordefault", TypeAt::Second),
    ("jsonextract", TypeAt::Last),
];

/// Which argument is a type's name.
#[derive(Clone, Copy)]
enum TypeAt {
    Second,
    Last,
}

/// States of aggregate functions are read from bytes as they come: not from a stranger's.
const REFUSED_TYPE: &str = "aggregatefunction";

/// Why a statement may not run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Forbidden {
    /// It is no SELECT.
    #[error("only SELECT is answered here, and this is {0}; columns are listed in system.columns")]
    Statement(String),
    /// It says where its answer goes, or how it is written.
    #[error("INTO OUTFILE and FORMAT are refused: the answer comes over HTTP, and ?format= says how it is written")]
    Output,
    /// It changes settings.
    #[error("SETTINGS are refused: the limits are those of [sql] in the collector's configuration")]
    Settings,
    /// A part of SELECT that is not listed.
    #[error("{0} is refused: it is not among the parts of SELECT that are allowed here")]
    Part(String),
    /// A function that is not listed.
    #[error("the function {0} is refused: it is not among those that only compute")]
    Function(String),
    /// A table function that is not listed.
    #[error("the table function {0} is refused: only numbers and generate_series are allowed, which read nothing")]
    TableFunction(String),
    /// A table that is not listed.
    #[error(
        "the table {0} is refused: there are those of rum and rum_data, and system.one, system.numbers, system.columns"
    )]
    Table(String),
    /// A type that is not allowed.
    #[error(
        "the type {0:?} is refused: types are written out, and states of aggregate functions are none that bytes become here"
    )]
    Type(String),
    /// A name that could be mistaken for something else.
    #[error("names with a backslash, a line end or another control character are refused")]
    Name,
    /// The engine has told a tree that does not hold together.
    #[error("the engine's syntax tree cannot be understood at {0:?}, so the statement is refused")]
    Unreadable(String),
}

/// Looks through a statement's syntax tree, as EXPLAIN AST tells it line by line.
pub(super) fn examine(lines: &[String]) -> Result<(), Forbidden> {
    let tree = Tree::read(lines)?;
    let root = tree.root();
    if !matches!(root.kind, "SelectWithUnionQuery" | "SelectIntersectExceptQuery") {
        return Err(Forbidden::Statement(statement(root.kind)));
    }
    tree.nodes().try_for_each(|node| examine_node(&tree, node))
}

fn examine_node(tree: &Tree<'_>, node: &Node<'_>) -> Result<(), Forbidden> {
    match node.kind {
        "Set" => return Err(Forbidden::Settings),
        "ColumnsApplyTransformer" => return Err(Forbidden::Part("APPLY".to_owned())),
        kind if !NODES.contains(&kind) => return Err(Forbidden::Part(kind.to_owned())),
        // Its selects are its one child; a file or a format would be further ones.
        "SelectWithUnionQuery" if tree.children(node).count() > 1 => return Err(Forbidden::Output),
        "TableIdentifier" if !is_allowed_table(node.name) => return Err(Forbidden::Table(node.name.to_owned())),
        "Identifier" if is_said_of_the_server(node.name) => return Err(Forbidden::Function(node.name.to_owned())),
        "Identifier" if is_of_other_database(node.name) => return Err(Forbidden::Table(node.name.to_owned())),
        "TableExpression" => {
            for source in tree.children(node).filter(|child| child.kind == "Function") {
                let name = source.name.to_ascii_lowercase();
                // A view with parameters is written as a function, and is allowed as a table is.
                let is_view = source.name.contains('.') && is_allowed_table(source.name);
                if !is_view && !TABLE_FUNCTIONS.contains(&name.as_str()) {
                    return Err(Forbidden::TableFunction(source.name.to_owned()));
                }
            }
        }
        "Function" => examine_function(tree, node)?,
        _ => {}
    }
    Ok(())
}

fn examine_function(tree: &Tree<'_>, node: &Node<'_>) -> Result<(), Forbidden> {
    let name = node.name.to_ascii_lowercase();
    let is_source = tree.parent(node).is_some_and(|parent| parent.kind == "TableExpression");
    if !is_source && !functions::is_allowed(&name) {
        return Err(Forbidden::Function(node.name.to_owned()));
    }
    let arguments = || tree.children(node).take(1).flat_map(|list| tree.children(list));
    if IN.contains(&name.as_str())
        && let Some(set) = arguments().nth(1)
        && set.kind == "Identifier"
        && !is_allowed_table(set.name)
    {
        return Err(Forbidden::Table(set.name.to_owned()));
    }
    let Some((_, at)) = CASTS.iter().find(|(cast, _)| *cast == name) else {
        return Ok(());
    };
    let sort = match at {
        TypeAt::Second => arguments().nth(1),
        TypeAt::Last => arguments().last(),
    };
    // Written out: a type that is put together is not known here.
    let known = sort.is_some_and(|sort| sort.kind == "Literal" && !is_refused_type(sort.name));
    if known {
        Ok(())
    } else {
        let name = sort.map(|sort| sort.name.trim_matches('\'').chars().take(80).collect());
        Err(Forbidden::Type(name.unwrap_or_default()))
    }
}

fn is_refused_type(text: &str) -> bool {
    // A name in a type may be quoted and have escapes, which the literal tells as two backslashes.
    text.to_ascii_lowercase().contains(REFUSED_TYPE) || text.contains(r"\\")
}

/// Whether `name` is a table that may be read. A name without a database is of [`DATABASE`], or of a subquery of the
/// statement's own.
fn is_allowed_table(name: &str) -> bool {
    match name.split_once('.') {
        None => is_word(name),
        Some((database, table)) => (DATABASES.contains(&database) && is_word(table)) || TABLES.contains(&name),
    }
}

/// What SQL calls without brackets, as if it was a column.
fn is_said_of_the_server(name: &str) -> bool {
    const NAMES: [&str; 6] = [
        "user",
        "current_user",
        "currentuser",
        "session_user",
        "currentdatabase",
        "current_database",
    ];
    NAMES.iter().any(|said| name.eq_ignore_ascii_case(said))
}

/// A column may be written with its table and database, and a table is sometimes written where columns are.
fn is_of_other_database(name: &str) -> bool {
    let others = [
        "system",
        "information_schema",
        "default",
        "_temporary_and_external_tables",
    ];
    name.split_once('.').is_some_and(|(first, _)| {
        others.iter().any(|other| first.eq_ignore_ascii_case(other))
            && !TABLES.iter().any(|table| name.starts_with(table))
    })
}

fn is_word(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A root's name as people know it: `InsertQuery` is INSERT.
fn statement(kind: &str) -> String {
    let name = kind.strip_suffix("Query").unwrap_or(kind);
    name.to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_select_of_listed_parts_may_run() {
        let tree = "SelectWithUnionQuery (children 1)\n ExpressionList (children 1)\n  SelectQuery (children 2)\n   \
                    ExpressionList (children 1)\n    Function quantile (alias p75) (children 2)\n     ExpressionList (children 1)\n      \
                    Identifier value\n     ExpressionList (children 1)\n      Literal Float64_0.75\n   TablesInSelectQuery (children 1)\n    \
                    TablesInSelectQueryElement (children 1)\n     TableExpression (children 1)\n      TableIdentifier rum.web_vitals";
        assert_eq!(examine(&lines(tree)), Ok(()));
        for (from, to, expected) in [
            (
                "rum.web_vitals",
                "system.users",
                Forbidden::Table("system.users".into()),
            ),
            ("rum.web_vitals", "rum.a.b", Forbidden::Table("rum.a.b".into())),
            (
                "rum.web_vitals",
                "RUM.web_vitals",
                Forbidden::Table("RUM.web_vitals".into()),
            ),
            (
                "rum.web_vitals",
                "http://x/a.csv",
                Forbidden::Table("http://x/a.csv".into()),
            ),
            (
                "TableIdentifier rum.web_vitals",
                "Function url",
                Forbidden::TableFunction("url".into()),
            ),
            ("Function quantile", "Function file", Forbidden::Function("file".into())),
            ("Identifier value", "Set", Forbidden::Settings),
            (
                "Identifier value",
                "ColumnsApplyTransformer",
                Forbidden::Part("APPLY".into()),
            ),
            ("Identifier value", "Newfangled", Forbidden::Part("Newfangled".into())),
            (
                "Identifier value",
                "Identifier system.users.name",
                Forbidden::Table("system.users.name".into()),
            ),
        ] {
            assert_eq!(
                examine(&lines(&tree.replace(from, to))),
                Err(expected),
                "{from} as {to}"
            );
        }
    }

    #[test]
    fn other_statements_are_named() {
        for (tree, name) in [
            ("InsertQuery   (children 1)\n Identifier x", "INSERT"),
            ("Set", "SET"),
            ("ShowTables", "SHOWTABLES"),
            ("Explain EXPLAIN AST (children 1)\n Literal 1", "EXPLAIN"),
        ] {
            assert_eq!(examine(&lines(tree)), Err(Forbidden::Statement(name.into())), "{tree}");
        }
    }

    #[test]
    fn a_file_or_a_format_is_a_further_child_of_the_root() {
        let tree = "SelectWithUnionQuery (children 2)\n ExpressionList (children 1)\n  Literal 1\n Literal '/tmp/x'";
        assert_eq!(examine(&lines(tree)), Err(Forbidden::Output));
    }

    #[test]
    fn a_table_on_the_right_of_in_is_a_table() {
        let tree = |set: &str| {
            format!(
                "SelectWithUnionQuery (children 1)\n Function notIn (children 1)\n  ExpressionList (children 2)\n   \
                 Identifier a\n   Identifier {set}"
            )
        };
        for (set, allowed) in [
            ("names", true),
            ("rum.errors", true),
            ("rum_data.errors", true),
            ("system.one", true),
            ("elsewhere.users", false),
            ("system.users", false),
            ("`odd", false),
        ] {
            assert_eq!(examine(&lines(&tree(set))).is_ok(), allowed, "{set}");
        }
    }

    #[test]
    fn states_of_aggregates_are_not_cast() {
        let tree = "SelectWithUnionQuery (children 1)\n Function CAST (children 1)\n  ExpressionList (children 2)\n   \
                    Literal 'x'\n   Literal 'Array(AggregateFunction(sum, UInt8))'";
        assert!(matches!(examine(&lines(tree)), Err(Forbidden::Type(_))));
        let put_together = tree.replace("Literal 'Array(AggregateFunction(sum, UInt8))'", "Function concat");
        assert!(matches!(examine(&lines(&put_together)), Err(Forbidden::Type(_))));
        assert_eq!(
            examine(&lines(&tree.replace("AggregateFunction(sum, UInt8)", "UInt8"))),
            Ok(())
        );
    }
}
