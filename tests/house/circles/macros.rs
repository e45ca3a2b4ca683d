//! What is written between the brackets of a macro, as far as it can be read as Rust.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use syn::Expr;

/// The expressions among a macro's tokens, and all that has none is left out.
///
/// They are looked for between commas, semicolons and arrows, and inside of what cannot be read as a whole: so the
/// arguments of `format!`, the fields of `tracing::info!` and the branches of `tokio::select!` are found alike.
pub fn expressions(tokens: &TokenStream) -> Vec<Expr> {
    let mut found = Vec::new();
    for piece in pieces(tokens) {
        match syn::parse2::<Expr>(piece.iter().cloned().collect()) {
            Ok(expression) => found.push(expression),
            Err(_) => {
                let inside = piece.iter().filter_map(|token| match token {
                    TokenTree::Group(group) => Some(group.stream()),
                    _ => None,
                });
                let without: Vec<_> = inside.flat_map(|inside| expressions(&inside)).collect();
                found.extend(after_let(&piece).unwrap_or(without));
            }
        }
    }
    found
}

/// The paths among a macro's tokens: names joined by `::`, each with its line.
pub fn paths(tokens: &TokenStream) -> Vec<(Vec<String>, usize)> {
    let mut found = Vec::new();
    let mut current: Vec<String> = Vec::new();
    let mut line = 0;
    let mut colons = 0;
    let mut after_dot = false;
    for token in tokens.clone() {
        match &token {
            TokenTree::Ident(name) => {
                if colons != 2 {
                    finish(&mut current, line, &mut found);
                    line = name.span().start().line;
                }
                if !after_dot {
                    current.push(name.to_string());
                }
                (colons, after_dot) = (0, false);
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
            TokenTree::Punct(punct) => {
                finish(&mut current, line, &mut found);
                (colons, after_dot) = (0, punct.as_char() == '.');
            }
            other => {
                finish(&mut current, line, &mut found);
                (colons, after_dot) = (0, false);
                if let TokenTree::Group(group) = other {
                    found.extend(paths(&group.stream()));
                }
            }
        }
    }
    finish(&mut current, line, &mut found);
    found
}

fn finish(current: &mut Vec<String>, line: usize, found: &mut Vec<(Vec<String>, usize)>) {
    if !current.is_empty() {
        found.push((std::mem::take(current), line));
    }
}

fn pieces(tokens: &TokenStream) -> Vec<Vec<TokenTree>> {
    let mut pieces = vec![Vec::new()];
    let mut after_arrow = false;
    let mut before: Option<TokenTree> = None;
    for token in tokens.clone() {
        let mut ends = false;
        let mut arrow = false;
        match &token {
            TokenTree::Punct(punct) if matches!(punct.as_char(), ',' | ';') => ends = true,
            TokenTree::Punct(punct) if punct.as_char() == '>' && is_joint(before.as_ref(), '=') => {
                pieces.last_mut().expect("there is always one").pop();
                (ends, arrow) = (true, true);
            }
            // `%error` and `?error` say how a field is shown.
            TokenTree::Punct(punct) if matches!(punct.as_char(), '%' | '?') && begins(before.as_ref()) => continue,
            TokenTree::Group(group) if after_arrow && group.delimiter() == Delimiter::Brace => {
                pieces.last_mut().expect("there is always one").push(token.clone());
                ends = true;
            }
            _ => pieces.last_mut().expect("there is always one").push(token.clone()),
        }
        if ends {
            pieces.push(Vec::new());
        }
        after_arrow = arrow;
        before = Some(token);
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// `let` of a macro's own: what is behind its `=`.
fn after_let(piece: &[TokenTree]) -> Option<Vec<Expr>> {
    let at = piece.iter().position(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '='))?;
    let value = syn::parse2(piece[at + 1..].iter().cloned().collect()).ok()?;
    Some(vec![value])
}

fn is_joint(token: Option<&TokenTree>, char: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == char && punct.spacing() == Spacing::Joint)
}

fn begins(before: Option<&TokenTree>) -> bool {
    match before {
        None => true,
        Some(TokenTree::Punct(punct)) => matches!(punct.as_char(), ',' | '='),
        Some(_) => false,
    }
}
