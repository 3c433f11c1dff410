//! Expansions of constructors of every shape.

use expect_test::{Expect, expect};
use proc_macro2::TokenStream;
use quote::quote;

use super::expanded;

#[allow(clippy::needless_pass_by_value, reason = "written where it is used")]
fn check(args: TokenStream, item: TokenStream, expected: Expect) {
    expected.assert_eq(&expanded(args, item));
}

#[test]
fn sync_constructor() {
    check(
        quote!(conversation_id = params.id),
        quote! {
            impl Task {
                const LIMIT: usize = { 8 };

                /// Documented.
                #[must_use]
                pub(crate) fn new(params: Params) -> Self {
                    #![allow(unused)]
                    Self(params)
                }

                fn id(&self) -> u8 {
                    self.0.id
                }
            }
        },
        expect![[r#"
            impl Task {
                const LIMIT: usize = { 8 };
                /// Documented.
                #[must_use]
                pub(crate) fn new(params: Params) -> Self {
                    #![allow(unused)]
                    ::pipecat_instrument::__private::v1::begin::<
                        Self,
                    >("Task", |options| options.conversation_id(&(params.id)))
                        .attach(move || -> Self { Self(params) })
                }
                fn id(&self) -> u8 {
                    self.0.id
                }
            }
            ::pipecat_instrument::__private::v1::register! {
                "Task"
            }
        "#]],
    );
}

#[test]
fn async_constructor() {
    check(
        quote!(crate = our::tracing, name = "caller"),
        quote! {
            async fn connect(url: &str) -> Result<Task, impl Error> {
                dial(url).await
            }
        },
        expect![[r#"
            async fn connect(url: &str) -> Result<Task, impl Error> {
                our::tracing::__private::v1::register! {
                    "caller"
                }
                our::tracing::__private::v1::begin::<Task>("caller", |options| options)
                    .attach_async(async move {
                        if false {
                            return our::tracing::__private::v1::never::<Result<Task, _>>();
                        }
                        { dial(url).await }
                    })
                    .await
            }
        "#]],
    );
}

#[test]
fn constructor_that_returns_a_future() {
    check(
        quote!(crate = t),
        quote! {
            impl<'a> Builder for Line<'a> {
                fn dial(url: &'a str) -> Pin<Box<dyn Future<Output = Self> + Send + 'a>> {
                    Box::pin(async move { Self(url) })
                }

                fn wait(url: &'a str) -> impl Future<Output = Option<Self>> + Send {
                    async move { Some(Self(url)) }
                }
            }
        },
        expect![[r#"
            impl<'a> Builder for Line<'a> {
                fn dial(url: &'a str) -> Pin<Box<dyn Future<Output = Self> + Send + 'a>> {
                    let construction = t::__private::v1::begin::<
                        Self,
                    >("Line<'a>", |options| options);
                    let future = construction
                        .run(move || -> Pin<Box<dyn Future<Output = Self> + Send + 'a>> {
                            Box::pin(async move { Self(url) })
                        });
                    construction.attach_boxed(future, |future| t::__private::v1::Box::pin(future))
                }
                fn wait(url: &'a str) -> impl Future<Output = Option<Self>> + Send {
                    let construction = t::__private::v1::begin::<
                        Self,
                    >("Line<'a>", |options| options);
                    let future = construction.run(move || -> _ { async move { Some(Self(url)) } });
                    construction.attach_async(future)
                }
            }
            t::__private::v1::register! {
                "Line<'a>"
            }
        "#]],
    );
}

#[test]
fn observer_into_an_argument() {
    check(
        quote!(observers = watchers, via = adapt, crate = t),
        quote! {
            unsafe fn build(watchers: Vec<Watcher>) -> Task {
                Task(watchers)
            }
        },
        expect![[r#"
            unsafe fn build(watchers: Vec<Watcher>) -> Task {
                t::__private::v1::register! {
                    "Task"
                }
                let construction = t::__private::v1::begin::<Task>("Task", |options| options);
                let mut watchers = watchers;
                if let ::core::option::Option::Some(observer) = construction.observer() {
                    watchers.push((adapt)(observer));
                }
                construction.run(move || -> Task { Task(watchers) })
            }
        "#]],
    );
}

#[test]
fn observer_into_a_field_of_an_argument() {
    check(
        quote!(observers = params.observers, task = Task, crate = t),
        quote! {
            fn dial(mut params: Params) -> BoxFuture<'static, Task> {
                todo!()
            }
        },
        expect![[r#"
            fn dial(mut params: Params) -> BoxFuture<'static, Task> {
                t::__private::v1::register! {
                    "Task"
                }
                let construction = t::__private::v1::begin::<Task>("Task", |options| options);
                if let ::core::option::Option::Some(observer) = construction.observer() {
                    params.observers.push(observer);
                }
                let future = construction.run(move || -> BoxFuture<'static, Task> { todo!() });
                construction.run_boxed(future, |future| t::__private::v1::Box::pin(future))
            }
        "#]],
    );
}

#[test]
fn observer_into_a_wrapper() {
    check(
        quote!(wrap = adapter::Observed, conversation_id = id, crate = t),
        quote! {
            pub fn build(id: &str) -> Result<PipelineTask, Error> {
                PipelineTask::new(id)
            }
        },
        expect![[r#"
            pub fn build(id: &str) -> Result<adapter::Observed<PipelineTask>, Error> {
                t::__private::v1::register! {
                    "PipelineTask"
                }
                t::__private::v1::begin::<
                    adapter::Observed<PipelineTask>,
                >("PipelineTask", |options| options.conversation_id(&(id)))
                    .attach_wrapped(
                        move || -> Result<PipelineTask, Error> { PipelineTask::new(id) },
                        |made, construction| {
                            made
                                .map(|made| {
                                    construction
                                        .wrapped::<
                                            adapter::Observed<PipelineTask>,
                                            PipelineTask,
                                        >(made)
                                })
                        },
                    )
            }
        "#]],
    );
}

#[test]
fn wrapper_in_a_future_with_a_tuple() {
    check(
        quote!(wrap = Observed, crate = t),
        quote! {
            async fn connect() -> Option<(PipelineTask, Events)> {
                dial().await
            }
        },
        expect![[r#"
            async fn connect() -> Option<(Observed<PipelineTask>, Events)> {
                t::__private::v1::register! {
                    "PipelineTask"
                }
                t::__private::v1::begin::<Observed<PipelineTask>>("PipelineTask", |options| options)
                    .attach_wrapped_async(
                        async move {
                            if false {
                                return t::__private::v1::never::<Option<(PipelineTask, Events)>>();
                            }
                            { dial().await }
                        },
                        |made, construction| {
                            made
                                .map(|made| (
                                    construction
                                        .wrapped::<Observed<PipelineTask>, PipelineTask>(made.0),
                                    made.1,
                                ))
                        },
                    )
                    .await
            }
        "#]],
    );
    check(
        quote!(wrap = Observed, crate = t),
        quote! {
            fn boxed<'a>() -> Pin<Box<dyn Future<Output = PipelineTask> + Send + 'a>> {
                Box::pin(dial())
            }
        },
        expect![[r#"
            fn boxed<'a>() -> Pin<Box<dyn Future<Output = Observed<PipelineTask>> + Send + 'a>> {
                t::__private::v1::register! {
                    "PipelineTask"
                }
                let construction = t::__private::v1::begin::<
                    Observed<PipelineTask>,
                >("PipelineTask", |options| options);
                let future = construction
                    .run(move || -> Pin<Box<dyn Future<Output = PipelineTask> + Send + 'a>> {
                        Box::pin(dial())
                    });
                t::__private::v1::Box::pin(
                    construction
                        .attach_wrapped_async(
                            future,
                            |made, construction| {
                                construction.wrapped::<Observed<PipelineTask>, PipelineTask>(made)
                            },
                        ),
                )
            }
        "#]],
    );
}

#[test]
fn options_are_set_in_a_fixed_order() {
    check(
        quote!(debug_log = false, link = caller, attributes = [tag(id)], conversation_id = id, crate = t),
        quote! {
            fn build(id: &str, caller: &str) -> Task {
                Task
            }
        },
        expect![[r#"
            fn build(id: &str, caller: &str) -> Task {
                t::__private::v1::register! {
                    "Task"
                }
                t::__private::v1::begin::<
                    Task,
                >(
                        "Task",
                        |options| {
                            options
                                .conversation_id(&(id))
                                .attributes(&([tag(id)]))
                                .debug_log(&(false))
                                .link(&(caller))
                        },
                    )
                    .attach(move || -> Task { Task })
            }
        "#]],
    );
}

#[test]
fn options_of_a_block_apply_where_their_arguments_are() {
    let expanded = expanded(
        quote!(conversation_id = id, attributes = tags(), debug_log = call.log),
        quote! {
            impl Task {
                fn named(id: &str, other: u8) -> Self { Self }
                fn in_a_pattern(Params { id, .. }: Params) -> Self { Self }
                fn nameless() -> Self { Self }
                fn logged((call, _): (Call, u8)) -> Self { Self }
            }
        },
    );
    assert_eq!(expanded.matches(".conversation_id(&(id))").count(), 2, "{expanded}");
    assert_eq!(expanded.matches(".debug_log(&(call.log))").count(), 1, "{expanded}");
    assert_eq!(expanded.matches(".attributes(&(tags()))").count(), 4, "{expanded}");
}

#[test]
fn registration_keeps_the_cfg_of_the_block() {
    let expanded = expanded(
        quote!(),
        quote! {
            #[cfg(feature = "calls")]
            impl Task {
                fn new() -> Self { Self }
            }
        },
    );
    assert_eq!(expanded.matches("#[cfg(feature = \"calls\")]").count(), 2, "{expanded}");
}

#[test]
fn ten_lines_expand_to_fewer_than_25() {
    let constructor: TokenStream = quote! {
        pub fn new(params: Params) -> Result<PipelineTask, String> {
            if params.line.is_empty() {
                return Err("no line".to_owned());
            }
            let retries = 3;
            let line = params.line;
            let observer = None;
            let task = PipelineTask::with(observer, line, retries);
            Ok(task)
        }
    };
    let lines = |code: &str| code.lines().filter(|line| !line.trim().is_empty()).count();
    let written = prettyplease::unparse(&syn::parse2(constructor.clone()).expect("a function"));
    assert_eq!(lines(&written), 10, "{written}");

    let alone = expanded(quote!(conversation_id = params.id), constructor.clone());
    assert!(lines(&alone) < 25, "{} lines:\n{alone}", lines(&alone));
    let block = expanded(quote!(conversation_id = params.id), quote!(impl PipelineTask { #constructor }));
    assert!(lines(&block) < 25, "{} lines:\n{block}", lines(&block));
}
