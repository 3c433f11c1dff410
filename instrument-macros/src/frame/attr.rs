//! `#[frame(…)]`: the kind of a frame, and the values of its view.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Attribute, Error, Expr, Index, Member, Path, Token, parenthesized, parse_quote};

use crate::arguments::{Names, parse_arguments};
use crate::diagnostics::{Diagnostics, mixed_site_at};
use crate::fields::as_field;

/// `#[frame(kind(values))]`.
pub(super) struct KindAttr {
    pub(super) kind: Ident,
    /// A list of [`AttrValue`]s.
    pub(super) values: TokenStream,
}

/// A value in the parentheses of a kind: `text`, `text = words.0`.
pub(super) struct AttrValue {
    pub(super) name: Option<Ident>,
    pub(super) source: Source,
}

/// The source of a value.
pub(super) enum Source {
    /// A field: `text`, `.0`.
    Field(Member),
    /// An expression over the fields, and the field that it starts with, if written with a dot: `.0.name`.
    Expression(Expr, Option<Member>),
}

impl Parse for KindAttr {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let kind = input.call(Ident::parse_any).map_err(|_| {
            Error::new(
                input.span(),
                "expected a frame kind, such as `#[frame(llm_text)]` or `#[frame(ignore)]`",
            )
        })?;
        if input.is_empty() {
            return Ok(Self { kind, values: TokenStream::new() });
        }
        let values;
        parenthesized!(values in input);
        Ok(Self { kind, values: values.parse()? })
    }
}

impl Parse for AttrValue {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = if input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]) {
            let name = Ident::parse_any(input)?;
            input.parse::<Token![=]>()?;
            Some(name)
        } else {
            None
        };
        let source = match input.parse()? {
            // Without a name, a number can only be a position.
            Source::Expression(expression, None) if name.is_none() => {
                let index = position(&expression).ok_or_else(|| {
                    let message = "expected the name of the argument before this expression: `text = …`";
                    Error::new_spanned(&expression, message)
                })?;
                Source::Field(Member::Unnamed(index))
            }
            source => source,
        };
        Ok(Self { name, source })
    }
}

impl Parse for Source {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Token![.]) {
            return Self::parse_from_dot(input);
        }
        let expression: Expr = input.parse()?;
        Ok(as_field(&expression).map_or(Self::Expression(expression, None), Self::Field))
    }
}

impl Source {
    pub(super) fn span(&self) -> Span {
        match self {
            Self::Field(Member::Named(name)) => name.span(),
            Self::Field(Member::Unnamed(index)) => index.span,
            Self::Expression(expression, _) => expression.span(),
        }
    }

    /// Parses `.0`, `.0.name`, `.0.as_str()`: parsed as `frame.0.name`, then `frame.0` becomes the name bound to the field.
    fn parse_from_dot(input: ParseStream<'_>) -> syn::Result<Self> {
        let frame = Ident::new("frame", input.span());
        let mut tokens = frame.to_token_stream();
        while !input.is_empty() && !input.peek(Token![,]) {
            tokens.extend([input.parse::<TokenTree>()?]);
        }
        let mut expression: Expr = syn::parse2(tokens)?;
        let mut replace = ReplaceField { frame, field: None };
        replace.visit_expr_mut(&mut expression);
        match (replace.field, expression) {
            (Some(field), Expr::Path(_)) => Ok(Self::Field(field)),
            (field, expression) => Ok(Self::Expression(expression, field)),
        }
    }
}

struct ReplaceField {
    frame: Ident,
    field: Option<Member>,
}

impl VisitMut for ReplaceField {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        if let Expr::Field(field) = expression
            && matches!(&*field.base, Expr::Path(path) if path.path.is_ident(&self.frame))
        {
            let name = binding(&field.member);
            self.field = Some(field.member.clone());
            *expression = parse_quote!(#name);
        } else {
            syn::visit_mut::visit_expr_mut(self, expression);
        }
    }
}

/// Returns the hygienic name that a pattern binds to a field. A pattern with the field's own name could match a
/// constant instead.
pub(super) fn binding(member: &Member) -> Ident {
    format_ident!("field_{}", member, span = mixed_site_at(member))
}

/// Returns the position that a number stands for.
pub(super) fn position(expression: &Expr) -> Option<Index> {
    let Expr::Lit(literal) = expression else { return None };
    let syn::Lit::Int(number) = &literal.lit else { return None };
    Some(Index { index: number.base10_parse().ok()?, span: number.span() })
}

/// Parses the kind of the variant or struct that is named at `name`.
pub(super) fn kind(attributes: &[Attribute], name: Span, diagnostics: &mut Diagnostics) -> Option<KindAttr> {
    let mut attributes = attributes.iter().filter(|attribute| attribute.path().is_ident("frame"));
    let Some(first) = attributes.next() else {
        let message = "missing frame kind: write `#[frame(kind)]`, such as `#[frame(llm_text)]`, or `#[frame(ignore)]` \
                       if traces do not need this frame";
        diagnostics.push(Error::new(name, message));
        return None;
    };
    for repeated in attributes {
        diagnostics.push(Error::new_spanned(repeated, "a frame has one kind; remove one of the attributes"));
    }
    diagnostics.handle(first.parse_args())
}

/// Takes `#[frame(crate = path)]` off a type. The other attribute of a struct is its kind.
pub(super) fn take_crate_path(
    attributes: &mut Vec<Attribute>,
    diagnostics: &mut Diagnostics,
) -> Option<Path> {
    let index = attributes.iter().position(|attribute| {
        attribute.path().is_ident("frame") && attribute.parse_args_with(starts_with_crate).unwrap_or_default()
    })?;
    let attribute = attributes.remove(index);
    let tokens = diagnostics.handle(attribute.parse_args())?;
    let mut path = None;
    parse_arguments(tokens, &mut Names::new(["crate"]), diagnostics, |argument| {
        path = Some(argument.value("a path")?);
        Ok(())
    });
    path
}

fn starts_with_crate(input: ParseStream<'_>) -> syn::Result<bool> {
    let is_crate = input.peek(Token![crate]);
    // `parse_args_with` requires all tokens to be consumed.
    input.parse::<TokenStream>()?;
    Ok(is_crate)
}
