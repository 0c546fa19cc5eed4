//! Reading a GraphQL document without being harmed by it.
//!
//! The library's own walks follow every fragment as often as it is spread: a document of a kilobyte can keep them busy for
//! hours, in gigabytes. So the document is measured first, each fragment once.
//!
//! Architecture Invariant: no document reaches the library that expands to more than the limits below.

use std::collections::HashMap;

use async_graphql::parser::types::{
    BaseType, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet, Type,
};
use async_graphql::parser::{self, parse_query};
use async_graphql::{Pos, Positioned, Value, Variables};

use super::refusal::{Refusal, count};

/// Bytes of a document: ten times what the largest of real clients send.
const BYTES: usize = 32 * 1024;
/// Brackets open at once: the parser calls itself for each.
const NESTING: usize = 64;
/// Fields and spreads once every fragment is put in its place.
const SELECTIONS: usize = 3_000;
/// Fields renamed, so that one field cannot be asked for a thousand times under a thousand names.
const ALIASES: usize = 30;
/// Directives on one field.
const DIRECTIVES: usize = 8;
/// Fragments spread one within the other: what the library follows by calling itself.
const FRAGMENT_DEPTH: usize = 30;

/// A document that may be run.
#[derive(Debug)]
pub struct Document {
    /// As the library reads it.
    pub parsed: ExecutableDocument,
    /// What kind of operation is asked for.
    pub operation: OperationType,
}

/// Reads a document and chooses the operation, whose variables must have their values.
///
/// # Errors
/// A refusal that says where the fault is, or which limit is passed.
pub fn read(text: &str, operation_name: Option<&str>, variables: &Variables) -> Result<Document, Refusal> {
    if text.len() > BYTES {
        return Err(Refusal::document("DOCUMENT_TOO_LARGE").with("limit", count(BYTES)));
    }
    if nesting(text) > NESTING {
        return Err(Refusal::document("DOCUMENT_TOO_DEEP").with("limit", count(NESTING)));
    }
    let parsed = parse_query(text).map_err(|error| syntax(&error))?;
    measure(&parsed)?;
    let chosen = choose(&parsed, operation_name)?;
    check_root(chosen)?;
    check_variables(chosen, variables)?;
    let operation = chosen.ty;
    Ok(Document { parsed, operation })
}

/// Gives the variables that may hold the size of a page, and were left out, the null that leaving them out means there: the
/// library reckons what a page costs before it runs anything, and takes no absent variable for that.
pub fn complete(document: &ExecutableDocument, variables: &mut Variables) {
    for (_, operation) in document.operations.iter() {
        for definition in &operation.node.variable_definitions {
            let Type { base, nullable } = &definition.node.var_type.node;
            let number = matches!(base, BaseType::Named(name) if name == "Int");
            if number && *nullable && definition.node.default_value.is_none() {
                let name = definition.node.name.node.clone();
                variables.entry(name).or_insert(Value::Null);
            }
        }
    }
}

/// The most brackets open at once, outside strings and comments.
fn nesting(text: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    let mut rest = text;
    while let Some(at) = rest.find(['{', '[', '(', '}', ']', ')', '"', '#']) {
        let from = &rest[at..];
        rest = &from[1..];
        match from.as_bytes()[0] {
            b'{' | b'[' | b'(' => {
                open += 1;
                most = most.max(open);
            }
            b'#' => rest = from.find(['\n', '\r']).map_or("", |end| &from[end..]),
            b'"' => rest = after_string(from),
            _ => open = open.saturating_sub(1),
        }
    }
    most
}

/// What follows the string that `text` starts with; nothing when it does not end.
fn after_string(text: &str) -> &str {
    if let Some(block) = text.strip_prefix("\"\"\"") {
        let mut rest = block;
        while let Some(end) = rest.find("\"\"\"") {
            let escaped = rest[..end].ends_with('\\');
            rest = &rest[end + 3..];
            if !escaped {
                return rest;
            }
        }
        return "";
    }
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' | '\n' | '\r' => return &text[at + 1..],
            _ => {}
        }
    }
    ""
}

