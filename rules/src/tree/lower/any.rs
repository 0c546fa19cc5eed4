//! Parts of a script whose kind is known only once they are read.

use rhai::Position;

use super::{Bool, Int, Node, Place, Text, Texts, Type, What};
use crate::limits::MAX_TEXT_BYTES;
use crate::tree::{Answer, Choice, Ints};

/// A node of any kind.
pub(super) enum Any {
    Bool(Node<Bool>),
    Int(Node<Int>),
    Text(Node<Text>),
    Texts(Node<Texts>),
    Ints(Node<Ints>),
    Answer(Node<Answer>),
}

impl Any {
    pub(super) const fn kind(&self) -> Type {
        match self {
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Text(_) => Type::Text,
            Self::Texts(_) => Type::TextList,
            Self::Ints(_) => Type::IntList,
            Self::Answer(_) => Type::Answer,
        }
    }
}

/// A kind that [`Any`] knows.
pub(super) trait Lowered: Sized {
    const TYPE: Type;

    fn any(node: Node<Self>) -> Any;

    /// The node, when it is of this kind.
    fn of(any: Any) -> Option<Node<Self>>;

    /// The part, where it is written.
    fn at(self, at: Position) -> Any {
        Self::any(Node { at: at.into(), what: What::Is(self) })
    }
}

macro_rules! lowered {
    ($($kind:ident: $type:ident),+) => {
        $(impl Lowered for $kind {
            const TYPE: Type = Type::$type;

            fn any(node: Node<Self>) -> Any {
                Any::$kind(node)
            }

            fn of(any: Any) -> Option<Node<Self>> {
                match any {
                    Any::$kind(node) => Some(node),
                    _ => None,
                }
            }
        })+

        /// `if … else …` between two parts of one kind.
        pub(super) fn choice(condition: Node<Bool>, then: Any, otherwise: Any, at: Place) -> Option<Any> {
            match (then, otherwise) {
                $((Any::$kind(then), Any::$kind(otherwise)) => {
                    let choice = Box::new(Choice { condition, then, otherwise });
                    Some(Any::$kind(Node { at, what: What::If(choice) }))
                })+
                _ => None,
            }
        }
    };
}

lowered!(Bool: Bool, Int: Int, Text: Text, Texts: TextList, Ints: IntList, Answer: Answer);

/// A list of parts that are all texts or all integers, at least one.
pub(super) fn list(items: Vec<Any>, at: Place) -> Option<Any> {
    match items.first()?.kind() {
        Type::Text => {
            let items = items.into_iter().map(Text::of).collect::<Option<Vec<_>>>()?;
            Some(Any::Texts(Node { at, what: What::Is(texts(items)) }))
        }
        Type::Int => {
            let items = items.into_iter().map(Int::of).collect::<Option<Vec<_>>>()?;
            Some(Any::Ints(Node { at, what: What::Is(ints(items)) }))
        }
        _ => None,
    }
}

fn texts(items: Vec<Node<Text>>) -> Texts {
    let constant = |item: &Node<Text>| match &item.what {
        What::Is(Text::Constant(text)) => Some(text.clone()),
        _ => None,
    };
    match items.iter().map(constant).collect::<Option<Vec<_>>>() {
        Some(constants) if constants.iter().map(String::len).sum::<usize>() <= MAX_TEXT_BYTES => {
            Texts::Constant(constants)
        }
        _ => Texts::Items(items),
    }
}

fn ints(items: Vec<Node<Int>>) -> Ints {
    let constant = |item: &Node<Int>| match item.what {
        What::Is(Int::Constant(number)) => Some(number),
        _ => None,
    };
    items.iter().map(constant).collect::<Option<Vec<_>>>().map_or(Ints::Items(items), Ints::Constant)
}
