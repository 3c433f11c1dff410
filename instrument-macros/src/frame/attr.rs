//! `#[frame(…)]`, as it is written.

use proc_macro2::{Span, TokenTree};
use quote::{ToTokens, format_ident};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Attribute, Error, Expr, Ident, Index, LitStr, Member, Path, Token, parenthesized, parse_quote};

use crate::mistakes::Mistakes;

/// `#[frame(kind(values))]` of a variant.
pub(super) struct KindAttr {
    pub(super) kind: Ident,
    pub(super) values: Vec<Given>,
}

/// One value in a kind's parentheses.
pub(super) struct Given {
    /// Its name, where one is written.
    pub(super) name: Option<Ident>,
    pub(super) value: Value,
}

/// What is given.
pub(super) enum Value {
    /// A field: `text`, `.0`.
    Field(Member),
    /// Anything else, over the fields; beside it the one that it begins with, if that is written with a dot: `.0.name`.
    Expression(Expr, Option<Member>),
}

impl Parse for KindAttr {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let kind = input.call(Ident::parse_any).map_err(|_| {
            Error::new(input.span(), "say what this frame is, as `#[frame(llm_text)]` or `#[frame(ignore)]`")
        })?;
        let values = if input.is_empty() {
            Punctuated::new()
        } else {
            let inner;
            parenthesized!(inner in input);
            Punctuated::<Given, Token![,]>::parse_terminated(&inner)?
        };
        Ok(Self { kind, values: values.into_iter().collect() })
    }
}

impl Parse for Given {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = if input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]) {
            let name = Ident::parse_any(input)?;
            input.parse::<Token![=]>()?;
            Some(name)
        } else {
            None
        };
        let value = match input.parse()? {
            // A bare number without a name can only be a position.
            Value::Expression(expression, None) if name.is_none() => position(&expression).map_or_else(
                || {
                    Err(Error::new_spanned(
                        &expression,
                        "an expression wants the name of what it is: `text = …`",
                    ))
                },
                |index| Ok(Value::Field(Member::Unnamed(index))),
            )?,
            value => value,
        };
        Ok(Self { name, value })
    }
}

impl Parse for Value {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Token![.]) {
            return Self::of_field(input);
        }
        let expression: Expr = input.parse()?;
        Ok(match &expression {
            Expr::Path(path) if path.attrs.is_empty() => match path.path.get_ident() {
                Some(field) => Self::Field(Member::Named(field.clone())),
                None => Self::Expression(expression, None),
            },
            _ => Self::Expression(expression, None),
        })
    }
}

impl Value {
    /// `.0`, or what is done with it: `.0.name`, `.0.as_str()`.
    fn of_field(input: ParseStream<'_>) -> syn::Result<Self> {
        let frame = Ident::new("frame", input.span());
        let mut tokens = frame.to_token_stream();
        while !input.is_empty() && !input.peek(Token![,]) {
            tokens.extend([input.parse::<TokenTree>()?]);
        }
        let mut expression: Expr = syn::parse2(tokens)?;
        let mut first = FirstField { frame, found: None };
        first.visit_expr_mut(&mut expression);
        match (first.found, expression) {
            (Some(member), Expr::Path(_)) => Ok(Self::Field(member)),
            (found, expression) => Ok(Self::Expression(expression, found)),
        }
    }
}

/// Puts the name of a field in the place of `frame.field`.
struct FirstField {
    frame: Ident,
    found: Option<Member>,
}

impl VisitMut for FirstField {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        if let Expr::Field(field) = expression
            && matches!(&*field.base, Expr::Path(path) if path.path.is_ident(&self.frame))
        {
            let name = binding(&field.member);
            self.found = Some(field.member.clone());
            *expression = parse_quote!(#name);
        } else {
            syn::visit_mut::visit_expr_mut(self, expression);
        }
    }
}

/// The name that a field is bound to: ours, as one of the user's could be that of a constant.
pub(super) fn binding(member: &Member) -> Ident {
    format_ident!("field_{}", member, span = member.span().resolved_at(Span::mixed_site()))
}

/// The field that a bare number stands for.
pub(super) fn position(expression: &Expr) -> Option<Index> {
    let Expr::Lit(literal) = expression else { return None };
    let syn::Lit::Int(number) = &literal.lit else { return None };
    Some(Index { index: number.base10_parse().ok()?, span: number.span() })
}

/// The kind that `attributes` give to what stands at `at`.
pub(super) fn kind_of(attributes: &[Attribute], at: Span, mistakes: &mut Mistakes) -> Option<KindAttr> {
    let mut attributes = attributes.iter().filter(|attribute| attribute.path().is_ident("frame"));
    let Some(first) = attributes.next() else {
        mistakes.push(Error::new(
            at,
            "say what this frame is, as `#[frame(llm_text)]`; or that it says nothing about a trace: `#[frame(ignore)]`",
        ));
        return None;
    };
    for another in attributes {
        mistakes.push(Error::new_spanned(another, "a frame is of one kind; remove one of the attributes"));
    }
    mistakes.take(first.parse_args())
}

/// `#[frame(crate = path)]` of the type; other attributes of a struct are its kind.
pub(super) fn crate_path(attributes: &mut Vec<Attribute>, mistakes: &mut Mistakes) -> Option<Path> {
    let place = attributes.iter().position(|attribute| {
        attribute.path().is_ident("frame") && attribute.parse_args_with(names_crate).unwrap_or_default()
    })?;
    let attribute = attributes.remove(place);
    mistakes.take(attribute.parse_args_with(|input: ParseStream<'_>| {
        input.parse::<Token![crate]>()?;
        input.parse::<Token![=]>()?;
        if let Ok(text) = input.parse::<LitStr>() {
            let message = format!("`crate` wants a path, without quotes: `crate = {}`", text.value());
            return Err(Error::new(text.span(), message));
        }
        input.parse()
    }))
}

fn names_crate(input: ParseStream<'_>) -> syn::Result<bool> {
    let is_crate = input.peek(Token![crate]);
    // What follows is read by who wants it.
    input.parse::<proc_macro2::TokenStream>()?;
    Ok(is_crate)
}