fn syntax(error: &parser::Error) -> Refusal {
    let mut places = error.positions();
    let first = places.next();
    let refusal = match error {
        parser::Error::MultipleOperations { .. } => Refusal::document("OPERATION_ANONYMOUS_AMONG_OTHERS"),
        parser::Error::OperationDuplicated { operation, .. } => {
            Refusal::document("OPERATION_DUPLICATED").with("name", operation.as_str())
        }
        parser::Error::FragmentDuplicated { fragment, .. } => {
            Refusal::document("FRAGMENT_DUPLICATED").with("name", fragment.as_str())
        }
        parser::Error::MissingOperation => Refusal::document("OPERATION_MISSING"),
        parser::Error::RecursionLimitExceeded => {
            Refusal::document("DOCUMENT_TOO_DEEP").with("limit", count(NESTING))
        }
        // `Syntax`, and what only a schema's text can have.
        _ => Refusal::document("GRAPHQL_SYNTAX"),
    };
    let Pos { line, column } = first.unwrap_or(Pos { line: 1, column: 1 });
    let refusal = refusal.with("line", count(line)).with("column", count(column));
    first.into_iter().fold(refusal, Refusal::at)
}

fn choose<'d>(
    document: &'d ExecutableDocument,
    name: Option<&str>,
) -> Result<&'d OperationDefinition, Refusal> {
    let mut operations = document.operations.iter();
    let chosen = match name {
        Some(name) => operations.find(|(own, _)| own.is_some_and(|own| own.as_str() == name)),
        None if operations.len() == 1 => operations.next(),
        None => return Err(Refusal::document("OPERATION_NAME_NEEDED")),
    };
    match chosen {
        Some((_, operation)) => Ok(&operation.node),
        None => Err(Refusal::document("OPERATION_NOT_FOUND").with("name", name.unwrap_or_default())),
    }
}

/// A subscription has one field at its root. The library would run them all, and see none in a fragment.
fn check_root(operation: &OperationDefinition) -> Result<(), Refusal> {
    match operation.selection_set.node.items.as_slice() {
        _ if operation.ty != OperationType::Subscription => Ok(()),
        [Positioned { node: Selection::Field(_), .. }] => Ok(()),
        _ => Err(Refusal::document("SUBSCRIPTION_NOT_SINGLE")),
    }
}

/// The library only notices at the field that uses it that a variable has no value, when fields before it were resolved.
fn check_variables(operation: &OperationDefinition, variables: &Variables) -> Result<(), Refusal> {
    for definition in &operation.variable_definitions {
        let Positioned { pos, node: definition } = definition;
        let name = &definition.name.node;
        let needed = !definition.var_type.node.nullable && definition.default_value.is_none();
        if needed && variables.get(name).is_none_or(|value| *value == Value::Null) {
            return Err(Refusal::document("VARIABLE_MISSING").with("name", name.as_str()).at(*pos));
        }
    }
    Ok(())
}

/// What a selection set comes to once its fragments are put in their place.
#[derive(Debug, Clone, Copy, Default)]
struct Weight {
    selections: usize,
    aliases: usize,
}

impl Weight {
    fn add(&mut self, other: Self) {
        self.selections = self.selections.saturating_add(other.selections);
        self.aliases = self.aliases.saturating_add(other.aliases);
    }
}

fn measure(document: &ExecutableDocument) -> Result<(), Refusal> {
    let mut scale = Scale { document, fragments: HashMap::new() };
    let mut total = Weight::default();
    for (_, operation) in document.operations.iter() {
        total.add(scale.weigh(&operation.node.selection_set.node, 0)?);
    }
    // A fragment that no operation spreads is walked by the library all the same.
    for name in document.fragments.keys() {
        scale.fragment(name, 0)?;
    }
    if total.selections > SELECTIONS {
        return Err(Refusal::document("DOCUMENT_TOO_WIDE").with("limit", count(SELECTIONS)));
    }
    if total.aliases > ALIASES {
        return Err(Refusal::document("TOO_MANY_ALIASES").with("limit", count(ALIASES)));
    }
    Ok(())
}

