//! The tables of a bot, and the statements that empty them.

use proc_macro2::TokenStream;
use quote::quote;

use crate::ir::{Bot, Table};

/// `runtime_core::store::tables::TableSpec::BATCH`.
const BATCH: u32 = 500;

/// `Bot::tables`; nothing where there is none.
pub fn specs(bot: &Bot) -> Option<TokenStream> {
    let specs: Vec<TokenStream> = bot.tables.iter().map(spec).collect();
    (!specs.is_empty()).then(|| {
        quote! {
            fn tables(&self) -> &'static [TableSpec] {
                &[#(#specs),*]
            }
        }
    })
}

fn spec(table: &Table) -> TokenStream {
    let Table {
        name,
        bot,
        person: _,
        seeded,
        ring: _,
    } = table;
    let sqlite = delete(table, "rowid IN (SELECT rowid", ")");
    let postgres = delete(table, "ctid = ANY(ARRAY(SELECT ctid", "))");
    quote! {
        TableSpec { name: #name, bot: #bot, seeded: #seeded, sqlite: #sqlite, postgres: #postgres }
    }
}

/// Rows by the number that the engine gives each, so that a table needs no key.
fn delete(table: &Table, rows: &str, end: &str) -> String {
    // Names are those that both engines read alike: no capitals mean anything.
    let name = format!("\"{}\"", table.name.to_ascii_lowercase());
    let of_bot = match table.bot {
        true => " WHERE bot_id = $1",
        false => "",
    };
    match table.ring {
        true => format!("DELETE FROM {name}{of_bot}"),
        false => format!("DELETE FROM {name} WHERE {rows} FROM {name}{of_bot} LIMIT {BATCH}{end}"),
    }
}
