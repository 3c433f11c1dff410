//! What a frame type says of itself, held against the kinds and against its fields.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Expr, Fields, Generics, Index, Member, Path};

use super::attr::{self, Given, KindAttr, Value};
use super::kinds::{self, Argument, KINDS, Kind, Need, Takes};
use crate::mistakes::{Mistakes, listed, meant};

/// A frame type, ready to be expanded.
pub(super) struct FrameType {
    pub(super) name: Ident,
    pub(super) generics: Generics,
    pub(super) krate: Option<Path>,
    pub(super) arms: Vec<Arm>,
}

/// One variant, or the one shape of a struct.
pub(super) struct Arm {
    /// The variant; `None` in a struct.
    pub(super) variant: Option<Ident>,
    /// The name that a frame log writes where the kind has none.
    pub(super) class: String,
    pub(super) says: Says,
}

/// What a frame says.
pub(super) enum Says {
    Nothing,
    Kind { kind: &'static Kind, values: Vec<Bound> },
}

/// One argument of a kind, with what it is given.
pub(super) struct Bound {
    pub(super) argument: &'static Argument,
    pub(super) value: TokenStream,
    /// The fields that the value is made of.
    pub(super) fields: Vec<Member>,
    /// Those that it knows by their own names.
    pub(super) named: Vec<Ident>,
}

/// Reads a frame type, all mistakes in one go.
pub(super) fn frame_type(mut input: DeriveInput) -> syn::Result<FrameType> {
    let mut mistakes = Mistakes::default();
    let krate = attr::crate_path(&mut input.attrs, &mut mistakes);
    let arms = match &input.data {
        Data::Enum(data) => data
            .variants
            .iter()
            .filter_map(|variant| {
                let attr = attr::kind_of(&variant.attrs, variant.ident.span(), &mut mistakes)?;
                arm(Some(&variant.ident), &variant.ident, &variant.fields, attr, &mut mistakes)
            })
            .collect(),
        Data::Struct(data) => attr::kind_of(&input.attrs, input.ident.span(), &mut mistakes)
            .and_then(|attr| arm(None, &input.ident, &data.fields, attr, &mut mistakes))
            .into_iter()
            .collect(),
        Data::Union(data) => {
            mistakes.push(Error::new_spanned(
                data.union_token,
                "a union does not know what it holds; implement `ObservedFrame` by hand",
            ));
            Vec::new()
        }
    };
    mistakes.into_result()?;
    Ok(FrameType { name: input.ident, generics: input.generics, krate, arms })
}

fn arm(
    variant: Option<&Ident>,
    class: &Ident,
    fields: &Fields,
    attr: KindAttr,
    mistakes: &mut Mistakes,
) -> Option<Arm> {
    let says = mistakes.take(says(attr, fields))?;
    Some(Arm { variant: variant.cloned(), class: class.to_string(), says })
}

fn says(attr: KindAttr, fields: &Fields) -> syn::Result<Says> {
    let KindAttr { kind: name, values } = attr;
    if name == "ignore" || name == "other" {
        return match values.first() {
            None => Ok(Says::Nothing),
            Some(_) => Err(Error::new(name.span(), format!("`{name}` takes nothing: `#[frame({name})]`"))),
        };
    }
    let Some(kind) = kinds::named(&name.to_string()) else {
        let known = KINDS.iter().map(|kind| kind.name).chain(["ignore", "other"]);
        let message = format!("no frame is called `{name}`; {}", meant(&name.to_string(), known));
        return Err(Error::new(name.span(), message));
    };
    let mut mistakes = Mistakes::default();
    let bound = bind(kind, &name, values, fields, &mut mistakes);
    mistakes.into_result()?;
    Ok(Says::Kind { kind, values: bound })
}

/// Each value to its argument.
fn bind(
    kind: &'static Kind,
    at: &Ident,
    values: Vec<Given>,
    fields: &Fields,
    mistakes: &mut Mistakes,
) -> Vec<Bound> {
    let values = if values.is_empty() { only_field(kind, at, fields) } else { values };
    let mut bound: Vec<Bound> = Vec::new();
    for (place, Given { name, value }) in values.into_iter().enumerate() {
        let Some(argument) = mistakes.take(argument(kind, at, place, name.as_ref(), &value)) else {
            continue;
        };
        if bound.iter().any(|earlier| earlier.argument.name == argument.name) {
            let message = format!("`{}` is given twice; remove one", argument.name);
            mistakes.push(Error::new(name.as_ref().map_or_else(|| at.span(), Ident::span), message));
        } else if let Some(value) = mistakes.take(resolve(argument, value, fields)) {
            bound.push(value);
        }
    }
    for argument in kind.arguments {
        let given = bound.iter().any(|bound| bound.argument.name == argument.name);
        if argument.need == Need::Required && !given && mistakes.is_empty() {
            let (kind, argument) = (kind.name, argument.name);
            let message = format!("`{kind}` wants to know its `{argument}`: `{kind}({argument} = …)`");
            mistakes.push(Error::new(at.span(), message));
        }
    }
    bound
}

/// A kind that carries something, on a variant with one field without a name: that is it.
fn only_field(kind: &Kind, at: &Ident, fields: &Fields) -> Vec<Given> {
    match fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 && !kind.arguments.is_empty() => {
            let first = Index { index: 0, span: at.span() };
            vec![Given { name: None, value: Value::Field(Member::Unnamed(first)) }]
        }
        _ => Vec::new(),
    }
}