/// Weighs each fragment once.
struct Scale<'d> {
    document: &'d ExecutableDocument,
    /// The weight of each fragment seen; none while it is being weighed, which tells a cycle.
    fragments: HashMap<&'d str, Option<Weight>>,
}

impl<'d> Scale<'d> {
    fn weigh(&mut self, set: &'d SelectionSet, depth: usize) -> Result<Weight, Refusal> {
        let mut total = Weight::default();
        for selection in &set.items {
            if selection.node.directives().len() > DIRECTIVES {
                return Err(Refusal::document("TOO_MANY_DIRECTIVES")
                    .with("limit", count(DIRECTIVES))
                    .at(selection.pos));
            }
            total.add(Weight { selections: 1, aliases: 0 });
            match &selection.node {
                Selection::Field(field) => {
                    total.add(Weight { selections: 0, aliases: usize::from(field.node.alias.is_some()) });
                    total.add(self.weigh(&field.node.selection_set.node, depth)?);
                }
                Selection::InlineFragment(inline) => {
                    total.add(self.weigh(&inline.node.selection_set.node, depth)?);
                }
                Selection::FragmentSpread(spread) => {
                    total.add(self.fragment(spread.node.fragment_name.node.as_str(), depth + 1)?);
                }
            }
        }
        Ok(total)
    }

    fn fragment(&mut self, name: &str, depth: usize) -> Result<Weight, Refusal> {
        // An unknown fragment weighs nothing here: validation names it.
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return Ok(Weight::default());
        };
        match self.fragments.get(name.as_str()) {
            Some(Some(weight)) => return Ok(*weight),
            Some(None) => {
                return Err(Refusal::document("FRAGMENT_CYCLE").with("name", name.as_str()).at(fragment.pos));
            }
            None if depth > FRAGMENT_DEPTH => {
                return Err(Refusal::document("FRAGMENTS_TOO_DEEP").with("limit", count(FRAGMENT_DEPTH)));
            }
            None => {}
        }
        self.fragments.insert(name.as_str(), None);
        let weight = self.weigh(&fragment.node.selection_set.node, depth)?;
        self.fragments.insert(name.as_str(), Some(weight));
        Ok(weight)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn read(text: &str, name: Option<&str>) -> Result<Document, Refusal> {
        super::read(text, name, &Variables::default())
    }

