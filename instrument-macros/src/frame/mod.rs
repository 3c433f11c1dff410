//! `#[derive(ObservedFrame)]`, in three steps: parse the attributes, check them against the kinds and the fields, expand two
//! matches.

mod attr;
mod expand;
mod kinds;
#[cfg(test)]
mod tests;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Data, DeriveInput, Error, Expr, Fields, Generics, Index, Member, Path};

use self::attr::{AttrValue, KindAttr, Source};
use self::kinds::{FrameArgument, FrameKind, KINDS, Requirement};
use crate::arguments::{Names, parse_list};
use crate::diagnostics::{Diagnostics, join_names, suggest};
use crate::fields::{ValueType, borrow_field, unknown_field};

/// A frame type, ready to be expanded.
struct FrameType {
    name: Ident,
    generics: Generics,
    krate: Option<Path>,
    variants: Vec<Variant>,
}

/// A variant of an enum, or a struct.
struct Variant {
    /// `None` for a struct.
    name: Option<Ident>,
    /// The name of an ignored frame in the frame log.
    class: String,
    view: View,
}

/// The view of a frame.
enum View {
    Ignored,
    Frame { kind: &'static FrameKind, values: Vec<BoundValue> },
}

/// A value, bound to an argument of a kind.
struct BoundValue {
    argument: &'static FrameArgument,
    value: TokenStream,
    /// The fields that the value uses.
    fields: Vec<Member>,
    /// Those of the fields that the value mentions by name.
    named: Vec<Ident>,
}

/// Expands the derive, or its errors.
pub(crate) fn observed_frame(input: TokenStream) -> TokenStream {
    syn::parse2(input)
        .and_then(check)
        .map_or_else(syn::Error::into_compile_error, |checked| expand::implementation(&checked))
}

fn check(mut input: DeriveInput) -> syn::Result<FrameType> {
    let mut diagnostics = Diagnostics::default();
    let krate = attr::take_crate_path(&mut input.attrs, &mut diagnostics);
    let variants = match &input.data {
        Data::Enum(data) => data
            .variants
            .iter()
            .filter_map(|variant| {
                let attr = attr::kind(&variant.attrs, variant.ident.span(), &mut diagnostics)?;
                let view = diagnostics.handle(view(attr, &variant.fields))?;
                Some(Variant { name: Some(variant.ident.clone()), class: variant.ident.to_string(), view })
            })
            .collect(),
        Data::Struct(data) => attr::kind(&input.attrs, input.ident.span(), &mut diagnostics)
            .and_then(|attr| diagnostics.handle(view(attr, &data.fields)))
            .map(|view| Variant { name: None, class: input.ident.to_string(), view })
            .into_iter()
            .collect(),
        Data::Union(data) => {
            diagnostics.push(Error::new_spanned(
                data.union_token,
                "a union cannot be read safely; implement `ObservedFrame` by hand, or derive it for an enum",
            ));
            Vec::new()
        }
    };
    diagnostics.into_result()?;
    Ok(FrameType { name: input.ident, generics: input.generics, krate, variants })
}

fn view(attr: KindAttr, fields: &Fields) -> syn::Result<View> {
    let KindAttr { kind: name, values } = attr;
    if name == "ignore" || name == "other" {
        if values.is_empty() {
            return Ok(View::Ignored);
        }
        let message = format!("`{name}` has no arguments: write `#[frame({name})]`");
        return Err(Error::new(name.span(), message));
    }
    let Some(kind) = kinds::find(&name.to_string()) else {
        let allowed = KINDS.iter().map(|kind| kind.name).chain(["ignore", "other"]);
        let message = format!("unknown frame kind `{name}`; {}", suggest(&name.to_string(), allowed));
        return Err(Error::new(name.span(), message));
    };
    let mut diagnostics = Diagnostics::default();
    let values = bind_values(kind, &name, values, fields, &mut diagnostics);
    diagnostics.into_result()?;
    Ok(View::Frame { kind, values })
}

/// Binds each value to an argument of the kind that is written at `at`.
fn bind_values(
    kind: &'static FrameKind,
    at: &Ident,
    values: TokenStream,
    fields: &Fields,
    diagnostics: &mut Diagnostics,
) -> Vec<BoundValue> {
    if kind.arguments.is_empty() {
        if !values.is_empty() {
            let message = format!("`{0}` has no arguments: write `#[frame({0})]`", kind.name);
            diagnostics.push(Error::new(at.span(), message));
        }
        return Vec::new();
    }
    let mut names = Names::new(kind.arguments.iter().map(|argument| argument.name));
    let mut bound: Vec<BoundValue> = Vec::new();
    let mut bind = |index: usize, value: AttrValue| {
        let argument = find_argument(kind, index, &value, &mut names)?;
        bound.push(resolve(argument, value.source, fields)?);
        Ok(())
    };
    match fields {
        // The only field of a tuple variant is the first argument.
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 && values.is_empty() => {
            let field = Member::Unnamed(Index { index: 0, span: at.span() });
            diagnostics.handle(bind(0, AttrValue { name: None, source: Source::Field(field) }));
        }
        _ => {
            let mut indices = 0..;
            parse_list(values, diagnostics, |input| {
                let index = indices.next().unwrap_or_default();
                bind(index, input.parse()?)
            });
        }
    }
    for argument in kind.arguments {
        let is_bound = bound.iter().any(|bound| bound.argument.name == argument.name);
        if argument.requirement == Requirement::Required && !is_bound && diagnostics.is_empty() {
            let (kind, argument) = (kind.name, argument.name);
            let message = format!("`{kind}` requires `{argument}`: write `{kind}({argument} = …)`");
            diagnostics.push(Error::new(at.span(), message));
        }
    }
    bound
}

/// Finds the argument of the value at `index`. Only the first value may omit its name.
fn find_argument(
    kind: &'static FrameKind,
    index: usize,
    value: &AttrValue,
    names: &mut Names,
) -> syn::Result<&'static FrameArgument> {
    let first = &kind.arguments[0];
    let name = match (&value.name, index) {
        (Some(name), _) => names.accept(name)?,
        (None, 0) => names.accept(&Ident::new(first.name, value.source.span()))?,
        (None, _) => {
            let allowed = join_names(kind.arguments.iter().map(|argument| argument.name));
            let message =
                format!("only the first value may omit its name: write `name = …` with one of {allowed}");
            return Err(Error::new(value.source.span(), message));
        }
    };
    Ok(kind.arguments.iter().find(|argument| argument.name == name).unwrap_or(first))
}