fn argument(
    kind: &'static Kind,
    at: &Ident,
    place: usize,
    name: Option<&Ident>,
    value: &Value,
) -> syn::Result<&'static Argument> {
    let known = || listed(kind.arguments.iter().map(|argument| argument.name));
    let Some(name) = name else {
        let span = match value {
            Value::Field(Member::Named(name)) => name.span(),
            Value::Field(Member::Unnamed(index)) => index.span,
            Value::Expression(expression, _) => expression.span(),
        };
        return match kind.arguments.first() {
            Some(first) if place == 0 => Ok(first),
            Some(_) => Err(Error::new(span, format!("say which of {} this is: `name = …`", known()))),
            None => Err(Error::new(at.span(), format!("`{}` carries nothing: `#[frame({0})]`", kind.name))),
        };
    };
    kind.arguments.iter().find(|argument| *name == argument.name).ok_or_else(|| {
        Error::new(name.span(), format!("`{}` has no `{name}`; it has {}", kind.name, known()))
    })
}

/// A value, and the fields that it needs.
fn resolve(argument: &'static Argument, value: Value, fields: &Fields) -> syn::Result<Bound> {
    let value = match value {
        // Where no number is wanted, a number is a position.
        Value::Expression(expression, None) if !argument.takes.number() => {
            match attr::position(&expression) {
                Some(index) => Value::Field(Member::Unnamed(index)),
                None => Value::Expression(expression, None),
            }
        }
        value => value,
    };
    match value {
        Value::Field(member) => {
            refuse_unknown(&member, fields)?;
            let name = attr::binding(&member);
            // A field is matched by reference.
            let value = match argument.takes {
                Takes::Copied => quote!(*#name),
                _ => name.to_token_stream(),
            };
            Ok(Bound { argument, value, fields: vec![member], named: Vec::new() })
        }
        Value::Expression(expression, first) => {
            if let Some(first) = &first {
                refuse_unknown(first, fields)?;
            }
            let mut mentioned = Vec::new();
            gather_names(expression.to_token_stream(), &mut mentioned);
            let value = match &expression {
                // A field of a field can be borrowed as it is.
                Expr::Field(_) if argument.takes != Takes::Copied => quote!(&#expression),
                _ => expression.to_token_stream(),
            };
            let named: Vec<Ident> = fields
                .members()
                .filter_map(|member| match member {
                    Member::Named(name) if mentioned.contains(&name) => Some(name),
                    _ => None,
                })
                .collect();
            let fields = named.iter().cloned().map(Member::Named).chain(first).collect();
            Ok(Bound { argument, value, fields, named })
        }
    }
}

fn refuse_unknown(member: &Member, fields: &Fields) -> syn::Result<()> {
    let there: Vec<Member> = fields.members().collect();
    if there.contains(member) {
        return Ok(());
    }
    let message = match there.as_slice() {
        [] => "no such field here: it has none".to_owned(),
        there => format!("no such field here; its fields: {}", listed(there.iter().map(written))),
    };
    Err(Error::new_spanned(member, message))
}

fn gather_names(tokens: TokenStream, names: &mut Vec<Ident>) {
    for token in tokens {
        match token {
            TokenTree::Ident(name) => names.push(name),
            TokenTree::Group(group) => gather_names(group.stream(), names),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

fn written(member: &Member) -> String {
    match member {
        Member::Named(name) => name.to_string(),
        Member::Unnamed(index) => format!(".{}", index.index),
    }
}
