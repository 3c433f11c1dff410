//! What can be annotated: an `impl` block or a function. Signatures are read; bodies stay the tokens that they are.
//!
//! A body that is not finished yet, as an editor sees it between two keys, is none of our business: it goes through as it
//! is, and whoever reads it next, the compiler or the editor, says what is wrong or completes it.

mod annotation;

pub(super) use self::annotation::{is_annotation, take_annotations, without_inner_annotations};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, Error, Ident, ItemImpl, ReturnType, Signature, Token, Type, Visibility};

/// An item that can be annotated.
pub(super) enum Item {
    /// All constructors of a type.
    Impl(ImplBlock),
    /// One constructor: a free function, or one in an `impl` block that is not annotated itself.
    Function(Function),
}

/// A function, with its body as it was written.
pub(super) struct Function {
    pub(super) attributes: Vec<Attribute>,
    /// Visibility, and `default`.
    qualifiers: TokenStream,
    pub(super) signature: Signature,
    pub(super) body: Body,
}

/// What stands between the braces of a function.
pub(super) struct Body {
    braces: Group,
    /// `#![…]` at its beginning.
    inner_attributes: TokenStream,
    statements: TokenStream,
}

/// An `impl` block.
pub(super) struct ImplBlock {
    /// What stands before the braces.
    head: TokenStream,
    pub(super) attributes: Vec<Attribute>,
    pub(super) self_ty: Type,
    braces: Group,
    pub(super) items: Vec<ImplPart>,
}

/// An item of an `impl` block.
pub(super) enum ImplPart {
    Function(Box<Function>),
    /// A constant, a type, a macro, …
    Other(TokenStream),
}

impl Item {
    pub(super) fn parse(tokens: TokenStream) -> syn::Result<Self> {
        let tokens = without_invisible_group(tokens);
        match Parser::parse2(what_it_is, tokens.clone())? {
            What::Impl => ImplBlock::parse(tokens).map(Self::Impl),
            What::Function => syn::parse2(tokens).map(Self::Function),
        }
    }
}

/// What a macro by example passes on as `$item`.
fn without_invisible_group(tokens: TokenStream) -> TokenStream {
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(only)), None) if only.delimiter() == Delimiter::None => {
            without_invisible_group(only.stream())
        }
        _ => tokens,
    }
}

enum What {
    Impl,
    Function,
}

fn what_it_is(input: ParseStream<'_>) -> syn::Result<What> {
    Attribute::parse_outer(input)?;
    let begin = input.fork();
    input.parse::<Visibility>()?;
    let what = if is_function(input) {
        Ok(What::Function)
    } else if is_impl(input) {
        Ok(What::Impl)
    } else {
        Err(Error::new(begin.span(), what_to_annotate_instead(input)))
    };
    // What follows is read by who wants it.
    input.parse::<TokenStream>()?;
    what
}

/// Whether the keywords of a function come next, up to its `fn`.
fn is_function(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    skip_qualifiers(&ahead);
    ahead.peek(Token![fn])
}

fn is_impl(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    skip_qualifiers(&ahead);
    ahead.peek(Token![impl])
}

fn skip_qualifiers(input: ParseStream<'_>) {
    const QUALIFIERS: [&str; 6] = ["default", "const", "async", "unsafe", "safe", "extern"];
    loop {
        let is_qualifier =
            input.fork().call(Ident::parse_any).is_ok_and(|name| QUALIFIERS.iter().any(|q| name == q));
        let is_abi = input.peek(syn::LitStr);
        if !is_qualifier && !is_abi || input.parse::<TokenTree>().is_err() {
            return;
        }
    }
}

