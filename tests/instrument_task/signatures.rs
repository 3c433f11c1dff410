//! Signatures of constructors: generics, lifetimes, patterns, attributes, traits.

use std::fmt::Display;

use pipecat_instrument::{ObservedTask, Observer, instrument_task};

use crate::single_observer::{Refused, Speaks, Task, observed_once};

// Generic, const-generic and borrowing types.

struct Line<'a, T, const N: usize> {
    name: &'a str,
    codecs: [T; N],
    task: Task,
}

impl<T, const N: usize> ObservedTask for Line<'_, T, N> {
    fn attach_observer(&mut self, observer: Observer) {
        self.task.attach_observer(observer);
    }
}

impl<T, const N: usize> Speaks for Line<'_, T, N> {
    fn observers(&self) -> &[Observer] {
        self.task.observers()
    }
}

#[instrument_task(conversation_id = name)]
impl<'a, T: Clone, const N: usize> Line<'a, T, N>
where
    T: Display,
{
    fn new(name: &'a str, codec: T) -> Self {
        Self::with(name, [(); N].map(|()| codec.clone()))
    }

    fn with<'b>(name: &'b str, codecs: [T; N]) -> Line<'a, T, N>
    where
        'b: 'a,
    {
        Self { name, codecs, task: Task::default() }
    }

    fn labelled<L: Display + ?Sized, const M: usize>(
        name: &'a str,
        label: &L,
        _rest: [u8; M],
    ) -> Result<Self, Refused>
    where
        T: From<String>,
    {
        if M == 0 {
            return Err(Refused);
        }
        Ok(Self::new(name, T::from(label.to_string())))
    }

    fn described(
        name: &'a str,
        codec: T,
        notes: impl IntoIterator<Item = impl Into<String>>,
    ) -> Option<Box<Self>> {
        let notes: Vec<String> = notes.into_iter().map(Into::into).collect();
        (!notes.is_empty()).then(|| Box::new(Self::new(name, codec)))
    }
}

#[test]
fn generics_lifetimes_and_where_clauses_are_kept() {
    assert_eq!(observed_once(|| Line::<_, 2>::new("1", "opus")), "1");
    assert_eq!(observed_once(|| Line::<String, 1>::labelled("2", "pcm", [0]).unwrap()), "2");
    assert!(Line::<String, 1>::labelled("2", "pcm", []).is_err());
    assert_eq!(observed_once(|| Line::<_, 3>::described("3", "opus", ["a", "b"]).unwrap()), "3");

    let line = Line::<_, 2>::new("4", "opus");
    assert_eq!((line.name, line.codecs), ("4", ["opus", "opus"]));
}

// Patterns and other arguments.

struct Params {
    id: String,
    retries: u8,
}

#[instrument_task(conversation_id = id)]
impl Task {
    fn from_params(Params { id, .. }: Params) -> Self {
        assert!(!id.is_empty(), "the annotation borrows its arguments");
        Self::default()
    }

    fn from_pair((id, _): (String, u8), _: u8, [first, ..]: [u8; 3]) -> Self {
        assert_eq!((id.len(), first), (2, 1));
        Self::default()
    }

    fn mutable(mut id: String, mut left: u8) -> Option<Self> {
        while left > 0 {
            left -= 1;
            id.push('!');
        }
        id.ends_with('!').then(Self::default)
    }

    fn by_reference(id: &mut String) -> Self {
        id.push('?');
        Self::default()
    }

    fn bound_whole(params @ Params { .. }: Params, &id: &&str) -> Self {
        assert_eq!(params.retries, 2);
        let _ = id;
        Self::default()
    }
}

#[test]
fn patterns_bind_the_names_that_options_use() {
    let params = |id: &str| Params { id: id.to_owned(), retries: 2 };
    assert_eq!(observed_once(|| Task::from_params(params("5"))), "5");
    assert_eq!(observed_once(|| Task::from_pair(("66".to_owned(), 1), 2, [1, 2, 3])), "66");
    assert_eq!(observed_once(|| Task::mutable("7".to_owned(), 2).unwrap()), "7");
    let mut id = "8".to_owned();
    assert_eq!(observed_once(|| Task::by_reference(&mut id)), "8");
    assert_eq!(id, "8?");
    assert_eq!(observed_once(|| Task::bound_whole(params(""), &"9")), "9");
}

// Attributes, visibility, ABI.

mod inner {
    use pipecat_instrument::instrument_task;

    use crate::single_observer::Task;

    pub(super) struct Factory;

    impl Factory {
        /// Its documentation,
        #[doc = "in two forms."]
        #[instrument_task]
        #[must_use = "it is a task"]
        #[inline]
        #[cfg(not(any()))]
        #[allow(clippy::let_and_return, unused_mut)]
        pub(in crate::signatures) extern "C" fn attributed() -> Box<Task> {
            #![allow(unused_variables)]
            let mut unused = 1;
            let task = Box::default();
            task
        }

        #[cfg(any())]
        #[instrument_task]
        pub(super) fn attributed() -> NoSuchType {}
    }
}

#[instrument_task]
impl inner::Factory {
    #[cfg(any())]
    fn no_such() -> Self {
        no_such_thing()
    }

    #[cfg(not(any()))]
    #[instrument_task(task = Task)]
    fn chosen(#[cfg(any())] nothing: NoSuchType) -> Task {
        Task::default()
    }
}

#[instrument_task]
#[cfg(any())]
impl NoSuchType {
    fn new() -> Self {}
}

#[test]
fn attributes_and_visibility_are_kept() {
    observed_once(|| inner::Factory::attributed());
    observed_once(inner::Factory::chosen);
}

// Traits.

trait Build<T> {
    type Made;
    const LIMIT: usize;

    fn build(id: u64) -> Self;
    fn helper(id: T) -> T;
}

#[instrument_task(conversation_id = id)]
impl Build<Vec<u8>> for Task {
    type Made = [u8; 2 + { 2 }];
    const LIMIT: usize = {
        let limit = 4;
        limit
    };

    fn build(id: u64) -> Self {
        assert!(Self::helper(vec![0]).len() < <Self as Build<Vec<u8>>>::LIMIT, "{id}");
        Self::default()
    }

    fn helper(id: Vec<u8>) -> <Self as Identity<Vec<u8>>>::Same {
        id
    }
}

trait Identity<T> {
    type Same;
}

impl<T> Identity<T> for Task {
    type Same = T;
}

#[instrument_task]
impl From<Refused> for Task {
    fn from(_: Refused) -> Self {
        Self::default()
    }
}

#[instrument_task]
impl std::str::FromStr for Box<Task> {
    type Err = Refused;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        if line.is_empty() { Err(Refused) } else { Ok(Self::default()) }
    }
}

#[test]
fn trait_implementations_are_observed() {
    assert_eq!(observed_once(|| <Task as Build<_>>::build(10)), "10");
    assert_eq!(size_of::<<Task as Build<Vec<u8>>>::Made>(), 4);
    observed_once(|| Task::from(Refused));
    observed_once(|| "line".parse::<Box<Task>>().unwrap());
}
