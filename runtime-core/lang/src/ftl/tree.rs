//! Fluent's tree with places: what [`fluent_syntax`] gives, owned, and each node knows where it stands.

use fluent_syntax::ast;
use fluent_syntax::unicode::unescape_unicode_to_string;

use crate::source::{FileId, Span};

/// A message or a term.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its identifier.
    pub span: Span,
    /// `None`: attributes only.
    pub value: Option<Pattern>,
    /// In order of writing.
    pub attributes: Vec<Attribute>,
}

impl Message {
    /// The value, or an attribute.
    pub fn pattern(&self, attribute: Option<&str>) -> Option<&Pattern> {
        match attribute {
            None => self.value.as_ref(),
            Some(name) => self
                .attributes
                .iter()
                .find(|a| a.name == name)
                .map(|a| &a.pattern),
        }
    }
    /// The value and the attributes.
    pub fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.value
            .iter()
            .chain(self.attributes.iter().map(|a| &a.pattern))
    }
}

/// `.name = …`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Attribute {
    pub name: String,
    pub span: Span,
    pub pattern: Pattern,
}

/// What is printed.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Pattern {
    pub span: Span,
    pub elements: Vec<Element>,
}

/// A piece of a pattern.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Element {
    /// Words, byte for byte as in the file.
    Words {
        text: String,
        span: Span,
    },
    Placeable(Expr),
}

/// What stands between braces.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Expr {
    /// `"…"`, unescaped.
    Text {
        text: String,
        span: Span,
    },
    Number {
        text: String,
        span: Span,
    },
    /// `$name`; the place is without the sign.
    Variable {
        name: String,
        span: Span,
    },
    Message {
        id: String,
        attribute: Option<String>,
        span: Span,
    },
    Term {
        id: String,
        attribute: Option<String>,
        args: Args,
        span: Span,
    },
    Call {
        function: String,
        args: Args,
        span: Span,
    },
    Select {
        selector: Box<Expr>,
        variants: Vec<Variant>,
    },
}

impl Expr {
    /// Where it stands (a selection: its selector).
    pub fn span(&self) -> Span {
        match self {
            Self::Text { span, .. }
            | Self::Number { span, .. }
            | Self::Variable { span, .. }
            | Self::Message { span, .. }
            | Self::Term { span, .. }
            | Self::Call { span, .. } => *span,
            Self::Select { selector, .. } => selector.span(),
        }
    }
}

/// `(positional, name: literal)`.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Args {
    pub positional: Vec<Expr>,
    pub named: Vec<(String, Span, Expr)>,
}

/// `[key] …`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Variant {
    pub key: String,
    /// The key is a number.
    pub number: bool,
    pub default: bool,
    pub span: Span,
    pub pattern: Pattern,
}

/// Where a slice of `source` stands: slices of the parser point into the source itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places<'s> {
    pub file: FileId,
    pub source: &'s str,
}

impl Places<'_> {
    pub(super) fn of(self, slice: &str) -> Span {
        let at = |p: usize| u32::try_from(p).unwrap_or(u32::MAX);
        let offset = (slice.as_ptr() as usize)
            .saturating_sub(self.source.as_ptr() as usize)
            .min(self.source.len());
        Span {
            file: self.file,
            lo: at(offset),
            hi: at((offset + slice.len()).min(self.source.len())),
        }
    }

    pub(super) fn message(
        self,
        id: &str,
        value: Option<&ast::Pattern<&str>>,
        attributes: &[ast::Attribute<&str>],
    ) -> Message {
        let span = self.of(id);
        Message {
            span,
            value: value.map(|p| self.pattern(p, span)),
            attributes: attributes
                .iter()
                .map(|a| {
                    let span = self.of(a.id.name);
                    Attribute {
                        name: a.id.name.to_owned(),
                        span,
                        pattern: self.pattern(&a.value, span),
                    }
                })
                .collect(),
        }
    }

    /// `owner`: where to point when the pattern is empty.
    fn pattern(self, pattern: &ast::Pattern<&str>, owner: Span) -> Pattern {
        let elements: Vec<Element> = pattern
            .elements
            .iter()
            .map(|e| match e {
                ast::PatternElement::TextElement { value } => Element::Words {
                    text: (*value).to_owned(),
                    span: self.of(value),
                },
                ast::PatternElement::Placeable { expression } => {
                    Element::Placeable(self.expression(expression))
                }
            })
            .collect();
        let span_of = |e: &Element| match e {
            Element::Words { span, .. } => *span,
            Element::Placeable(e) => e.span(),
        };
        let span = match (elements.first(), elements.last()) {
            (Some(first), Some(last)) => span_of(first).to(span_of(last)),
            _ => owner,
        };
        Pattern { span, elements }
    }

    fn expression(self, e: &ast::Expression<&str>) -> Expr {
        match e {
            ast::Expression::Inline(inline) => self.inline(inline),
            ast::Expression::Select { selector, variants } => {
                let selector = Box::new(self.inline(selector));
                let variants = variants
                    .iter()
                    .map(|v| {
                        let (key, number) = match v.key {
                            ast::VariantKey::Identifier { name } => (name, false),
                            ast::VariantKey::NumberLiteral { value } => (value, true),
                        };
                        let span = self.of(key);
                        Variant {
                            key: key.to_owned(),
                            number,
                            default: v.default,
                            span,
                            pattern: self.pattern(&v.value, span),
                        }
                    })
                    .collect();
                Expr::Select { selector, variants }
            }
        }
    }

    fn inline(self, e: &ast::InlineExpression<&str>) -> Expr {
        use ast::InlineExpression as I;
        match e {
            I::StringLiteral { value } => Expr::Text {
                text: unescape_unicode_to_string(value).into_owned(),
                span: self.of(value),
            },
            I::NumberLiteral { value } => Expr::Number {
                text: (*value).to_owned(),
                span: self.of(value),
            },
            I::VariableReference { id } => Expr::Variable {
                name: id.name.to_owned(),
                span: self.of(id.name),
            },
            I::MessageReference { id, attribute } => {
                let span = self.of(id.name);
                Expr::Message {
                    id: id.name.to_owned(),
                    attribute: attribute.as_ref().map(|a| a.name.to_owned()),
                    span: attribute
                        .as_ref()
                        .map_or(span, |a| span.to(self.of(a.name))),
                }
            }
            I::TermReference {
                id,
                attribute,
                arguments,
            } => {
                let span = self.of(id.name);
                Expr::Term {
                    id: id.name.to_owned(),
                    attribute: attribute.as_ref().map(|a| a.name.to_owned()),
                    args: arguments
                        .as_ref()
                        .map_or_else(Args::default, |a| self.args(a)),
                    span: attribute
                        .as_ref()
                        .map_or(span, |a| span.to(self.of(a.name))),
                }
            }
            I::FunctionReference { id, arguments } => Expr::Call {
                function: id.name.to_owned(),
                args: self.args(arguments),
                span: self.of(id.name),
            },
            I::Placeable { expression } => self.expression(expression),
        }
    }

    fn args(self, args: &ast::CallArguments<&str>) -> Args {
        Args {
            positional: args.positional.iter().map(|e| self.inline(e)).collect(),
            named: args
                .named
                .iter()
                .map(|n| {
                    (
                        n.name.name.to_owned(),
                        self.of(n.name.name),
                        self.inline(&n.value),
                    )
                })
                .collect(),
        }
    }
}
