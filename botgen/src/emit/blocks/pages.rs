//! `widget.pagination.v1`: shows a page of a list, the first or another one.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::reply;
use crate::emit::FlowEmit;
use crate::emit::actions::{Stage, leave, one};
use crate::emit::env::{Env, Form, Site};
use crate::emit::expr::Values;
use crate::emit::format::{doc, ident};
use crate::emit::{query, text};
use crate::ir::pages::{
    CHOSEN, Chosen, LIMIT, Mark, OFFSET, Pages, PagesAction, PagesStep, Rows, mark_name,
};
use crate::ir::types::{Base, Ty, Variable};
use crate::ir::{Action, ActionKind, Flow, Target};
use botfactory_lang::callback::hash32;

/// A list of a flow, and the actions before it.
#[derive(Debug, Clone, Copy)]
pub struct Listed<'a> {
    /// The action.
    pub action: &'a Action,
    /// What it shows.
    pub list: &'a PagesAction,
    /// Before it in its list of actions.
    pub before: &'a [Action],
}

/// The lists of a flow.
pub fn lists(flow: &Flow) -> Vec<Listed<'_>> {
    let mut all = vec![&flow.on_enter[..]];
    if let Some(wizard) = &flow.wizard {
        all.extend(wizard.steps.iter().map(|step| &step.after[..]));
        all.push(&wizard.on_complete);
    }
    let mut found = Vec::new();
    for actions in all {
        for position in 0..actions.len() {
            let (before, rest) = actions.split_at(position);
            if let Some(action) = rest.first()
                && let ActionKind::Pages(list) = &action.kind
            {
                found.push(Listed {
                    action,
                    list,
                    before,
                });
            }
        }
    }
    found
}

/// What a list's buttons name it by: its name, and the types of what they carry.
pub fn hash(flow: &Flow, list: &PagesAction) -> u32 {
    let mut name = list.name.clone();
    for var in &list.carried.inputs {
        name.push_str(&format!(" {}: {}", var.name, var.ty.describe()));
    }
    let marks: Vec<String> = marks(flow, &list.pages)
        .iter()
        .map(|(_, ty)| ty.describe())
        .collect();
    hash32(&format!("{name} ({})", marks.join(", ")))
}

/// The function's name that turns its page.
pub fn turn_name(list: &PagesAction) -> proc_macro2::Ident {
    format_ident!("turn_{}", list.pages.ident.trim_start_matches("r#"))
}

