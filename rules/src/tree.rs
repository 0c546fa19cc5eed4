//! Owns the typed tree: what a script is once it is checked.
//!
//! Lowering the interpreter's syntax tree to this one is the check of a script: what has no node here is refused. Each kind of value has
//! nodes of its own, so that no tree is ill-typed. Invariant: every name is resolved, every node knows where it was written, and a run
//! visits no node twice, so that what it costs is known before it runs.

use crate::error::Place;
use crate::facts::{FactSpec, Facts};

mod eval;
mod lower;
mod trace;

pub(crate) use eval::Machine;
pub(crate) use lower::{Uses, lower};
pub(crate) use trace::Recorder;
pub use trace::{Seen, Step, Trace};

/// A script that passed every check.
pub(crate) struct Tree {
    pub root: Root,
    /// The most operations that the interpreter takes to run it.
    pub operations: u64,
}

/// How a script answers.
pub(crate) enum Root {
    /// By a boolean: `false` gives the code.
    Holds(Node<Bool>, String),
    /// By a verdict.
    Says(Node<Answer>),
}

/// One part of a script, and where it starts.
pub(crate) struct Node<K> {
    pub at: Place,
    pub what: What<K>,
}

/// A part is what it is, or a choice between two of its kind.
pub(crate) enum What<K> {
    Is(K),
    If(Box<Choice<K>>),
}

/// `if … { … } else { … }`.
pub(crate) struct Choice<K> {
    pub condition: Node<Bool>,
    pub then: Node<K>,
    pub otherwise: Node<K>,
}

/// Two operands, the first evaluated first.
pub(crate) type Pair<A, B = A> = Box<(Node<A>, Node<B>)>;

/// The place of a parameter among those that the manifest declares, and its name.
pub(crate) struct Param {
    pub slot: usize,
    pub name: String,
}

/// What gives a boolean.
pub(crate) enum Bool {
    Constant(bool),
    Fact(&'static FactSpec, fn(&Facts) -> bool),
    Param(Param),
    Not(Box<Node<Bool>>),
    /// `&&`: up to the first that is false.
    All(Vec<Node<Bool>>),
    /// `||`: up to the first that is true.
    Any(Vec<Node<Bool>>),
    Compare(Comparison, Pair<Int>),
    EqualTexts(Sameness, Pair<Text>),
    EqualFlags(Sameness, Pair<Bool>),
    InText(TextTest, Pair<Text>),
    InTexts(Pair<Texts, Text>),
    /// Whether a text holds one of a list.
    HoldsAny(Pair<Text, Texts>),
    InInts(Pair<Ints, Int>),
}

/// What gives an integer.
pub(crate) enum Int {
    Constant(i64),
    Fact(&'static FactSpec, fn(&Facts) -> i64),
    Param(Param),
    Negative(Box<Node<Int>>),
    Arithmetic(Arithmetic, Pair<Int>),
    /// Characters of a text.
    Length(Box<Node<Text>>),
    /// Items of a list.
    Count(Box<Node<Texts>>),
}

/// What gives a text.
pub(crate) enum Text {
    Constant(String),
    Fact(&'static FactSpec, fn(&Facts) -> &str),
    Param(Param),
    Lower(Box<Node<Text>>),
}

/// What gives a list of texts.
pub(crate) enum Texts {
    Fact(&'static FactSpec, fn(&Facts) -> &[String]),
    Param(Param),
    /// Written out, of what is only known when it runs, or as what a method is called on: the interpreter bounds these.
    Items(Vec<Node<Text>>),
    /// Written out of constants.
    Constant(Vec<String>),
    Lower(Box<Node<Texts>>),
}

/// What gives a list of integers.
pub(crate) enum Ints {
    Items(Vec<Node<Int>>),
    Constant(Vec<i64>),
}

/// What gives a verdict.
pub(crate) enum Answer {
    Pass,
    Code(String),
}

/// How two integers are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    Different,
}

/// Whether two values are to be the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sameness {
    Equal,
    Different,
}

/// What two integers make.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Plus,
    Minus,
    Times,
    Over,
    Modulo,
    Least,
    Greatest,
}

/// What a text is looked at for in another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextTest {
    Contains,
    StartsWith,
    EndsWith,
}

impl Comparison {
    pub(crate) const fn written(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
            Self::Equal => "==",
            Self::Different => "!=",
        }
    }

    fn read(written: &str) -> Option<Self> {
        let all = [Self::Less, Self::AtMost, Self::More, Self::AtLeast, Self::Equal, Self::Different];
        all.into_iter().find(|comparison| comparison.written() == written)
    }

    /// What holds where it does not.
    pub(crate) const fn opposite(self) -> Self {
        match self {
            Self::Less => Self::AtLeast,
            Self::AtMost => Self::More,
            Self::More => Self::AtMost,
            Self::AtLeast => Self::Less,
            Self::Equal => Self::Different,
            Self::Different => Self::Equal,
        }
    }

    /// The same with its sides changed over.
    const fn turned(self) -> Self {
        match self {
            Self::Less => Self::More,
            Self::AtMost => Self::AtLeast,
            Self::More => Self::Less,
            Self::AtLeast => Self::AtMost,
            Self::Equal | Self::Different => self,
        }
    }

    pub(crate) fn holds<N: Ord + Copy>(self, left: N, right: N) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::More => left > right,
            Self::AtLeast => left >= right,
            Self::Equal => left == right,
            Self::Different => left != right,
        }
    }
}

impl Sameness {
    pub(crate) const fn written(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::Different => "!=",
        }
    }

    fn read(written: &str) -> Option<Self> {
        [Self::Equal, Self::Different].into_iter().find(|sameness| sameness.written() == written)
    }
}

impl Arithmetic {
    pub(crate) const fn written(self) -> &'static str {
        match self {
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Times => "*",
            Self::Over => "/",
            Self::Modulo => "%",
            Self::Least => "min",
            Self::Greatest => "max",
        }
    }

    fn read(written: &str) -> Option<Self> {
        let all =
            [Self::Plus, Self::Minus, Self::Times, Self::Over, Self::Modulo, Self::Least, Self::Greatest];
        all.into_iter().find(|arithmetic| arithmetic.written() == written)
    }
}

impl TextTest {
    pub(crate) const fn written(self) -> &'static str {
        match self {
            Self::Contains => "contains",
            Self::StartsWith => "starts_with",
            Self::EndsWith => "ends_with",
        }
    }

    fn read(written: &str) -> Option<Self> {
        [Self::Contains, Self::StartsWith, Self::EndsWith].into_iter().find(|test| test.written() == written)
    }
}
