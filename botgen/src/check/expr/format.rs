//! The filters that print: which values they take, their arguments.

use botfactory_lang::{format, limits};

use super::filters::{misuse, no_argument, printable, text_argument};
use super::{a, names};
use crate::check::FlowCx;
use crate::check::flow::choices::reads_variables;
use crate::diagnostics::codes::expressions as codes;
use crate::diagnostics::{Diagnostic, meant};
use crate::ir::text::{DateStyle, How};
use crate::ir::types::{Base, ChoiceId, Ty};
use crate::source::{Span, Spanned};
use crate::syntax::ast;

/// A filter binds more tightly than a sum.
const SUM: &str = "it is asked of the duration alone: put the sum in parentheses, `(now + 7d) | …`";

/// One printing filter on a value of type `base` that is printed by `prior` so far. Gives the type that the value
/// is brought to and the printing.
pub(super) fn one(
    cx: &mut FlowCx<'_>,
    name: &Spanned<String>,
    arg: Option<&ast::Expr>,
    base: &Base,
    prior: How,
    at: &ast::Expr,
) -> Option<(Base, How)> {
    let wanted = |cx: &mut FlowCx<'_>, what: &str, help: &str| {
        misuse(
            cx,
            at.span,
            format!(
                "`{}` prints {what}, this is {}",
                name.node,
                a(&Ty::some(base.clone()))
            ),
            help,
        )
    };
    let textual = matches!(name.node.as_str(), "upper" | "lower" | "truncate");
    if !textual && prior != How::Plain {
        return misuse(
            cx,
            name.span,
            format!(
                "`{}` comes too late: the value is a text already",
                name.node
            ),
            format!("put `| {}` first", name.node),
        );
    }
    let how = match name.node.as_str() {
        "upper" | "lower" => {
            no_argument(cx, name, arg)?;
            printable(cx, &Ty::some(base.clone()), at.span)?;
            if name.node == "upper" {
                How::Upper(Box::new(prior))
            } else {
                How::Lower(Box::new(prior))
            }
        }
        "truncate" => {
            printable(cx, &Ty::some(base.clone()), at.span)?;
            How::Truncate(units(cx, name, arg)?, Box::new(prior))
        }
        "date" => match base {
            Base::Date => How::Date(style(cx, name, arg, true, false)?),
            // A pattern may name the time too: the whole instant is at hand.
            Base::DateTime => match style(cx, name, arg, true, true)? {
                pattern @ DateStyle::Pattern(_) => How::DateTime(pattern),
                style => How::Date(style),
            },
            Base::Duration => return wanted(cx, "a date or a datetime", SUM),
            _ => return wanted(cx, "a date or a datetime", "leave it out"),
        },
        "time" => match base {
            Base::Time => How::Time(style(cx, name, arg, false, true)?),
            Base::DateTime => match style(cx, name, arg, true, true)? {
                pattern @ DateStyle::Pattern(_) => How::DateTime(pattern),
                style => How::Time(style),
            },
            Base::Duration => return wanted(cx, "a time or a datetime", SUM),
            _ => return wanted(cx, "a time or a datetime", "leave it out"),
        },
        "datetime" => match base {
            Base::DateTime => How::DateTime(style(cx, name, arg, true, true)?),
            Base::Date => return wanted(cx, "a datetime", "use `date`"),
            Base::Time => return wanted(cx, "a datetime", "use `time`"),
            Base::Duration => return wanted(cx, "a datetime", SUM),
            _ => return wanted(cx, "a datetime", "leave it out"),
        },
        "duration" => match base {
            Base::Int => {
                no_argument(cx, name, arg)?;
                How::Duration
            }
            _ => return wanted(cx, "a whole number of seconds", "leave it out"),
        },
        "number" => match base {
            Base::Int | Base::Decimal(_) | Base::Real => How::Number {
                digits: digits(cx, name, arg)?,
            },
            _ => return wanted(cx, "a number", "leave it out"),
        },
        "money" => match base {
            Base::Int | Base::Decimal(_) => How::Money {
                currency: currency(cx, name, arg)?,
            },
            Base::Real => {
                return wanted(
                    cx,
                    "an int or a decimal",
                    "keep money in a NUMERIC or integer column: a real loses cents",
                );
            }
            _ => return wanted(cx, "a number", "leave it out"),
        },
        "label" => return label(cx, name, arg, base, at),
        _ => return None,
    };
    Some((base.clone(), how))
}

