//! The items that macros annotate: functions and `impl` blocks. Signatures are parsed; bodies stay tokens.
//!
//! A body with a syntax error, such as one that is being typed in an editor, passes through unchanged: the compiler reports
//! the error in the expansion, and the editor completes the code there.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser, Peek};
use syn::{Attribute, Error, Ident, ItemImpl, ReturnType, Signature, Token, Type, Visibility};

/// An item that `#[instrument_task]` can annotate.
pub(crate) enum Item {
    /// An `impl` block with constructors.
    Impl(ImplBlock),
    /// A constructor: a free function, or one in an `impl` block that is not annotated itself.
    Function(Function),
}

/// A function, with its body as tokens.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    /// The visibility, and `default`.
    qualifiers: TokenStream,
    pub(crate) signature: Signature,
    pub(crate) body: Body,
}

/// The body of a function.
pub(crate) struct Body {
    braces: Group,
    /// `#![…]` at the start of the body.
    inner_attributes: TokenStream,
    statements: TokenStream,
}

/// An `impl` block.
pub(crate) struct ImplBlock {
    /// The tokens before the braces.
    head: TokenStream,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) self_ty: Type,
    braces: Group,
    pub(crate) items: Vec<ImplPart>,
}

/// An item of an `impl` block.
pub(crate) enum ImplPart {
    Function(Box<Function>),
    /// A constant, a type or a macro call.
    Other(TokenStream),
}

impl Item {
    pub(crate) fn parse(tokens: TokenStream) -> syn::Result<Self> {
        let tokens = without_invisible_group(tokens);
        match Parser::parse2(item_kind, tokens.clone())? {
            ItemKind::Impl => ImplBlock::parse(tokens).map(Self::Impl),
            ItemKind::Function => syn::parse2(tokens).map(Self::Function),
        }
    }
}

/// Unwraps the group in which `macro_rules!` passes on an `$item`.
fn without_invisible_group(tokens: TokenStream) -> TokenStream {
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(only)), None) if only.delimiter() == Delimiter::None => {
            without_invisible_group(only.stream())
        }
        _ => tokens,
    }
}

enum ItemKind {
    Impl,
    Function,
}

fn item_kind(input: ParseStream<'_>) -> syn::Result<ItemKind> {
    Attribute::parse_outer(input)?;
    let start = input.fork();
    input.parse::<Visibility>()?;
    let kind = if is_keyword_next(input, Token![fn]) {
        Ok(ItemKind::Function)
    } else if is_keyword_next(input, Token![impl]) {
        Ok(ItemKind::Impl)
    } else {
        Err(Error::new(start.span(), annotation_hint(input)))
    };
    // `parse2` requires all tokens to be consumed.
    input.parse::<TokenStream>()?;
    kind
}

/// Returns whether `keyword` comes next, after the qualifiers of a function or an `impl` block.
fn is_keyword_next<T: Peek>(input: ParseStream<'_>, keyword: T) -> bool {
    const QUALIFIERS: [&str; 6] = ["default", "const", "async", "unsafe", "safe", "extern"];
    let ahead = input.fork();
    loop {
        let is_qualifier =
            ahead.fork().call(Ident::parse_any).is_ok_and(|name| QUALIFIERS.iter().any(|q| name == q));
        let is_abi = ahead.peek(syn::LitStr);
        if !is_qualifier && !is_abi || ahead.parse::<TokenTree>().is_err() {
            return ahead.peek(keyword);
        }
    }
}

