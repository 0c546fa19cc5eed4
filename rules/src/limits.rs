//! Owns every limit of the rule engine, each with its reason. The guide for authors quotes them.

/// Bytes of a script, checked before it is compiled: the parser itself is slow on absurd input.
pub const MAX_SOURCE_BYTES: usize = 8 * 1024;
/// Bytes of a manifest: room for twenty cases and both languages, and nothing to feed a parser bomb with.
pub const MAX_MANIFEST_BYTES: usize = 32 * 1024;
/// Operations of one run: a script has no loop, so honest ones stay under two hundred.
pub const MAX_OPERATIONS: u64 = 5_000;
/// Operations of all the RECIPIENT rules of a structure over all the people of a send, a second or so of work: honest rules, run once for
/// all who are alike, stay far below.
pub const MAX_SCREEN_OPERATIONS: i64 = 10_000_000;
/// Answers of one RECIPIENT rule kept for those who are alike in what it reads.
pub const MAX_ANSWERS_KEPT: usize = 4_096;
/// Nesting that the parser accepts: deeper expressions are unreadable, and recursion eats the stack.
pub const MAX_PARSE_DEPTH: usize = 32;
/// Depth of the compiled tree, which chains such as `1 + 1 + …` grow without nesting.
pub const MAX_TREE_DEPTH: usize = 64;
/// Bytes of one text in a script: the longest message, 918 UTF-16 units, takes 2,754 in UTF-8.
pub const MAX_TEXT_BYTES: usize = 4 * 1024;
/// Items of one list.
pub const MAX_LIST_ITEMS: usize = 256;
/// Entries of an object map. Maps are refused by the check; this is the second fence, and zero would mean none.
pub const MAX_MAP_ENTRIES: usize = 1;
/// Cases of a manifest: all of them run at each load.
pub const MAX_CASES: usize = 64;
/// Codes, and parameters, of a manifest.
pub const MAX_DECLARED: usize = 16;
/// Characters of a name: a slug, a code, a parameter.
pub const MAX_NAME_CHARS: usize = 48;
/// Characters of a title.
pub const MAX_TITLE_CHARS: usize = 120;
/// Characters of a description, of a message before its placeholders are filled in, and of a help address.
pub const MAX_PROSE_CHARS: usize = 600;
/// Characters of a STRING parameter, or of one item of a LIST.
pub const MAX_PARAM_CHARS: usize = 256;
/// The greatest position, where rules that name none stand: within the integers that every client reads.
pub const LAST_POSITION: i64 = 1_000_000;
/// Problems listed for one rule: past that, the first ones are what to mend.
pub const MAX_DIAGNOSTICS: usize = 50;
