//! Tokens to text: prettyplease, then blank lines between items, then the header. The names, literals and comments in it.

use proc_macro2::TokenStream;

/// A formatted file. `header` is the inner doc comment, line by line.
pub fn file(header: &[String], items: TokenStream) -> String {
    let mut text = String::new();
    for line in header {
        text.push_str("//!");
        if !line.is_empty() {
            text.push(' ');
            text.push_str(line);
        }
        text.push('\n');
    }
    text.push('\n');
    match syn::parse2::<syn::File>(items.clone()) {
        Ok(parsed) => text.push_str(&unparse(parsed)),
        // A bug of botgen: rustc will show the place; better than hiding the tokens.
        Err(error) => {
            let message = format!("botgen wrote Rust that does not parse: {error}");
            text.push_str(&format!("compile_error!({message:?});\n"));
            text.push_str(&items.to_string());
        }
    }
    text
}

/// prettyplease sets items tight; a blank line between items reads better (not between `use` and `use`, `mod` and `mod`).
fn unparse(file: syn::File) -> String {
    let mut out = String::new();
    let mut previous = None;
    for item in file.items {
        let kind = match &item {
            syn::Item::Use(_) => "use",
            syn::Item::Mod(module) if module.content.is_none() => "mod",
            _ => "",
        };
        if previous.is_some_and(|before| before != kind || kind.is_empty()) {
            out.push('\n');
        }
        previous = Some(kind);
        let methods = matches!(item, syn::Item::Impl(_));
        let one = syn::File {
            shebang: None,
            frontmatter: None,
            attrs: Vec::new(),
            items: vec![item],
        };
        let text = prettyplease::unparse(&one);
        // No method holds a literal of several lines: lines can be told apart by their indentation.
        out.push_str(&if methods { space_methods(&text) } else { text });
    }
    out
}

fn space_methods(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut previous = "";
    for line in text.lines() {
        let begins = line.starts_with("    fn ") || line.starts_with("    /// ");
        if begins && (previous == "    }" || previous.ends_with("];")) {
            out.push('\n');
        }
        out.push_str(line);
        out.push('\n');
        previous = line;
    }
    out
}

/// A doc comment.
pub fn doc(text: &str) -> TokenStream {
    let lines = text.lines().map(|line| {
        // `*/` cannot end a `///` comment, but a stray bracket would be read as an intra-doc link.
        let line = format!(
            " {}",
            line.replace('[', "\\[")
                .replace(']', "\\]")
                .replace('<', "\\<")
        );
        quote::quote!(#[doc = #line])
    });
    quote::quote!(#(#lines)*)
}

/// A raw string literal where that is easier to read than escapes.
pub fn raw(text: &str) -> proc_macro2::Literal {
    if !text.contains(['\n', '"', '\\']) || text.contains('\r') {
        return proc_macro2::Literal::string(text);
    }
    let mut hashes = String::from("#");
    while text.contains(&format!("\"{hashes}")) {
        hashes.push('#');
    }
    format!("r{hashes}\"{text}\"{hashes}")
        .parse()
        .unwrap_or_else(|_| proc_macro2::Literal::string(text))
}

/// An identifier, raw or not.
pub fn ident(name: &str) -> syn::Ident {
    match name.strip_prefix("r#") {
        Some(raw) => syn::Ident::new_raw(raw, proc_macro2::Span::call_site()),
        None => syn::Ident::new(name, proc_macro2::Span::call_site()),
    }
}

/// Camel case of the author's words; never empty, never a keyword.
pub fn camel(words: &str) -> String {
    let mut out = String::new();
    let mut up = true;
    for c in words.chars() {
        if c.is_alphanumeric() {
            if up {
                out.extend(c.to_uppercase())
            } else {
                out.push(c)
            }
            up = false;
        } else {
            up = true;
        }
    }
    if out.is_empty() || out.starts_with(char::is_numeric) {
        out.insert(0, 'N');
    }
    if out == "Self" {
        "SelfStep".to_owned()
    } else {
        out
    }
}

/// Whether some code reads a name.
pub fn mentions(tokens: &TokenStream, name: &str) -> bool {
    tokens.clone().into_iter().any(|tree| match tree {
        proc_macro2::TokenTree::Ident(word) => word == name,
        proc_macro2::TokenTree::Group(group) => mentions(&group.stream(), name),
        _ => false,
    })
}
