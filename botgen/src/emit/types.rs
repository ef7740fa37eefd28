//! DSL types as Rust types: owned (fields, results) and borrowed (parameters).

use proc_macro2::TokenStream;
use quote::quote;

use super::FlowEmit;
use super::format::ident;
use crate::ir::types::{Base, Ty};

/// Whether Rust copies it.
pub fn is_copy(base: &Base) -> bool {
    !matches!(
        base,
        Base::Text { .. }
            | Base::Contact
            | Base::File
            | Base::Row(_)
            | Base::Record(_)
            | Base::List { .. }
    )
}

impl FlowEmit<'_> {
    /// The type of a field or a result.
    pub fn owned(&self, ty: &Ty) -> TokenStream {
        let base = self.base(&ty.base);
        if ty.nullable {
            quote!(Option<#base>)
        } else {
            base
        }
    }

    /// The type of a parameter: `&str`, `&[Bookings]`, `Option<&Bookings>`, copies by value.
    pub fn borrowed(&self, ty: &Ty) -> TokenStream {
        let base = match &ty.base {
            Base::Text { .. } => quote!(&str),
            Base::List { item, .. } => {
                let item = self.owned(item);
                quote!(&[#item])
            }
            base if is_copy(base) => self.base(base),
            base => {
                let base = self.base(base);
                quote!(&#base)
            }
        };
        if ty.nullable {
            quote!(Option<#base>)
        } else {
            base
        }
    }

    fn base(&self, base: &Base) -> TokenStream {
        match base {
            Base::Text { .. } | Base::Null => quote!(String),
            Base::Int => quote!(i64),
            Base::Decimal(scale) => {
                let scale = proc_macro2::Literal::u8_unsuffixed(*scale);
                quote!(Decimal<#scale>)
            }
            Base::Real => quote!(f64),
            Base::Bool => quote!(bool),
            Base::Date => quote!(Date),
            Base::Time => quote!(TimeOfDay),
            Base::DateTime => quote!(Instant),
            Base::Duration => quote!(Duration),
            Base::Choice(id) => {
                let name = ident(&self.flow.choices[id.0].name);
                quote!(#name)
            }
            Base::Contact => quote!(Contact),
            Base::Location => quote!(Location),
            Base::File => quote!(File),
            Base::Record(id) => {
                let name = ident(&self.flow.records[id.0].name);
                quote!(#name)
            }
            Base::Broadcast { .. } => quote!(Made),
            Base::Row(id) => {
                let name = ident(&self.flow.queries[id.0].row);
                quote!(#name)
            }
            Base::List { item, .. } => {
                let item = self.owned(item);
                quote!(Vec<#item>)
            }
        }
    }
}