fn what_to_annotate_instead(input: ParseStream<'_>) -> String {
    let keyword = input.call(Ident::parse_any).map(|keyword| keyword.to_string()).unwrap_or_default();
    let name = input.call(Ident::parse_any).map(|name| name.to_string()).unwrap_or_default();
    match keyword.as_str() {
        "struct" | "enum" | "union" => format!(
            "a type builds nothing by itself: put `#[instrument_task]` above the `impl {name}` with its constructors"
        ),
        "trait" => "a trait builds nothing by itself: put `#[instrument_task]` above its `impl` for the task".to_owned(),
        "mod" => "`#[instrument_task]` does not look into modules: put it above the `impl` block in there that has the \
                  task's constructors"
            .to_owned(),
        _ => "`#[instrument_task]` goes above an `impl` block with constructors, or above a function that builds a task"
            .to_owned(),
    }
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = Attribute::parse_outer(input)?;
        let visibility: Visibility = input.parse()?;
        let default: Option<Token![default]> =
            if input.peek(Token![default]) { Some(input.parse()?) } else { None };
        let signature: Signature = input.parse()?;
        if input.peek(Token![;]) {
            return Err(Error::new_spanned(
                &signature.ident,
                "nothing to observe here, as it has no body: put `#[instrument_task]` above the `impl` of this trait for \
                 the task",
            ));
        }
        Ok(Self { attributes, qualifiers: quote!(#visibility #default), signature, body: input.parse()? })
    }
}

impl Function {
    /// The function as it stands, but for annotations that were taken off it.
    pub(super) fn as_written(&self) -> TokenStream {
        let Self { attributes, qualifiers, signature, body } = self;
        let braces = &body.braces;
        quote!(#(#attributes)* #qualifiers #signature #braces)
    }

    /// The function with another body, and with another return type if there is one.
    pub(super) fn with_body(&self, statements: &TokenStream, output: Option<&ReturnType>) -> TokenStream {
        let Self { attributes, qualifiers, signature, body } = self;
        let body = body.replaced(statements);
        let mut signature = signature.clone();
        if let Some(output) = output {
            signature.output = output.clone();
        }
        quote!(#(#attributes)* #qualifiers #signature #body)
    }
}

impl Parse for Body {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let braces = braces(input.parse()?)?;
        let split = |content: ParseStream<'_>| {
            let mut inner_attributes = TokenStream::new();
            while content.peek(Token![#]) && content.peek2(Token![!]) {
                let attribute: [TokenTree; 3] = [content.parse()?, content.parse()?, content.parse()?];
                inner_attributes.extend(attribute);
            }
            Ok((inner_attributes, content.parse::<TokenStream>()?))
        };
        let (inner_attributes, statements) = Parser::parse2(split, braces.stream())?;
        Ok(Self { braces, inner_attributes, statements })
    }
}

/// The braces of a body, out of what a macro by example passes on as `$body`.
fn braces(token: TokenTree) -> syn::Result<Group> {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Ok(group),
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            Parser::parse2(|input: ParseStream<'_>| input.parse().and_then(braces), group.stream())
        }
        other => Err(Error::new(other.span(), "expected the body of this function")),
    }
}

impl Body {
    fn replaced(&self, statements: &TokenStream) -> TokenTree {
        let inner_attributes = &self.inner_attributes;
        braces_like(&self.braces, quote!(#inner_attributes #statements))
    }
}

/// The body as an expression: the block as it was written, each brace where it was.
impl ToTokens for Body {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        if self.inner_attributes.is_empty() {
            self.braces.to_tokens(tokens);
            return;
        }
        tokens.extend([braces_like(&self.braces, self.statements.clone())]);
    }
}

fn braces_like(braces: &Group, content: TokenStream) -> TokenTree {
    let mut group = Group::new(Delimiter::Brace, content);
    group.set_span(braces.span());
    group.into()
}

impl ImplBlock {
    fn parse(tokens: TokenStream) -> syn::Result<Self> {
        let mut head: Vec<TokenTree> = tokens.into_iter().collect();
        let braces = match head.pop() {
            Some(TokenTree::Group(braces)) if braces.delimiter() == Delimiter::Brace => braces,
            Some(other) => return Err(Error::new(other.span(), "expected the braces of an `impl` block")),
            None => return Err(Error::new(proc_macro2::Span::call_site(), "expected an `impl` block")),
        };
        let head = TokenStream::from_iter(head);
        let empty: ItemImpl = syn::parse2(quote!(#head {}))?;
        let items = Parser::parse2(ImplPart::parse_all, braces.stream())?;
        Ok(Self { head, attributes: empty.attrs, self_ty: *empty.self_ty, braces, items })
    }

    /// The block with its items as `expanded` says.
    pub(super) fn with_items(&self, expanded: TokenStream) -> TokenStream {
        let head = &self.head;
        let braces = braces_like(&self.braces, expanded);
        quote!(#head #braces)
    }
}

impl ImplPart {
    fn parse_all(input: ParseStream<'_>) -> syn::Result<Vec<Self>> {
        let mut items = Vec::new();
        while !input.is_empty() {
            let begins_a_function = {
                let ahead = input.fork();
                Attribute::parse_outer(&ahead)?;
                ahead.parse::<Visibility>()?;
                is_function(&ahead)
            };
            items.push(if begins_a_function {
                Self::Function(Box::new(input.parse()?))
            } else {
                Self::Other(next_tokens(input)?)
            });
        }
        Ok(items)
    }
}

/// What ends with the next semicolon or braces: an item that nothing is done to.
fn next_tokens(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut tokens = TokenStream::new();
    while !input.is_empty() {
        let token: TokenTree = input.parse()?;
        let ends = match &token {
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace && !input.peek(Token![;]),
            TokenTree::Ident(_) | TokenTree::Literal(_) => false,
        };
        tokens.extend([token]);
        if ends {
            break;
        }
    }
    Ok(tokens)
}

/// Tokens as one would write them, for a name.
pub(super) fn written(tokens: &impl ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    [(" :: ", "::"), (" < ", "<"), (" >", ">"), (" ,", ","), ("& ", "&"), ("< ", "<")]
        .into_iter()
        .fold(text, |text, (spaced, close)| text.replace(spaced, close))
}