fn style(
    cx: &mut FlowCx<'_>,
    name: &Spanned<String>,
    arg: Option<&ast::Expr>,
    has_date: bool,
    has_time: bool,
) -> Option<DateStyle> {
    let Some(arg) = arg else {
        return Some(DateStyle::Medium);
    };
    let text = text_argument(cx, name, arg, "'d MMMM, HH:mm'")?;
    match text {
        "short" => return Some(DateStyle::Short),
        "medium" => return Some(DateStyle::Medium),
        "long" => return Some(DateStyle::Long),
        _ => {}
    }
    if let Err(wrong) = format::check_pattern(text, has_date, has_time) {
        let help = match meant(text, ["short", "medium", "long"]) {
            Some(near) => format!("did you mean `'{}'`?", near.word),
            None => "there are `'short'`, `'medium'`, `'long'` and CLDR patterns such as `'d MMMM, HH:mm'`; letters that are words stand in single quotes inside the pattern".into(),
        };
        return misuse(cx, arg.span, wrong, help);
    }
    Some(DateStyle::Pattern(text.to_owned()))
}

fn units(cx: &mut FlowCx<'_>, name: &Spanned<String>, arg: Option<&ast::Expr>) -> Option<usize> {
    let max = limits::MESSAGE_TEXT;
    match arg {
        Some(ast::Expr {
            kind: ast::ExprKind::Int(n),
            ..
        }) if usize::try_from(*n).is_ok_and(|n| (1..=max).contains(&n)) => usize::try_from(*n).ok(),
        _ => misuse(
            cx,
            arg.map_or(name.span, |a| a.span),
            format!("`truncate` needs a length between 1 and {max}"),
            "for example `| truncate: 40`",
        ),
    }
}

fn digits(
    cx: &mut FlowCx<'_>,
    name: &Spanned<String>,
    arg: Option<&ast::Expr>,
) -> Option<Option<u8>> {
    let Some(arg) = arg else {
        return Some(None);
    };
    match arg.kind {
        ast::ExprKind::Int(n @ 0..=18) => Some(u8::try_from(n).ok()),
        _ => misuse(
            cx,
            arg.span,
            format!(
                "`{}` takes the number of digits after the point, 0 to 18",
                name.node
            ),
            "for example `| number: 2`",
        ),
    }
}

fn currency(
    cx: &mut FlowCx<'_>,
    name: &Spanned<String>,
    arg: Option<&ast::Expr>,
) -> Option<String> {
    const EXAMPLE: &str = "for example `| money: 'EUR'`";
    let Some(arg) = arg else {
        return misuse(cx, name.span, "`money` needs a currency", EXAMPLE);
    };
    let code = text_argument(cx, name, arg, "'EUR'")?;
    if CURRENCIES.split(' ').any(|c| c == code) {
        return Some(code.to_owned());
    }
    let upper = code.to_ascii_uppercase();
    let help = if CURRENCIES.split(' ').any(|c| c == upper) {
        format!("write `'{upper}'`")
    } else {
        "a currency is its code of ISO 4217: `'EUR'`, `'RUB'`, `'USD'`".into()
    };
    misuse(cx, arg.span, format!("`{code}` is not a currency"), help)
}