    fn refusal(text: &str) -> &'static str {
        read(text, None).expect_err("refused").code
    }

    #[test]
    fn nesting_counts_brackets_and_not_what_looks_like_them() {
        assert_eq!(nesting("{a{b(c:[1])}}"), 4);
        assert_eq!(nesting(r#"{a(b:"((((\"((((")}"#), 2);
        assert_eq!(nesting("{a(b:\"\"\"((( \\\"\"\" ((( \"\"\")} # ((((("), 2);
        assert_eq!(nesting("}}}}{"), 1);
        assert_eq!(nesting("\"(((("), 0);
        let deep = 20_000;
        assert_eq!(nesting(&"[".repeat(deep)), deep);
    }

    #[test]
    fn what_is_too_much_is_refused_at_once() {
        let mut bomb = "{...F0}".to_owned();
        for i in 0..25 {
            write!(bomb, " fragment F{i} on Query {{...F{} ...F{}}}", i + 1, i + 1).expect("a string");
        }
        bomb.push_str(" fragment F25 on Query {__typename}");
        assert_eq!(refusal(&bomb), "DOCUMENT_TOO_WIDE");
        assert_eq!(refusal(&format!("{{{}}}", "a ".repeat(3_001))), "DOCUMENT_TOO_WIDE");
        assert_eq!(refusal(&"{a".repeat(10_000)), "DOCUMENT_TOO_DEEP");
        assert_eq!(refusal(&format!("{{a(b:{}", "[".repeat(20_000))), "DOCUMENT_TOO_DEEP");
        assert_eq!(refusal(&" ".repeat(32 * 1024 + 1)), "DOCUMENT_TOO_LARGE");
        let aliases: Vec<String> = (0..31).map(|i| format!("a{i}:b")).collect();
        assert_eq!(refusal(&format!("{{{}}}", aliases.join(" "))), "TOO_MANY_ALIASES");
        assert_eq!(refusal(&format!("{{a {}}}", "@b ".repeat(9))), "TOO_MANY_DIRECTIVES");
        let chain: Vec<String> = (0..40).map(|i| format!("fragment F{i} on Q {{...F{}}}", i + 1)).collect();
        let chain = chain.join(" ");
        assert_eq!(refusal(&format!("{{...F0}} {chain} fragment F40 on Q {{a}}")), "FRAGMENTS_TOO_DEEP");
    }

    #[test]
    fn cycles_are_refused_even_where_no_operation_leads() {
        assert_eq!(refusal("{...A} fragment A on Q {...B} fragment B on Q {...A}"), "FRAGMENT_CYCLE");
        assert_eq!(refusal("{a} fragment A on Q {b{...A}}"), "FRAGMENT_CYCLE");
    }

    #[test]
    fn faults_are_named_and_placed() {
        let fault = read("{ a(", None).expect_err("refused");
        assert_eq!((fault.code, fault.locations.len()), ("GRAPHQL_SYNTAX", 1));
        assert_eq!(refusal("query A {a} query A {b}"), "OPERATION_DUPLICATED");
        assert_eq!(refusal("{a} query A {b}"), "OPERATION_ANONYMOUS_AMONG_OTHERS");
        assert_eq!(refusal("{a} fragment A on Q {b} fragment A on Q {c}"), "FRAGMENT_DUPLICATED");
        assert_eq!(refusal("fragment A on Q {b}"), "OPERATION_MISSING");
        assert_eq!(refusal(""), "GRAPHQL_SYNTAX");
        assert_eq!(refusal("query A {a} query B {b}"), "OPERATION_NAME_NEEDED");
        assert_eq!(read("query A {a}", Some("B")).expect_err("refused").code, "OPERATION_NOT_FOUND");
        assert_eq!(read("{a}", Some("B")).expect_err("refused").code, "OPERATION_NOT_FOUND");
    }

    #[test]
    fn the_operation_is_the_one_named() {
        let text = "query A {a} mutation B {b}";
        assert_eq!(read(text, Some("A")).expect("read").operation, OperationType::Query);
        assert_eq!(read(text, Some("B")).expect("read").operation, OperationType::Mutation);
    }

    #[test]
    fn a_subscription_has_one_field() {
        assert!(read("subscription {a {b c}}", None).is_ok());
        for several in ["{a b}", "{a a}", "{a ...F} fragment F on S {b}", "{...F} fragment F on S {a}"] {
            assert_eq!(refusal(&format!("subscription {several}")), "SUBSCRIPTION_NOT_SINGLE");
        }
    }

    #[test]
    fn a_variable_that_must_have_a_value_has_one() {
        let given = |json| Variables::from_json(json);
        let text = "query($a: ID!, $b: ID! = 1, $c: ID) { node(id: $a) { id } }";
        assert!(super::read(text, None, &given(serde_json::json!({"a": "x"}))).is_ok());
        for missing in [serde_json::json!({}), serde_json::json!({"a": null})] {
            assert_eq!(
                super::read(text, None, &given(missing)).expect_err("refused").code,
                "VARIABLE_MISSING"
            );
        }
    }
}
