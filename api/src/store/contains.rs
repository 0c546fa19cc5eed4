//! Looking for a word in a column.

use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr};

/// Takes the character after it in a LIKE pattern as itself. Not the backslash, which PostgreSQL may read first.
const ESCAPE: char = '!';

/// The condition that a column holds this word somewhere, as it is written.
pub fn contains(column: Expr, word: &str) -> Expr {
    column.like(LikeExpr::new(format!("%{}%", escaped(word))).escape(ESCAPE))
}

/// The word with the signs that LIKE would interpret taken as themselves.
fn escaped(word: &str) -> String {
    let mut pattern = String::with_capacity(word.len());
    for c in word.chars() {
        if matches!(c, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(c);
    }
    pattern
}
