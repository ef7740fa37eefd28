//! A dialogue: its state as an enum with one variant per step, the questions, the answers, the ways between.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::FlowEmit;
use super::actions::{Stage, leave, list};
use super::env::{Env, Form, Site};
use super::expr::Values;
use super::format::{doc, ident, raw};
use super::rule::{parse, pattern, wanted};
use super::{segments, text};
use crate::ir::cost;
use crate::ir::types::{ChoiceId, Ty};
use crate::ir::widget::Widget;
use crate::ir::{Rule, Step, Target, Timeout, Wizard};

/// Every item of the dialogue but `enter`.
pub fn items(cx: FlowEmit<'_>, wizard: &Wizard) -> TokenStream {
    let spec = spec(cx, wizard);
    let loaded = loaded_struct(cx, wizard);
    let state = state_enum(cx, wizard);
    let patterns = wizard.steps.iter().filter_map(|step| {
        let name = pattern_name(step);
        let source = raw(pattern(&step.rule)?);
        let docs = doc(&format!("`validate.regex` of `{}`.", step.id));
        Some(quote!(#docs static #name: Pattern = Pattern::new(#source);))
    });
    let ask = ask(cx, wizard);
    let answer = answer(cx, wizard);
    let ways = wizard.steps.iter().enumerate().map(|(position, step)| {
        let to = passes_over(step).then(|| to_step(cx, wizard, position));
        let after = has_after(step).then(|| after_step(cx, wizard, position));
        quote!(#to #after)
    });
    let complete = complete(cx, wizard);
    let timeout = timeout(cx, wizard);
    quote! {
        #spec
        #(#patterns)*
        #loaded
        #state
        #ask
        #answer
        #(#ways)*
        #complete
        #timeout
    }
}

/// The last statements of `enter`: the dialogue begins.
pub fn begin(env: &mut Env<'_>, wizard: &Wizard) -> TokenStream {
    let build = if wizard.loaded.is_empty() {
        TokenStream::new()
    } else {
        let fields = wizard
            .loaded
            .iter()
            .map(|var| field(env, &var.ident, &var.ty));
        let fields: Vec<_> = fields.collect();
        quote!(let loaded = Loaded { #(#fields),* };)
    };
    bind_loaded(env, wizard);
    let first = way(env, wizard, 0);
    quote!(cx.begin(&FLOW); #build #first)
}

fn spec(cx: FlowEmit<'_>, wizard: &Wizard) -> TokenStream {
    let command = &cx.flow.command;
    let ttl = proc_macro2::Literal::i64_unsuffixed(wizard.ttl);
    let timed = wizard.timeout.is_some();
    let steps = wizard.steps.iter().enumerate().map(|(position, step)| {
        let cost = cost::of_step(cx.flow, wizard, position);
        let (effect, reads, writes) = super::flow::class(step.effect, cost);
        let (id, optional) = (&step.id, step.optional);
        let wanted = wanted(&step.rule);
        let options: Vec<String> = match &step.rule {
            Rule::Choice { choice } => cx.flow.choices[choice.0].options.iter().map(|o| o.value.clone()).collect(),
            Rule::Bool { .. } => vec!["true".into(), "false".into()],
            _ => Vec::new(),
        };
        quote!(StepSpec { id: #id, optional: #optional, options: &[#(#options),*], wanted: Wanted::#wanted, effect: Effect::#effect, reads: Reads::#reads, writes: Writes::#writes })
    });
    let docs = doc(&format!("`/{command}` as the runtime knows it."));
    quote! {
        #docs
        pub static FLOW: WizardSpec = WizardSpec { command: #command, ttl: #ttl, on_timeout: #timed, steps: &[#(#steps),*] };
    }
}

fn loaded_struct(cx: FlowEmit<'_>, wizard: &Wizard) -> TokenStream {
    if wizard.loaded.is_empty() {
        return TokenStream::new();
    }
    let fields = wizard.loaded.iter().map(|var| {
        let (name, ty) = (ident(&var.ident), cx.owned(&var.ty));
        let docs = doc(&format!("`{}`.", var.name));
        quote!(#docs pub #name: #ty)
    });
    quote! {
        /// What is known from the start, kept with the conversation.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(crate = "runtime_core::prelude::serde")]
        pub struct Loaded { #(#fields),* }
    }
}

fn state_enum(cx: FlowEmit<'_>, wizard: &Wizard) -> TokenStream {
    let docs = doc(&format!(
        "Where a person can be in `/{}`, and what is known there.",
        cx.flow.command
    ));
    let variants = wizard.steps.iter().map(|step| {
        let name = variant(wizard, step);
        let docs = doc(&format!("`{}`, {}.", step.id, step.origin.0));
        let rename = (name != step.id).then(|| {
            let id = &step.id;
            quote!(#[serde(rename = #id)])
        });
        let fields = step.known.iter().map(|var| {
            let (name, ty) = (ident(&var.ident), cx.owned(&var.ty));
            let docs = doc(&format!("`{}`.", var.name));
            quote!(#docs #name: #ty)
        });
        let fields: Vec<_> = fields.collect();
        if fields.is_empty() {
            quote!(#docs #rename #name)
        } else {
            quote!(#docs #rename #name { #(#fields),* })
        }
    });
    let positions = wizard.steps.iter().enumerate().map(|(position, step)| {
        let name = variant(wizard, step);
        let position = proc_macro2::Literal::usize_unsuffixed(position);
        if step.known.is_empty() {
            quote!(Self::#name => #position)
        } else {
            quote!(Self::#name { .. } => #position)
        }
    });
    quote! {
        #docs
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(crate = "runtime_core::prelude::serde")]
        pub enum State { #(#variants),* }

        impl State {
            /// Index of its step.
            fn position(&self) -> usize {
                match self { #(#positions),* }
            }
        }
    }
}

fn ask(cx: FlowEmit<'_>, wizard: &Wizard) -> TokenStream {
    let (loaded_param, loaded_ref) = if wizard.loaded.is_empty() {
        (TokenStream::new(), quote!(&()))
    } else {
        (quote!(, loaded: &Loaded), quote!(loaded))
    };
    let loaded_arg = (!wizard.loaded.is_empty()).then(|| quote!(, loaded));
    let arms = wizard.steps.iter().enumerate().map(|(position, step)| {
        let mut env = Env::new(cx, Site::Handler);
        bind_loaded(&mut env, wizard);
        for var in &step.known {
            env.local(var, Form::Reference);
        }
        let words = text::call(&env, &step.ask);
        let number = position;
        let position = proc_macro2::Literal::usize_unsuffixed(position);
        let body = match &step.rule {
            Rule::Choice { choice } => {
                let (before, options) = options(&env, *choice);
                quote!(#before cx.ask(&FLOW, #position, #words, #options);)
            }
            Rule::Widget(widget) => {
                let build = super::blocks::widget::build(&env, widget, number, false);
                quote!(#build let text = #words; cx.show(&FLOW, #position, text, &widget);)
            }
            _ => quote!(cx.ask(&FLOW, #position, #words, Vec::new());),
        };
        // Bind what the question reads, nothing else.
        let used: Vec<_> = step
            .known
            .iter()
            .filter(|var| mentions(&body, &var.ident))
            .map(|var| ident(&var.ident))
            .collect();
        let name = variant(wizard, step);
        let pattern = match (used.len(), step.known.len()) {
            (_, 0) => quote!(State::#name),
            (a, b) if a == b => quote!(State::#name { #(#used),* }),
            (0, _) => quote!(State::#name { .. }),
            _ => quote!(State::#name { #(#used,)* .. }),
        };
        quote!(#pattern => { #body })
    });
    let (is_async, awaits) = awaits(wizard);
    quote! {
        /// Asks the question of `state`.
        pub #is_async fn ask(cx: &mut Cx #loaded_param, state: &State) -> Handled {
            match state { #(#arms)* }
            Ok(())
        }

        /// Asks the question of `state` and waits for its answer.
        #is_async fn wait(cx: &mut Cx #loaded_param, state: &State) -> Handled {
            ask(cx #loaded_arg, state)#awaits?;
            cx.wait(&FLOW, state.position(), #loaded_ref, state)
        }
    }
}

/// `async` and `.await` of what asks questions, where some of them run queries first.
pub fn awaits(wizard: &Wizard) -> (Option<TokenStream>, Option<TokenStream>) {
    let queries = |step: &Step| match &step.rule {
        Rule::Widget(widget) => !widget.queries().is_empty(),
        _ => false,
    };
    let any = wizard.steps.iter().any(queries);
    (any.then(|| quote!(async)), any.then(|| quote!(.await)))
}

/// The options of a choice with their labels: `(statements before, expression)`.
fn options(env: &Env<'_>, choice: ChoiceId) -> (TokenStream, TokenStream) {
    let choice = &env.cx.flow.choices[choice.0];
    let entries = choice.options.iter().enumerate().map(|(position, option)| {
        let label = text::call(env, &option.label);
        let position = proc_macro2::Literal::usize_unsuffixed(position);
        (quote!((#position, #label)), &option.when)
    });
    if choice.options.iter().all(|option| option.when.is_none()) {
        let entries = entries.map(|(entry, _)| entry);
        return (TokenStream::new(), quote!(vec![#(#entries),*]));
    }
    let pushes = entries.map(|(entry, when)| match when {
        None => quote!(options.push(#entry);),
        Some(when) => {
            let test = Values::new(env).condition(when);
            quote!(if #test { options.push(#entry); })
        }
    });
    (
        quote!(let mut options = Vec::new(); #(#pushes)*),
        quote!(options),
    )
}

fn answer(cx: FlowEmit<'_>, wizard: &Wizard) -> TokenStream {
    let arms = wizard.steps.iter().enumerate().map(|(position, step)| {
        let mut env = Env::new(cx, Site::Handler);
        bind_loaded(&mut env, wizard);
        for var in &step.known {
            env.local(var, Form::Owned);
        }
        let read = read(&env, step, position);
        let mut answered = step.var.clone();
        answered.ty.nullable = step.optional;
        env.local(&answered, Form::Owned);
        let on = if has_after(step) {
            after_call(&env, wizard, position)
        } else {
            way(&env, wizard, position + 1)
        };
        let name = variant(wizard, step);
        let fields = step.known.iter().map(|var| ident(&var.ident));
        let pattern = if step.known.is_empty() {
            quote!(State::#name)
        } else {
            quote!(State::#name { #(#fields),* })
        };
        quote!(#pattern => { #read #on })
    });
    let loaded = (!wizard.loaded.is_empty()).then(|| quote!(, loaded: Loaded));
    quote! {
        /// Takes the answer to the question of `state`.
        pub async fn answer(cx: &mut Cx #loaded, state: State, given: Given<'_>) -> Handled {
            match state { #(#arms)* }
        }
    }
}

/// Reads the answer into its variable, or refuses it.
fn read(env: &Env<'_>, step: &Step, position: usize) -> TokenStream {
    let name = ident(&step.var.ident);
    let number = position;
    let position = proc_macro2::Literal::usize_unsuffixed(position);
    let words = match &step.refusal {
        Some(refusal) => {
            let words = text::call(env, refusal);
            quote!(Some(#words))
        }
        None => quote!(None),
    };
    let refuse = if step.refusal.is_some() {
        quote!({ let text = #words; cx.refuse(&FLOW, #position, &refusal, text); return Ok(()); })
    } else {
        quote!({ cx.refuse(&FLOW, #position, &refusal, None); return Ok(()); })
    };
    if let Rule::Widget(widget) = &step.rule {
        let build = super::blocks::widget::build(env, widget, number, true);
        let ask = text::call(env, &step.ask);
        let (some, bind) = if step.optional {
            let skipped = quote!(let #name = if given.skipped() { None } else);
            (quote!(Some(value)), skipped)
        } else {
            (quote!(value), quote!(let #name =))
        };
        let refuse = match widget {
            // Somebody else may have taken what its buttons offer.
            Widget::Calendar(_) => quote!({
                let text = #words;
                cx.refuse(&FLOW, #position, &refusal, text);
                let text = #ask;
                return cx.redraw(&FLOW, #position, text, &widget, &given);
            }),
            _ => refuse,
        };
        let read = quote! {
            match cx.give(&widget, &given) {
                Ok(Turned::Value(value)) => #some,
                Ok(Turned::View(view)) => {
                    let text = #ask;
                    return cx.turn(&FLOW, #position, text, &widget, view);
                }
                Ok(Turned::Nothing) => return Ok(()),
                Err(refusal) => #refuse
            }
        };
        return quote!(#bind { #build #read };);
    }
    let (before, parsed) = parse(env, &step.rule, Some(&pattern_name(step)));
    if step.optional {
        quote! {
            #before
            let #name = if given.skipped() {
                None
            } else {
                match #parsed {
                    Ok(#name) => Some(#name),
                    Err(refusal) => #refuse
                }
            };
        }
    } else {
        quote! {
            #before
            let #name = match #parsed {
                Ok(#name) => #name,
                Err(refusal) => #refuse
            };
        }
    }
}

/// To step `position` in order, or past the end: a tail expression of type `Handled`.
pub fn way(env: &Env<'_>, wizard: &Wizard, position: usize) -> TokenStream {
    let Some(step) = wizard.steps.get(position) else {
        if wizard.on_complete.is_empty() {
            return quote!(cx.done());
        }
        let args = wizard
            .known_at_end
            .iter()
            .map(|var| env.kept(&var.ident, &var.ty));
        let loaded = (!wizard.loaded.is_empty()).then(|| quote!(, loaded));
        return quote!(complete(cx #loaded #(, #args)*).await);
    };
    if !passes_over(step) {
        return wait_call(env, wizard, position);
    }
    let name = format_ident!("to_{}", bare(&step.var.ident));
    let args = to_params(step)
        .into_iter()
        .map(|var| env.kept(&var.0, &var.1));
    let loaded = (!wizard.loaded.is_empty()).then(|| quote!(, loaded));
    quote!(#name(cx #loaded #(, #args)*).await)
}

/// Asks step `position` in any case: a tail expression of type `Handled`.
pub fn wait_call(env: &Env<'_>, wizard: &Wizard, position: usize) -> TokenStream {
    let step = &wizard.steps[position];
    let name = variant(wizard, step);
    let fields: Vec<_> = step
        .known
        .iter()
        .map(|var| field(env, &var.ident, &var.ty))
        .collect();
    let state = if fields.is_empty() {
        quote!(State::#name)
    } else {
        quote!(State::#name { #(#fields),* })
    };
    let loaded = (!wizard.loaded.is_empty()).then(|| quote!(, &loaded));
    let (_, awaits) = awaits(wizard);
    quote!(wait(cx #loaded, &#state)#awaits)
}

fn field(env: &Env<'_>, name: &str, ty: &Ty) -> TokenStream {
    let value = env.kept(name, ty);
    let name = ident(name);
    if name == value.to_string() {
        quote!(#name)
    } else {
        quote!(#name: #value)
    }
}

/// Known variables, and the argument that makes the step needless.
fn to_params(step: &Step) -> Vec<(String, Ty)> {
    let mut params: Vec<_> = step
        .known
        .iter()
        .map(|var| (var.ident.clone(), var.ty.clone()))
        .collect();
    if step.unless_arg {
        params.push((step.var.ident.clone(), step.var.ty.clone().with_null(true)));
    }
    params
}

fn to_step(cx: FlowEmit<'_>, wizard: &Wizard, position: usize) -> TokenStream {
    let step = &wizard.steps[position];
    let name = format_ident!("to_{}", bare(&step.var.ident));
    let mut env = Env::new(cx, Site::Handler);
    bind_loaded(&mut env, wizard);
    let params = to_params(step).into_iter().map(|(name, ty)| {
        let (token, owned) = (ident(&name), cx.owned(&ty));
        env.bind(&name, quote!(#token), ty, Form::Owned);
        quote!(, #token: #owned)
    });
    let params: Vec<_> = params.collect();
    let given = step.unless_arg.then(|| {
        let var = ident(&step.var.ident);
        let mut inner = env.clone();
        inner.bind(
            &step.var.ident,
            quote!(#var),
            step.var.ty.clone().with_null(false),
            Form::Owned,
        );
        let on = way(&inner, wizard, position + 1);
        quote!(if let Some(#var) = #var { return #on; })
    });
    let skip = step.when.as_ref().map(|when| {
        let test = Values::new(&env).condition(when);
        let mut inner = env.clone();
        inner.vars.remove(&step.var.ident);
        let on = way(&inner, wizard, position + 1);
        quote!(if !(#test) { return #on; })
    });
    let wait = wait_call(&env, wizard, position);
    let loaded = (!wizard.loaded.is_empty()).then(|| quote!(, loaded: Loaded));
    let docs = doc(&format!(
        "On to `{}` ({}), or past it.",
        step.id, step.origin.0
    ));
    quote! {
        #docs
        async fn #name(cx: &mut Cx #loaded #(#params)*) -> Handled {
            #given
            #skip
            #wait
        }
    }
}

fn after_call(env: &Env<'_>, wizard: &Wizard, position: usize) -> TokenStream {
    let step = &wizard.steps[position];
    let name = format_ident!("after_{}", bare(&step.var.ident));
    let args = step
        .known
        .iter()
        .chain([&step.var])
        .map(|var| env.kept(&var.ident, &var.ty));
    let loaded = (!wizard.loaded.is_empty()).then(|| quote!(, loaded));
    quote!(#name(cx #loaded #(, #args)*).await)
}

fn after_step(cx: FlowEmit<'_>, wizard: &Wizard, position: usize) -> TokenStream {
    let step = &wizard.steps[position];
    let name = format_ident!("after_{}", bare(&step.var.ident));
    let mut env = Env::new(cx, Site::Handler);
    bind_loaded(&mut env, wizard);
    let params: Vec<_> = step
        .known
        .iter()
        .chain([&step.var])
        .map(|var| {
            env.local(var, Form::Owned);
            let (name, ty) = (ident(&var.ident), cx.owned(&var.ty));
            quote!(, #name: #ty)
        })
        .collect();
    let stage = Stage::Dialogue(wizard);
    let mut rest = |env: &mut Env<'_>| {
        let mut rest = TokenStream::new();
        for branch in &step.case {
            let leave = leave(env, stage, branch.target);
            match &branch.when {
                Some(when) => {
                    let test = Values::new(env).condition(when);
                    rest.extend(quote!(if #test { #leave }));
                }
                None => {
                    rest.extend(match branch.target {
                        Target::Step(step) => wait_call(env, wizard, step),
                        Target::End => quote!(cx.done()),
                    });
                    return rest;
                }
            }
        }
        rest.extend(way(env, wizard, position + 1));
        rest
    };
    let site = name.to_string();
    let actions = segments::list(&mut env, stage, &step.after, &site, &mut rest);
    let loaded = (!wizard.loaded.is_empty()).then(|| quote!(, loaded: Loaded));
    let docs = doc(&format!(
        "After the answer to `{}` ({}).",
        step.id, step.origin.0
    ));
    quote! {
        #docs
        async fn #name(cx: &mut Cx #loaded #(#params)*) -> Handled {
            #actions
        }
    }
}

fn complete(cx: FlowEmit<'_>, wizard: &Wizard) -> TokenStream {
    if wizard.on_complete.is_empty() {
        return TokenStream::new();
    }
    let mut env = Env::new(cx, Site::Handler);
    bind_loaded(&mut env, wizard);
    let params: Vec<_> = wizard
        .known_at_end
        .iter()
        .map(|var| {
            env.local(var, Form::Owned);
            let (name, ty) = (ident(&var.ident), cx.owned(&var.ty));
            quote!(, #name: #ty)
        })
        .collect();
    let actions = segments::list(
        &mut env,
        Stage::Completion(wizard),
        &wizard.on_complete,
        "complete",
        &mut |_| quote!(cx.done()),
    );
    let loaded = (!wizard.loaded.is_empty()).then(|| quote!(, loaded: Loaded));
    let docs = doc(&format!(
        "Every question is answered. Effect: {}.",
        super::flow::effect(wizard.complete_effect, cost::of_completion(cx.flow, wizard))
    ));
    quote! {
        #docs
        async fn complete(cx: &mut Cx #loaded #(#params)*) -> Handled {
            #actions
        }
    }
}

/// What happens when nobody answers.
fn timeout(cx: FlowEmit<'_>, wizard: &Wizard) -> TokenStream {
    let Some(does) = &wizard.timeout else {
        return TokenStream::new();
    };
    let mut said = TokenStream::new();
    let arms = wizard.steps.iter().map(|step| {
        let mut env = Env::new(cx, Site::Handler);
        bind_loaded(&mut env, wizard);
        for var in &step.known {
            env.local(var, Form::Owned);
        }
        let body = match does {
            Timeout::Reply { reads, .. } => {
                let args = reads.iter().map(|var| {
                    let value = env.kept(&var.ident, &var.ty);
                    quote!(, #value)
                });
                let args: Vec<_> = args.collect();
                let loaded = (!wizard.loaded.is_empty()).then(|| quote!(, loaded));
                quote!(timed_out(cx #loaded #(#args)*))
            }
            Timeout::Goto(to) => wait_call(&env, wizard, *to),
            Timeout::Cancel => quote!(cx.expire()),
        };
        // Bind what is carried on, nothing else.
        let used: Vec<_> = step
            .known
            .iter()
            .filter(|var| mentions(&body, &var.ident))
            .map(|var| ident(&var.ident))
            .collect();
        let name = variant(wizard, step);
        let pattern = match (used.len(), step.known.len()) {
            (_, 0) => quote!(State::#name),
            (a, b) if a == b => quote!(State::#name { #(#used),* }),
            (0, _) => quote!(State::#name { .. }),
            _ => quote!(State::#name { #(#used,)* .. }),
        };
        quote!(#pattern => #body)
    });
    let arms: Vec<_> = arms.collect();
    if let Timeout::Reply { action, reads } = does {
        let mut env = Env::new(cx, Site::Handler);
        bind_loaded(&mut env, wizard);
        let params: Vec<_> = reads
            .iter()
            .map(|var| {
                env.local(var, Form::Owned);
                let (name, ty) = (ident(&var.ident), cx.owned(&var.ty));
                quote!(, #name: #ty)
            })
            .collect();
        let (reply, _) = list(
            &mut env,
            Stage::Dialogue(wizard),
            std::slice::from_ref(action),
        );
        let loaded = loaded_param(wizard, &reply);
        said = quote! {
            /// Nobody has answered: the last words.
            fn timed_out(cx: &mut Cx #loaded #(#params)*) -> Handled {
                #reply
                cx.done()
            }
        };
    }
    let loaded = (!wizard.loaded.is_empty()).then(|| {
        let used = arms.iter().any(|arm| mentions(arm, "loaded"));
        let name = if used {
            quote!(loaded)
        } else {
            quote!(_loaded)
        };
        quote!(, #name: Loaded)
    });
    let is_async = timeout_awaits(wizard).then(|| quote!(async));
    let state = if matches!(does, Timeout::Cancel) {
        quote! {
            /// Nobody has answered for the wizard's time.
            pub fn timeout(cx: &mut Cx #loaded, _state: State) -> Handled {
                cx.expire()
            }
        }
    } else {
        quote! {
            /// Nobody has answered the question of `state` for the wizard's time.
            pub #is_async fn timeout(cx: &mut Cx #loaded, state: State) -> Handled {
                match state { #(#arms),* }
            }
        }
    };
    quote!(#state #said)
}

/// Whether the timer's function awaits: it asks a question, and some questions run queries first.
pub fn timeout_awaits(wizard: &Wizard) -> bool {
    matches!(wizard.timeout, Some(Timeout::Goto(_))) && awaits(wizard).0.is_some()
}

/// The parameter of what was loaded, if there is any; what does not read it says so.
fn loaded_param(wizard: &Wizard, body: &TokenStream) -> Option<TokenStream> {
    (!wizard.loaded.is_empty()).then(|| {
        if mentions(body, "loaded") {
            quote!(, loaded: Loaded)
        } else {
            quote!(, _loaded: Loaded)
        }
    })
}

fn bind_loaded(env: &mut Env<'_>, wizard: &Wizard) {
    for var in &wizard.loaded {
        let name = ident(&var.ident);
        env.bind(
            &var.ident,
            quote!(loaded.#name),
            var.ty.clone(),
            Form::Owned,
        );
    }
}

fn passes_over(step: &Step) -> bool {
    step.when.is_some() || step.unless_arg
}

fn has_after(step: &Step) -> bool {
    !step.after.is_empty() || !step.case.is_empty()
}

/// Variant name: camel case of the step's id.
fn variant(wizard: &Wizard, step: &Step) -> syn::Ident {
    let name = camel(&step.id);
    // `note_1` and `note1` are two steps and one name in camel case.
    let alike = wizard.steps.iter().take_while(|other| other.id != step.id);
    match alike.filter(|other| camel(&other.id) == name).count() {
        0 => ident(&name),
        n => ident(&format!("{name}_{}", n + 1)),
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

fn bare(name: &str) -> &str {
    name.trim_start_matches("r#")
}

fn pattern_name(step: &Step) -> syn::Ident {
    format_ident!("{}_PATTERN", bare(&step.var.ident).to_uppercase())
}

/// Whether some code reads a name.
pub fn mentions(tokens: &TokenStream, name: &str) -> bool {
    tokens.clone().into_iter().any(|tree| match tree {
        proc_macro2::TokenTree::Ident(word) => word == name,
        proc_macro2::TokenTree::Group(group) => mentions(&group.stream(), name),
        _ => false,
    })
}