/// Columns of a row that are its mark, with their types.
fn marks(flow: &Flow, pages: &Pages) -> Vec<(usize, Ty)> {
    let columns = &flow.queries[pages.of.0].columns;
    let of = |column: usize| columns.get(column).map(|c| (column, c.ty.clone()));
    match &pages.rows {
        Rows::Query {
            mark: Mark::Keys(keys),
            ..
        } => keys.iter().filter_map(|(c, _)| of(*c)).collect(),
        Rows::Query { mark: Mark::Id, .. } | Rows::List { mark: Mark::Id, .. } => {
            of(pages.id).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn numbered(pages: &Pages) -> bool {
    !matches!(
        pages.rows,
        Rows::Query {
            mark: Mark::Keys(_),
            ..
        }
    )
}

/// Shows it. Under [`Stage::Again`] `turn` says which page.
pub fn statements(env: &Env<'_>, stage: Stage<'_>, list: &PagesAction) -> TokenStream {
    let pages = &list.pages;
    let flow = env.cx.flow;
    let again = matches!(stage, Stage::Again);
    let size = Literal::i64_unsuffixed(i64::try_from(pages.size).unwrap_or(1));
    let marks = marks(flow, pages);
    let turned = numbered(pages);
    let mut inner = env.clone();
    let mut begin = TokenStream::new();
    if !again {
        let mutable = (turned || !marks.is_empty()).then(|| quote!(mut));
        begin.extend(quote!(let #mutable turn = Turn::first();));
    }
    if turned {
        begin.extend(quote!(turn.numbered();));
    }
    begin.extend(taken(&mut inner, &marks, &ident("turn")));
    let rows = rows(&mut inner, pages, &size, &ident("turn"));
    let carried = list.carried.inputs.iter().map(|var| pack(env, var));
    let carried: Vec<_> = carried.collect();
    let carried = if carried.is_empty() {
        quote!(let carried = Vec::new();)
    } else {
        quote!(let mut carried = Vec::new(); #(#carried)*)
    };
    let walked = match &pages.rows {
        Rows::Query { .. } => quote!(&rows),
        Rows::List { .. } => quote!(rows),
    };
    let name = Literal::u32_unsuffixed(hash(flow, list));
    let item = ident(&pages.row.ident);
    let mut with_row = inner.clone();
    with_row.bind(
        &pages.row.ident,
        quote!(#item),
        pages.row.ty.clone(),
        Form::Reference,
    );
    let label = text::call(&with_row, &pages.item);
    let line = reply::command_line(&with_row, &list.command, &list.args);
    let mark = packed(flow, pages, &marks);
    let title = text::call(env, &list.title);
    let words = match &pages.empty {
        Some(call) => text::call(env, call),
        None => quote!(cx.words().nothing_listed()),
    };
    let edit = (again || list.edit).then(|| quote!(.edit()));
    let extra = reply::rows(env, &pages.extra, &ident("message"));
    let mutable = (!pages.extra.is_empty()).then(|| quote!(mut));
    let leave = leave(env, stage, Target::End);
    quote! {
        {
            #begin
            #rows
            #carried
            let nothing = page.is_empty();
            let #mutable message = if nothing {
                Message::new(#words)
            } else {
                let mut listing = Listing::new(#name, page, carried, #turned);
                for #item in #walked {
                    listing.row(#label, #line, #mark);
                }
                listing.message(cx.words(), #title)
            };
            #extra
            cx.reply(message #edit);
            if nothing { #leave }
        }
    }
}

/// The mark of the row at hand.
fn packed(flow: &Flow, pages: &Pages, marks: &[(usize, Ty)]) -> TokenStream {
    let item = ident(&pages.row.ident);
    let columns = &flow.queries[pages.of.0].columns;
    let packed = marks.iter().filter_map(|(column, _)| {
        let field = ident(&columns.get(*column)?.ident);
        Some(quote!(#item.#field.pack(&mut mark);))
    });
    let packed: Vec<_> = packed.collect();
    if packed.is_empty() {
        quote!(Vec::new())
    } else {
        quote!({ let mut mark = Vec::new(); #(#packed)* mark })
    }
}

/// Takes the marks off `turn`, and makes them known.
fn taken(env: &mut Env<'_>, marks: &[(usize, Ty)], from: &proc_macro2::Ident) -> TokenStream {
    let mut begin = TokenStream::new();
    for (n, (_, ty)) in marks.iter().enumerate() {
        let var = Variable {
            name: mark_name(n),
            ident: mark_name(n),
            ty: ty.clone().with_null(true),
        };
        env.local(&var, Form::Owned);
        let (name, ty) = (ident(&var.ident), env.cx.owned(ty));
        begin.extend(quote!(let #name = #from.take::<#ty>();));
    }
    begin
}

/// `page` and `rows`.
fn rows(
    env: &mut Env<'_>,
    pages: &Pages,
    size: &Literal,
    turn: &proc_macro2::Ident,
) -> TokenStream {
    let flow = env.cx.flow;
    match &pages.rows {
        Rows::Query { page, place, mark } => {
            let (before, place) = query::call(env, &flow.queries[place.0]);
            let found = match mark {
                Mark::Number => quote!(#turn.page_by_number(#size, place.total)),
                _ => quote!(#turn.page(#size, place.total, place.earlier, place.same)),
            };
            bounds(env);
            let offset = ident(OFFSET);
            let (again, page) = query::call(env, &flow.queries[page.0]);
            quote! {
                let place = { #before #place.await? };
                let page = #found;
                let #offset = page.offset();
                let rows = { #again #page.await? };
            }
        }
        Rows::List { list, mark } => {
            let value = Values::new(env).value(list);
            let id = flow.queries[pages.of.0].columns.get(pages.id);
            let found = match (mark, id) {
                (Mark::Id, Some(id)) => {
                    let (name, field) = (ident(&mark_name(0)), ident(&id.ident));
                    quote!(#turn.page_of(#size, listed, |row| #name.as_ref() == Some(&row.#field)))
                }
                _ => quote!(#turn.page_by_number(#size, count(listed))),
            };
            quote! {
                let listed = #value;
                let page = #found;
                let rows = page.slice(listed);
            }
        }
    }
}

fn bounds(env: &mut Env<'_>) {
    for name in [LIMIT, OFFSET] {
        let var = Variable {
            name: name.to_owned(),
            ident: name.to_owned(),
            ty: Ty::some(Base::Int),
        };
        env.local(&var, Form::Owned);
    }
}

/// Most rows that are searched.
const SEARCHED: i64 = 1000;

/// Statements that end with `let widget = …;`: the list as a question. `given`: an answer is there to be read.
pub fn step(env: &Env<'_>, list: &PagesStep, position: usize, given: bool) -> TokenStream {
    let pages = &list.pages;
    let flow = env.cx.flow;
    let position = Literal::usize_unsuffixed(position);
    let size = Literal::i64_unsuffixed(i64::try_from(pages.size).unwrap_or(1));
    let (search, seek) = (list.search, ident("seek"));
    let marks = marks(flow, pages);
    let mut inner = env.clone();
    let taken = taken(&mut inner, &marks, &seek);
    let mutable = (!marks.is_empty()).then(|| quote!(mut));
    let begin = if given {
        quote!(let #mutable seek = cx.seek_given(&given, #search);)
    } else {
        quote!(let #mutable seek = cx.seek(&FLOW, #position);)
    };
    let item = ident(&pages.row.ident);
    let mut with_row = inner.clone();
    with_row.bind(
        &pages.row.ident,
        quote!(#item),
        pages.row.ty.clone(),
        Form::Reference,
    );
    let label = text::call(&with_row, &pages.item);
    let fetched = fetched(&mut inner, pages, &size, &seek);
    let fetched = if search {
        let everything = everything(&mut inner, pages);
        quote! {
            let (page, rows) = if seek.searches() {
                let mut found = Vec::new();
                for row in #everything {
                    let #item = &row;
                    if seek.matches(&#label) {
                        found.push(row);
                    }
                }
                let page = seek.page_by_number(#size, count(&found));
                (page, page.slice(&found).to_vec())
            } else {
                #fetched
                (page, rows)
            };
        }
    } else {
        fetched
    };
    // Also what is searched is chosen from all of it.
    let there = match &pages.rows {
        Rows::List { list, .. } if given => {
            let value = Values::new(&inner).value(list);
            quote!(let listed = #value;)
        }
        _ => TokenStream::new(),
    };
    let columns = &flow.queries[pages.of.0].columns;
    let id = columns.get(pages.id).map(|c| ident(&c.ident));
    let chosen = match (&list.chosen, given) {
        (_, false) => quote!(None),
        (Chosen::Counted(query), true) => {
            let ty = columns.get(pages.id).map(|c| c.ty.clone());
            let ty = ty.unwrap_or(Ty::some(Base::Int));
            let var = Variable {
                name: CHOSEN.to_owned(),
                ident: CHOSEN.to_owned(),
                ty: ty.clone(),
            };
            let mut asking = inner.clone();
            asking.local(&var, Form::Owned);
            let (before, call) = query::call(&asking, &flow.queries[query.0]);
            let (name, ty) = (ident(CHOSEN), env.cx.owned(&ty));
            quote! {
                match seek.chosen::<#ty>() {
                    Some(#name) if { #before #call.await? } > 0 => Some(#name),
                    _ => None,
                }
            }
        }
        (Chosen::Among(query), true) => {
            let (before, call) = query::call(&inner, &flow.queries[query.0]);
            quote! {
                if seek.chooses() {
                    let all = { #before #call.await? };
                    all.into_iter().find(|id| seek.is_chosen(id))
                } else {
                    None
                }
            }
        }
        (Chosen::Listed, true) => {
            quote!(listed.iter().map(|row| &row.#id).find(|id| seek.is_chosen(*id)).cloned())
        }
    };
    let mark = packed(flow, pages, &marks);
    let words = match &pages.empty {
        Some(call) => text::call(env, call),
        None => quote!(cx.words().nothing_listed()),
    };
    let edit = given.then(|| quote!(.edit()));
    let (below, over) = (ident("widget"), ident("message"));
    let extra = reply::rows(env, &pages.extra, &below);
    let extra_over = reply::rows(env, &pages.extra, &over);
    let mutable_over = (!pages.extra.is_empty()).then(|| quote!(mut));
    quote! {
        #begin
        #taken
        #there
        #fetched
        if page.is_empty() && !seek.searches() {
            let #mutable_over message = Message::new(#words) #edit;
            #extra_over
            cx.over(message);
            return Ok(());
        }
        let chosen = #chosen;
        let mut widget = Paged::new(&seek, page, #search, chosen);
        for #item in &rows {
            widget.add(#label, #item.#id.clone(), #mark);
        }
        #extra
    }
}

/// `page` and `rows`, and `listed` of a list that is there.
fn fetched(
    env: &mut Env<'_>,
    pages: &Pages,
    size: &Literal,
    seek: &proc_macro2::Ident,
) -> TokenStream {
    let found = rows(env, pages, size, seek);
    let owned = match &pages.rows {
        Rows::Query { .. } => TokenStream::new(),
        Rows::List { .. } => quote!(let rows = rows.to_vec();),
    };
    let limit = ident(LIMIT);
    match &pages.rows {
        Rows::Query { .. } => quote!(let #limit = #size; #found),
        Rows::List { .. } => quote!(#found #owned),
    }
}

/// All rows that are searched.
fn everything(env: &mut Env<'_>, pages: &Pages) -> TokenStream {
    match &pages.rows {
        Rows::Query { page, .. } => {
            bounds(env);
            let (limit, offset) = (ident(LIMIT), ident(OFFSET));
            let (before, page) = query::call(env, &env.cx.flow.queries[page.0]);
            let most = Literal::i64_unsuffixed(SEARCHED);
            quote!({ let (#limit, #offset) = (#most, 0); #before #page.await? })
        }
        Rows::List { list, .. } => {
            let value = Values::new(env).value(list);
            quote!({ let listed = #value; listed.to_vec() })
        }
    }
}

/// Appends a value that the list depends on.
fn pack(env: &Env<'_>, var: &Variable) -> TokenStream {
    let value = env.argument(&var.ident, &var.ty);
    let owned = match (&var.ty.base, var.ty.nullable) {
        (Base::Choice(_), false) => quote!(#value.value().to_owned()),
        (Base::Choice(_), true) => quote!(#value.map(|option| option.value().to_owned())),
        (Base::Text { .. }, false) => quote!(#value.to_owned()),
        (Base::Text { .. }, true) => quote!(#value.map(str::to_owned)),
        _ => value,
    };
    quote!(#owned.pack(&mut carried);)
}

/// Reads it back: a local of its name.
fn unpack(cx: FlowEmit<'_>, var: &Variable) -> TokenStream {
    let name = ident(&var.ident);
    let read = match (&var.ty.base, var.ty.nullable) {
        (Base::Choice(_), nullable) => {
            let ty = cx.owned(&var.ty.clone().with_null(false));
            if nullable {
                quote!(turn.take::<Option<String>>().map(|value| value.and_then(|value| #ty::from_value(&value))))
            } else {
                quote!(turn.take::<String>().and_then(|value| #ty::from_value(&value)))
            }
        }
        _ => {
            let ty = cx.owned(&var.ty);
            quote!(turn.take::<#ty>())
        }
    };
    quote!(let Some(#name) = #read else { return cx.outdated(); };)
}

/// The function that shows another page of the list.
pub fn turn(cx: FlowEmit<'_>, listed: Listed<'_>) -> TokenStream {
    let list = listed.list;
    let docs = doc(&format!(
        "Turns the page of the list at {}.",
        list.pages.origin.0
    ));
    let name = turn_name(list);
    let mut env = Env::new(cx, Site::Handler);
    let inputs: Vec<_> = list
        .carried
        .inputs
        .iter()
        .map(|var| {
            env.local(var, Form::Owned);
            unpack(cx, var)
        })
        .collect();
    let mutable =
        (!inputs.is_empty() || numbered(&list.pages) || !marks(cx.flow, &list.pages).is_empty())
            .then(|| quote!(mut));
    let again: Vec<_> = list
        .carried
        .again
        .iter()
        .filter_map(|i| listed.before.get(*i))
        .map(|action| one(&mut env, Stage::Again, action))
        .collect();
    let show = one(&mut env, Stage::Again, listed.action);
    let end =
        (listed.action.goto.is_none() || listed.action.when.is_some()).then(|| quote!(Ok(())));
    quote! {
        #docs
        pub async fn #name(cx: &mut Cx, press: &PagePress) -> Handled {
            let #mutable turn = Turn::of(press);
            #(#inputs)*
            #(#again)*
            #show
            #end
        }
    }
}