/// Turns the source of a value into an expression over bound fields.
fn resolve(argument: &'static FrameArgument, source: Source, fields: &Fields) -> syn::Result<BoundValue> {
    let members: Vec<Member> = fields.members().collect();
    let value_type = argument.value_type;
    let source = match source {
        // If the argument is not numeric, a number is a position.
        Source::Expression(expression, None) if !value_type.is_numeric() => match attr::position(&expression)
        {
            Some(index) => Source::Field(Member::Unnamed(index)),
            None => Source::Expression(expression, None),
        },
        source => source,
    };
    let (value, uses, named) = match source {
        Source::Field(member) => {
            let name = attr::binding(&member);
            // A pattern binds a reference to the field.
            let value = if value_type == ValueType::Copied { quote!(*#name) } else { name.to_token_stream() };
            (value, vec![member], Vec::new())
        }
        Source::Expression(expression, first) => {
            let value = match &expression {
                Expr::Field(_) if value_type != ValueType::Copied => borrow_field(&expression),
                _ => expression.to_token_stream(),
            };
            let mut mentioned = Vec::new();
            collect_idents(expression.to_token_stream(), &mut mentioned);
            let named: Vec<Ident> = members
                .iter()
                .filter_map(|member| match member {
                    Member::Named(name) if mentioned.contains(name) => Some(name.clone()),
                    _ => None,
                })
                .collect();
            (value, named.iter().cloned().map(Member::Named).chain(first).collect(), named)
        }
    };
    match uses.iter().find(|member| !members.contains(member)) {
        Some(member) => Err(unknown_field(member, &members)),
        None => Ok(BoundValue { argument, value, fields: uses, named }),
    }
}

fn collect_idents(tokens: TokenStream, idents: &mut Vec<Ident>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => idents.push(ident),
            TokenTree::Group(group) => collect_idents(group.stream(), idents),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}
