//! Typed expressions as Rust expressions in borrowed form.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::env::{Binding, Env, Form, Site};
use super::format::ident;
use crate::ir::expr::{Builtin, Comparison, Expr, ExprKind, Operator};
use crate::ir::types::{Base, Ty};

/// Writes expressions; collects the nullable values that tests have narrowed and that the statement must unwrap.
pub struct Values<'e, 'a> {
    /// Names at hand.
    pub env: &'e Env<'a>,
    /// `(binder, option)`, innermost first.
    pub unwraps: Vec<(syn::Ident, TokenStream)>,
}

impl<'e, 'a> Values<'e, 'a> {
    /// Over these names.
    pub fn new(env: &'e Env<'a>) -> Self {
        Self {
            env,
            unwraps: Vec::new(),
        }
    }

    /// Wraps a statement so that it runs with what was narrowed.
    pub fn guard(self, statement: TokenStream) -> TokenStream {
        self.unwraps.into_iter().rev().fold(
            statement,
            |inner, (name, option)| quote!(if let Some(#name) = #option { #inner }),
        )
    }

    /// A value in borrowed form.
    pub fn value(&mut self, e: &Expr) -> TokenStream {
        match &e.kind {
            ExprKind::Var {
                ident: name,
                narrowed,
            } => {
                let Some(binding) = self.env.vars.get(name) else {
                    let name = ident(name);
                    return quote!(#name);
                };
                let binding = binding.clone();
                self.unwrapped(binding, *narrowed, name.trim_start_matches("r#"))
            }
            ExprKind::Field {
                of,
                ident: field,
                narrowed,
            } => {
                let object = self.value(of);
                let object = object_of(object);
                let name = ident(field);
                let ty = e.ty.clone().with_null(e.ty.nullable || *narrowed);
                let binding = Binding {
                    tokens: quote!(#object.#name),
                    ty,
                    form: Form::Owned,
                };
                let hint = format!("{}_{}", base_name(of), field.trim_start_matches("r#"));
                self.unwrapped(binding, *narrowed, &hint)
            }
            ExprKind::Builtin(builtin) => {
                let tokens = self.builtin(*builtin);
                let optional = match builtin {
                    Builtin::UserLastName => "user_last_name",
                    Builtin::UserUsername => "user_username",
                    _ => return tokens,
                };
                let binding = Binding {
                    tokens,
                    ty: e.ty.clone().with_null(true),
                    form: Form::Borrowed,
                };
                self.unwrapped(binding, !e.ty.nullable, optional)
            }
            ExprKind::Index => quote!(index),
            ExprKind::Text(text) => {
                let text = Literal::string(text);
                quote!(#text)
            }
            ExprKind::Int(n) => {
                let n = Literal::i64_suffixed(*n);
                quote!(#n)
            }
            ExprKind::Decimal { units, scale } => {
                let (units, scale) = (
                    Literal::i64_unsuffixed(*units),
                    Literal::u8_unsuffixed(*scale),
                );
                quote!(Decimal::<#scale>(#units))
            }
            ExprKind::Bool(b) => quote!(#b),
            ExprKind::Null => quote!(None),
            ExprKind::Duration(seconds) => {
                let seconds = Literal::i64_unsuffixed(*seconds);
                quote!(Duration(#seconds))
            }
            ExprKind::DateLit(_) | ExprKind::TimeLit(_) | ExprKind::InstantLit(_) => {
                literal(&e.kind)
            }
            ExprKind::List(items) => {
                let items: Vec<_> = items.iter().map(|item| self.value(item)).collect();
                quote!([#(#items),*])
            }
            ExprKind::Option(choice, index) => {
                let choice = &self.env.cx.flow.choices[choice.0];
                let (name, variant) = (ident(&choice.name), ident(&choice.options[*index].variant));
                quote!(#name::#variant)
            }
            ExprKind::Negate(inner) => {
                let inner = self.value(inner);
                quote!(-(#inner))
            }
            // `today+10h` is ten o'clock, whatever the clocks do in that night.
            ExprKind::Arithmetic(operator, a, b) if let Some(day) = day_of(a) => {
                let (day, by) = (self.value(day), self.value(b));
                let words = self.env.words();
                match operator {
                    Operator::Sub => quote!(#words.before_midnight(#day, #by)),
                    _ => quote!(#words.after_midnight(#day, #by)),
                }
            }
            ExprKind::Arithmetic(operator, a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                let verb = match operator {
                    Operator::Add => quote!(add),
                    Operator::Sub => quote!(sub),
                    Operator::Mul => quote!(mul),
                    Operator::Div => quote!(div),
                };
                quote!(Checked::#verb(#a, #b)?)
            }
            ExprKind::Widen(inner) => {
                let value = self.value(inner);
                let words = self.env.words();
                match (&inner.ty.base, &e.ty.base, inner.ty.nullable) {
                    (Base::Date, Base::DateTime, false) => quote!(#words.midnight(#value)),
                    (Base::Date, Base::DateTime, true) => {
                        let value = object_of(value);
                        quote!(#value.map(|day| #words.midnight(day)))
                    }
                    (_, to, nullable) => {
                        let to = self.env.cx.owned(&Ty::some(to.clone()));
                        if nullable {
                            let value = object_of(value);
                            quote!(#value.map(widen::<_, #to>).transpose()?)
                        } else {
                            quote!(widen::<_, #to>(#value)?)
                        }
                    }
                }
            }
            ExprKind::ChoiceValue(inner) => {
                let value = object_of(self.value(inner));
                if inner.ty.nullable {
                    quote!(#value.map(|option| option.value()))
                } else {
                    quote!(#value.value())
                }
            }
            ExprKind::Count(inner) => {
                let value = self.value(inner);
                quote!(count(#value))
            }
            ExprKind::Default(a, b) => {
                let (a, b) = (object_of(self.value(a)), self.value(b));
                if e.ty.nullable {
                    quote!(#a.or(#b))
                } else {
                    quote!(#a.unwrap_or(#b))
                }
            }
            ExprKind::Printed(print) => {
                let text = super::text::string(self, print);
                quote!(#text.as_str())
            }
            ExprKind::Not(_)
            | ExprKind::And(..)
            | ExprKind::Or(..)
            | ExprKind::Compare(..)
            | ExprKind::In { .. }
            | ExprKind::IsNull { .. }
            | ExprKind::IsEmpty { .. } => self.condition(e),
        }
    }

    /// A value of type bool. Each comparison unwraps for itself what it needs.
    pub fn condition(&mut self, e: &Expr) -> TokenStream {
        match &e.kind {
            ExprKind::And(a, b) => {
                let (a, b) = (self.operand(a, true), self.operand(b, true));
                quote!(#a && #b)
            }
            ExprKind::Or(a, b) => {
                let (a, b) = (self.operand(a, false), self.operand(b, false));
                quote!(#a || #b)
            }
            ExprKind::Not(inner) => {
                let body = self.condition(inner);
                if is_atom(inner) {
                    quote!(!#body)
                } else {
                    quote!(!(#body))
                }
            }
            ExprKind::Bool(b) => quote!(#b),
            _ => {
                let mut own = Values::new(self.env);
                let body = own.atom(e);
                let unwraps = own.unwraps;
                let fallible = is_fallible(e);
                unwraps
                    .into_iter()
                    .rev()
                    .fold(body, |inner, (name, option)| {
                        if fallible {
                            quote!((if let Some(#name) = #option { #inner } else { false }))
                        } else {
                            let option = object_of(option);
                            quote!(#option.is_some_and(|#name| #inner))
                        }
                    })
            }
        }
    }

    fn operand(&mut self, e: &Expr, of_and: bool) -> TokenStream {
        let body = self.condition(e);
        if of_and && matches!(e.kind, ExprKind::Or(..)) {
            quote!((#body))
        } else {
            body
        }
    }

    fn atom(&mut self, e: &Expr) -> TokenStream {
        match &e.kind {
            ExprKind::Compare(comparison, a, b) => {
                let nullable = a.ty.nullable || b.ty.nullable;
                let (left, right) = (self.comparable(a, nullable), self.comparable(b, nullable));
                let sign = match comparison {
                    Comparison::Eq => quote!(==),
                    Comparison::Ne => quote!(!=),
                    Comparison::Lt => quote!(<),
                    Comparison::Le => quote!(<=),
                    Comparison::Gt => quote!(>),
                    Comparison::Ge => quote!(>=),
                };
                quote!(#left #sign #right)
            }
            ExprKind::In {
                value,
                list,
                negated,
            } => {
                let found = match &list.kind {
                    ExprKind::List(items) => {
                        let nullable = value.ty.nullable;
                        let value = self.comparable(value, nullable);
                        let items: Vec<_> = items
                            .iter()
                            .map(|item| self.comparable(item, nullable))
                            .collect();
                        quote!([#(#items),*].contains(&#value))
                    }
                    _ => {
                        let nullable = value.ty.nullable;
                        let value = self.comparable(value, nullable);
                        let list_value = object_of(self.value(list));
                        let item_ty = match &list.ty.base {
                            Base::List { item, .. } => (**item).clone(),
                            _ => Ty::some(Base::Null),
                        };
                        let item = Binding {
                            tokens: quote!(each),
                            ty: item_ty.clone(),
                            form: Form::Reference,
                        }
                        .borrowed();
                        let item = if nullable && !item_ty.nullable {
                            quote!(Some(#item))
                        } else {
                            item
                        };
                        let value = if !nullable && item_ty.nullable {
                            quote!(Some(#value))
                        } else {
                            value
                        };
                        quote!(#list_value.iter().any(|each| #item == #value))
                    }
                };
                if *negated { quote!(!#found) } else { found }
            }
            ExprKind::IsNull { value, negated } => {
                if !value.ty.nullable {
                    return quote!(#negated);
                }
                let value = object_of(self.value(value));
                if *negated {
                    quote!(#value.is_some())
                } else {
                    quote!(#value.is_none())
                }
            }
            ExprKind::IsEmpty { value, negated } => {
                let inner = object_of(self.value(value));
                let empty = if value.ty.nullable {
                    quote!(#inner.is_none_or(|value| value.is_empty()))
                } else {
                    quote!(#inner.is_empty())
                };
                if *negated { quote!(!#empty) } else { empty }
            }
            _ => self.value(e),
        }
    }

    fn comparable(&mut self, e: &Expr, nullable: bool) -> TokenStream {
        let value = self.value(e);
        if nullable && !e.ty.nullable {
            quote!(Some(#value))
        } else {
            value
        }
    }

    fn unwrapped(&mut self, binding: Binding, narrowed: bool, hint: &str) -> TokenStream {
        if !(narrowed && binding.ty.nullable) {
            return binding.borrowed();
        }
        let option = binding.borrowed();
        if let Some(name) = self.env.bound.get(&option.to_string()) {
            return quote!(#name);
        }
        if self.env.site != Site::Text && !hint.is_empty() {
            let why = format!("`{hint}` is null after a test");
            let option = object_of(option);
            return quote!(#option.ok_or(HandlerError::Bug(#why))?);
        }
        let written = option.to_string();
        let known = self.unwraps.iter().find(|(_, o)| o.to_string() == written);
        if let Some((name, _)) = known {
            return quote!(#name);
        }
        let name = self.env.binder(hint, &option, |name| {
            self.unwraps.iter().any(|(taken, _)| taken == name)
        });
        self.unwraps.push((name.clone(), option));
        quote!(#name)
    }

    fn builtin(&self, builtin: Builtin) -> TokenStream {
        let words = self.env.words();
        let direct = match self.env.site {
            Site::Handler => quote!(cx),
            Site::Text | Site::Letter => quote!(words),
        };
        match builtin {
            Builtin::BotId => quote!(#direct.bot_id()),
            Builtin::BotInViews => quote!(#words.bot_in_views()),
            Builtin::UserId => quote!(#direct.user_id()),
            Builtin::ChatId => quote!(#direct.chat_id()),
            Builtin::Now => quote!(#direct.now()),
            Builtin::Today => quote!(#direct.today()),
            Builtin::Locale => quote!(#direct.locale()),
            Builtin::UserFirstName => quote!(#words.user_first_name()),
            Builtin::UserLastName => quote!(#words.user_last_name()),
            Builtin::UserUsername => quote!(#words.user_username()),
            Builtin::ReaderIsAdmin => quote!(#words.reader_is_admin()),
            Builtin::UserIsAdmin => quote!(#words.user_is_admin()),
            Builtin::Args => quote!(#words.args()),
            Builtin::RecipientFirstName => quote!(#words.recipient(Recipient::FirstName)),
            Builtin::RecipientLastName => quote!(#words.recipient(Recipient::LastName)),
            Builtin::RecipientUsername => quote!(#words.recipient(Recipient::Username)),
        }
    }
}

/// The receiver of a method or field: `(*x).f` and `(&x).f` are `x.f`.
pub fn object_of(object: TokenStream) -> TokenStream {
    let mut tokens = object.clone().into_iter();
    match tokens.next() {
        Some(proc_macro2::TokenTree::Punct(punct)) if matches!(punct.as_char(), '&' | '*') => {
            tokens.collect()
        }
        _ => object,
    }
}

fn base_name(e: &Expr) -> String {
    match &e.kind {
        ExprKind::Var { ident, .. } => ident.trim_start_matches("r#").to_owned(),
        ExprKind::Field { of, ident, .. } => {
            format!("{}_{}", base_name(of), ident.trim_start_matches("r#"))
        }
        _ => "value".to_owned(),
    }
}

/// A date, time or instant in SQL form as a constant; the checks have proven that it exists.
fn literal(kind: &ExprKind) -> TokenStream {
    use botfactory_lang::value::{Date, Instant, TimeOfDay};
    let number = |n: i64| Literal::i64_unsuffixed(n);
    match kind {
        ExprKind::DateLit(text) => {
            let day = Date::parse_sql(text).map(Date::civil).unwrap_or_default();
            let (y, m, d) = (
                number(day.year().into()),
                number(day.month().into()),
                number(day.day().into()),
            );
            quote!(const { Date::literal(#y, #m, #d) })
        }
        ExprKind::TimeLit(text) => {
            let time = TimeOfDay::parse_sql(text)
                .map(TimeOfDay::civil)
                .unwrap_or_default();
            let (h, m, s) = (
                number(time.hour().into()),
                number(time.minute().into()),
                number(time.second().into()),
            );
            quote!(const { TimeOfDay::literal(#h, #m, #s) })
        }
        ExprKind::InstantLit(text) => {
            let unix = number(Instant::parse_sql(text).map_or(0, Instant::unix));
            quote!(const { Instant::literal(#unix) })
        }
        _ => TokenStream::new(),
    }
}

fn is_atom(e: &Expr) -> bool {
    matches!(
        e.kind,
        ExprKind::Var { .. } | ExprKind::Field { .. } | ExprKind::Bool(_)
    )
}

/// Every expression inside, itself first.
pub fn walk<'e>(e: &'e Expr, visit: &mut dyn FnMut(&'e Expr)) {
    visit(e);
    match &e.kind {
        ExprKind::Field { of: a, .. }
        | ExprKind::Not(a)
        | ExprKind::Negate(a)
        | ExprKind::IsNull { value: a, .. }
        | ExprKind::IsEmpty { value: a, .. }
        | ExprKind::Widen(a)
        | ExprKind::ChoiceValue(a)
        | ExprKind::Count(a) => walk(a, visit),
        ExprKind::And(a, b)
        | ExprKind::Or(a, b)
        | ExprKind::Compare(_, a, b)
        | ExprKind::Arithmetic(_, a, b)
        | ExprKind::Default(a, b)
        | ExprKind::In {
            value: a, list: b, ..
        } => {
            walk(a, visit);
            walk(b, visit);
        }
        ExprKind::List(items) => items.iter().for_each(|item| walk(item, visit)),
        ExprKind::Printed(print) => super::text::walk_print(print, visit),
        _ => {}
    }
}

/// The day, where a moment is the beginning of one.
fn day_of(e: &Expr) -> Option<&Expr> {
    match (&e.kind, &e.ty.base) {
        (ExprKind::Widen(day), Base::DateTime) => {
            (day.ty == Ty::some(Base::Date)).then_some(&**day)
        }
        _ => None,
    }
}

/// Whether it can fail (arithmetic).
pub fn is_fallible(e: &Expr) -> bool {
    let mut found = false;
    walk(e, &mut |e| {
        found |= match &e.kind {
            ExprKind::Arithmetic(..) => true,
            ExprKind::Widen(inner) => {
                !matches!((&inner.ty.base, &e.ty.base), (Base::Date, Base::DateTime))
            }
            _ => false,
        };
    });
    found
}

/// Whether it reads a text of the context, which borrows `cx`.
pub fn borrows_context(e: &Expr) -> bool {
    let mut found = false;
    walk(e, &mut |e| {
        found |= match &e.kind {
            ExprKind::Builtin(b) => matches!(
                b,
                Builtin::UserFirstName
                    | Builtin::UserLastName
                    | Builtin::UserUsername
                    | Builtin::Args
            ),
            ExprKind::Printed(_) => true,
            _ => false,
        };
    });
    found
}