/// `label`: the option's text of a choice, or of a text that holds a choice's value.
fn label(
    cx: &mut FlowCx<'_>,
    name: &Spanned<String>,
    arg: Option<&ast::Expr>,
    base: &Base,
    at: &ast::Expr,
) -> Option<(Base, How)> {
    let Some(arg) = arg else {
        return match base {
            Base::Choice(id) => {
                labels_are_fixed(cx, cx.command, *id, at.span)?;
                Some((base.clone(), How::Label(*id)))
            }
            Base::Text { .. } => misuse(
                cx,
                name.span,
                "`label` does not know whose option this text is",
                "name the command and its variable: `| label: 'book.service'`",
            ),
            _ => misuse(
                cx,
                at.span,
                format!("{} has no label", a(&Ty::some(base.clone()))),
                "`label` is for choices and for columns that hold their values",
            ),
        };
    };
    let text = text_argument(cx, name, arg, "'book.service'")?;
    if !matches!(base, Base::Text { .. } | Base::Choice(_)) {
        return misuse(
            cx,
            at.span,
            format!(
                "{} is not the value of a choice",
                a(&Ty::some(base.clone()))
            ),
            "`label` is for choices and for columns that hold their values",
        );
    }
    let wrong = |cx: &mut FlowCx<'_>, message: String, help: String| {
        cx.sink
            .report(Diagnostic::new(&codes::UNKNOWN_LABEL, arg.span, message).help(help));
        None
    };
    let path = text.strip_prefix('/').unwrap_or(text);
    let Some((command, var)) = path.split_once('.') else {
        return wrong(
            cx,
            format!("`{text}` does not name a command and its variable"),
            "write `'command.variable'`, for example `'book.service'`".into(),
        );
    };
    let symbols = cx.bot.symbols;
    let Some(owner) = symbols.commands.get(command) else {
        if symbols.incomplete {
            return None;
        }
        let known = symbols.commands.keys().map(String::as_str);
        let message = format!("there is no command `/{command}`");
        return match meant(command, known) {
            Some(near) => {
                let d = Diagnostic::new(&codes::UNKNOWN_LABEL, arg.span, message)
                    .help(format!("did you mean `'{}.{var}'`?", near.word));
                cx.sink.report(d.rename(command, &near));
                None
            }
            None => wrong(
                cx,
                message,
                "name the command that asks for the choice".into(),
            ),
        };
    };
    let Some(choice) = owner.choices.get(var) else {
        if owner.choices_lost {
            return None;
        }
        let known: Vec<&str> = owner.choices.keys().map(String::as_str).collect();
        let message = format!("`/{command}` has no choice `{var}`");
        let help = match meant(var, known.iter().copied()) {
            Some(near) => {
                let whole = format!("{command}.{}", near.word);
                let d = Diagnostic::new(&codes::UNKNOWN_LABEL, arg.span, message)
                    .help(format!("did you mean `'{whole}'`?"));
                cx.sink.report(d.rename(var, &near));
                return None;
            }
            None if known.is_empty() => format!("`/{command}` has no choices"),
            None => format!("its choices are {}", names::list(&known)),
        };
        return wrong(cx, message, help);
    };
    labels_are_fixed(cx, command, choice.id, arg.span)?;
    let how = How::LabelOf {
        command: command.to_owned(),
        choice: choice.id,
    };
    // The label of another flow's choice is looked up by its value.
    Some((Base::Text { max: None }, how))
}

/// A label that reads variables cannot be printed where they are not known.
fn labels_are_fixed(cx: &mut FlowCx<'_>, command: &str, id: ChoiceId, span: Span) -> Option<()> {
    let bot = cx.bot;
    let owner = bot.symbols.commands.get(command)?;
    let var = owner
        .choices
        .iter()
        .find(|(_, c)| c.id == id)
        .map(|(n, _)| n);
    let flow = bot
        .ast
        .flows
        .iter()
        .find(|f| f.entry_cmd.value.trim_start_matches('/') == command);
    let Some((var, flow)) = var.zip(flow) else {
        return Some(());
    };
    let args = flow.args.iter().filter(|a| a.name.value == *var);
    let steps = match &flow.kind {
        ast::FlowKind::Wizard(wizard) => wizard.steps.as_slice(),
        _ => &[],
    };
    let steps = steps.iter().filter(|s| s.var.value == *var);
    let mut options = args
        .flat_map(|a| &a.options)
        .chain(steps.flat_map(|s| &s.options));
    let Some(reads) = options.find(|o| reads_variables(&o.text)) else {
        return Some(());
    };
    cx.sink.report(
        Diagnostic::new(
            &codes::FILTER_USE,
            span,
            format!("the options of `{var}` have texts with variables, which are not known here"),
        )
        .note(reads.text.source.span, "this option")
        .help("`label` prints options whose texts are the same everywhere"),
    );
    None
}

/// ISO 4217, active codes of money in use.
const CURRENCIES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP \
BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ \
GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD \
MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR \
RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH \
UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG";