/// Returns the message for an item that cannot be annotated, which names the item to annotate instead.
///
/// Messages for further kinds of items go here.
fn annotation_hint(input: ParseStream<'_>) -> String {
    let keyword = input.call(Ident::parse_any).map(|keyword| keyword.to_string()).unwrap_or_default();
    let name = input.call(Ident::parse_any).map(|name| name.to_string()).unwrap_or_default();
    let rest = match keyword.as_str() {
        "struct" | "enum" | "union" => {
            format!("does not work on a type: put it above the `impl {name}` block with the constructors")
        }
        "trait" => "does not work on a trait: put it above the `impl` of the trait for the task".to_owned(),
        "mod" => {
            "does not work on a module: put it above the `impl` block with the task's constructors".to_owned()
        }
        _ => "works on an `impl` block with constructors, or on a function that builds a task".to_owned(),
    };
    format!("`#[instrument_task]` {rest}")
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
                "this function has no body to instrument: put the attribute above its implementation, in an `impl` block",
            ));
        }
        Ok(Self { attributes, qualifiers: quote!(#visibility #default), signature, body: input.parse()? })
    }
}

impl Function {
    /// Parses a function for a `#[traced_*]` attribute.
    ///
    /// # Errors
    ///
    /// Returns an error with `message` if the tokens are another item.
    pub(crate) fn parse_traced(tokens: TokenStream, message: &str) -> syn::Result<Self> {
        let parse = |input: ParseStream<'_>| {
            let ahead = input.fork();
            Attribute::parse_outer(&ahead)?;
            ahead.parse::<Visibility>()?;
            if is_keyword_next(&ahead, Token![fn]) { input.parse() } else { Err(ahead.error(message)) }
        };
        Parser::parse2(parse, tokens)
    }

    /// Takes the `#[instrument_task(…)]` attributes off the function.
    pub(crate) fn take_annotations(&mut self) -> Vec<Attribute> {
        self.attributes.extract_if(.., |attribute| is_annotation(attribute)).collect()
    }

    /// Returns the tokens of the function, with the attributes it has now.
    pub(crate) fn as_written(&self) -> TokenStream {
        let Self { attributes, qualifiers, signature, body } = self;
        let braces = &body.braces;
        quote!(#(#attributes)* #qualifiers #signature #braces)
    }

    /// Returns the function with `statements` as its body, and with `output` as its return type, if there is one.
    pub(crate) fn with_body(&self, statements: &TokenStream, output: Option<&ReturnType>) -> TokenStream {
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

/// Returns the braces of a body, out of the group in which `macro_rules!` passes on a `$body`.
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

/// The body as a block expression, without the attributes that belong to the function.
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

    /// Returns the block with other items.
    pub(crate) fn with_items(&self, items: TokenStream) -> TokenStream {
        let head = &self.head;
        let braces = braces_like(&self.braces, items);
        quote!(#head #braces)
    }
}

impl ImplPart {
    fn parse_all(input: ParseStream<'_>) -> syn::Result<Vec<Self>> {
        let mut items = Vec::new();
        while !input.is_empty() {
            let is_function = {
                let ahead = input.fork();
                Attribute::parse_outer(&ahead)?;
                ahead.parse::<Visibility>()?;
                is_keyword_next(&ahead, Token![fn])
            };
            items.push(if is_function {
                Self::Function(Box::new(input.parse()?))
            } else {
                Self::Other(next_tokens(input)?)
            });
        }
        Ok(items)
    }
}

/// Parses an item that stays as it is, up to the next semicolon or closing brace.
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

/// Returns whether an attribute is `#[instrument_task]`.
pub(crate) fn is_annotation(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|segment| segment.ident == "instrument_task")
}

/// Returns the item without the annotations inside it. Beside an error, they would be expanded by themselves, and cause
/// errors that do not help.
pub(crate) fn without_inner_annotations(item: TokenStream) -> TokenStream {
    let mut kept: Vec<TokenTree> = Vec::new();
    for token in item {
        match token {
            TokenTree::Group(group) if is_annotation_group(&group) && ends_with_pound(&kept) => {
                kept.pop();
            }
            TokenTree::Group(group) if matches!(group.delimiter(), Delimiter::Brace | Delimiter::None) => {
                let mut inner = Group::new(group.delimiter(), without_inner_annotations(group.stream()));
                inner.set_span(group.span());
                kept.push(inner.into());
            }
            other => kept.push(other),
        }
    }
    TokenStream::from_iter(kept)
}

fn is_annotation_group(group: &Group) -> bool {
    let parse = |input: ParseStream<'_>| {
        let path = input.call(syn::Path::parse_mod_style)?;
        input.parse::<TokenStream>()?;
        Ok(path.segments.last().is_some_and(|segment| segment.ident == "instrument_task"))
    };
    group.delimiter() == Delimiter::Bracket && Parser::parse2(parse, group.stream()).unwrap_or_default()
}

fn ends_with_pound(tokens: &[TokenTree]) -> bool {
    matches!(tokens.last(), Some(TokenTree::Punct(punct)) if punct.as_char() == '#')
}

/// Returns tokens as source text, with the usual spaces.
pub(crate) fn source_text(tokens: &impl ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    [(" :: ", "::"), (" < ", "<"), (" >", ">"), (" ,", ","), ("& ", "&"), ("< ", "<")]
        .into_iter()
        .fold(text, |text, (spaced, close)| text.replace(spaced, close))
}
