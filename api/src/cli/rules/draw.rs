//! Diagnostics, drawn into the text they are about.

use std::ops::Range;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use rules::{Diagnostic, Half, Severity};

use super::files::{Pair, Texts};
use super::words::Words;

/// What is wrong with a rule that was read from two files, one block a diagnostic.
pub(super) fn draw(diagnostic: &Diagnostic, pair: &Pair, texts: &Texts, words: Words) -> String {
    let (path, text) = match diagnostic.half {
        Some(Half::Script) => (pair.script(), &texts.source),
        Some(Half::Manifest) | None => (pair.manifest(), &texts.manifest),
    };
    draw_in(diagnostic, &path, text, words)
}

/// The same, of one text.
pub(super) fn draw_in(diagnostic: &Diagnostic, path: &Path, text: &str, words: Words) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR.with_name(words.say("RULES_LEVEL_ERROR", &[])),
        Severity::Warning => Level::WARNING.with_name(words.say("RULES_LEVEL_WARNING", &[])),
    };
    let path = path.display().to_string();
    let title = level.primary_title(words.pick(&diagnostic.message));
    let group = match span(text, diagnostic.line, diagnostic.column) {
        Some(span) => {
            let annotation = AnnotationKind::Primary.span(span);
            title.element(Snippet::source(text).path(path).annotation(annotation))
        }
        None => title.element(Origin::path(path)),
    };
    let renderer = if words.colour { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[with_hint(group, diagnostic, words)])
}

fn with_hint<'a>(group: Group<'a>, diagnostic: &'a Diagnostic, words: Words) -> Group<'a> {
    let Some(hint) = &diagnostic.hint else { return group };
    let help = Level::HELP.with_name(words.say("RULES_LEVEL_HELP", &[]));
    group.element(help.message(words.pick(hint)))
}

/// The bytes of what starts at that line and column, both from 1: a dotted name or a number whole, else one character. None where there is
/// no place to show.
fn span(text: &str, line: usize, column: usize) -> Option<Range<usize>> {
    let line_start = match line.checked_sub(1)? {
        0 => 0,
        before => text.match_indices('\n').nth(before - 1)?.0 + 1,
    };
    let rest = text.get(line_start..)?;
    let rest = rest.split('\n').next().unwrap_or(rest);
    let ahead: usize = rest.chars().take(column.checked_sub(1)?).map(char::len_utf8).sum();
    let start = line_start + ahead;
    let named = |letter: &char| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-');
    let word: usize = rest.get(ahead..)?.chars().take_while(named).map(char::len_utf8).sum();
    let one = rest.get(ahead..)?.chars().next().map_or(0, char::len_utf8);
    Some(start..start + word.max(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_the_name_at_that_place() {
        let text = "// été\n« message.lenght » <= 3\r\n\nx";
        let shown = |line, column| span(text, line, column).map(|span| &text[span]);
        assert_eq!(shown(2, 3), Some("message.lenght"));
        assert_eq!(shown(2, 1), Some("«"));
        assert_eq!(shown(2, 20), Some("<"));
        assert_eq!(shown(3, 1), Some(""), "at the end of a line");
        assert_eq!(shown(4, 1), Some("x"));
        assert_eq!(shown(0, 0), None);
        assert_eq!(shown(9, 1), None, "past the end");
        assert_eq!(shown(4, 7), Some(""), "past the end of a line");
    }
}
