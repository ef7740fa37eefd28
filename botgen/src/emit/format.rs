//! Tokens to text: prettyplease, then blank lines between items, then the header.

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
        Ok(parsed) => text.push_str(&space_out(&prettyplease::unparse(&parsed))),
        // A bug of botgen: rustc will show the place; better than hiding the tokens.
        Err(error) => {
            let message = format!("botgen wrote Rust that does not parse: {error}");
            text.push_str(&format!("compile_error!({message:?});\n"));
            text.push_str(&items.to_string());
        }
    }
    text
}

/// prettyplease sets items tight; a blank line before each item (and its docs and attributes) reads better.
fn space_out(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let mut previous = "";
    for line in text.lines() {
        let starts_item = !line.starts_with([' ', '}', ')', ']']) && !line.is_empty();
        let attached = previous.starts_with("///") || previous.starts_with("#[");
        let both_use = line.starts_with("use ") && previous.starts_with("use ");
        let both_mod = line.starts_with("pub mod ") && previous.starts_with("pub mod ");
        let member = line.starts_with("    ") && !line.starts_with("     ");
        let starts_member = member
            && (line.trim_start().starts_with("fn ") || line.trim_start().starts_with("/// "))
            && previous == "    }";
        if (starts_item && !attached && !both_use && !both_mod && !previous.is_empty())
            || starts_member
        {
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
