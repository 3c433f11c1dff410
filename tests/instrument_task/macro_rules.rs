//! Constructors in the expansion of `macro_rules!`.

use pipecat_instrument::{ObservedTask, Observer, instrument_task};

use crate::single_observer::{Speaks, Task, observed_once};

macro_rules! task {
    ($vis:vis $name:ident, $ty:ty, $($argument:ident: $of:ty),*; $id:expr; $body:block) => {
        #[derive(Default)]
        $vis struct $name(Task);

        impl ObservedTask for $name {
            fn attach_observer(&mut self, observer: Observer) {
                self.0.attach_observer(observer);
            }
        }

        impl Speaks for $name {
            fn observers(&self) -> &[Observer] {
                self.0.observers()
            }
        }

        #[instrument_task(conversation_id = $id)]
        impl $ty {
            $vis fn new($($argument: $of),*) -> $ty $body
        }
    };
}

task!(pub(crate) Generated, Generated, id: &str; id; { assert!(!id.is_empty()); Self::default() });

macro_rules! annotated {
    ($item:item) => {
        #[instrument_task]
        $item
    };
}

annotated! {
    impl Generated {
        fn whole() -> Option<Self> {
            Some(Self::default())
        }
    }
}

annotated! {
    fn by_itself() -> Generated {
        Generated::default()
    }
}

#[test]
fn constructors_from_macro_rules_are_observed() {
    assert_eq!(observed_once(|| Generated::new("1")), "1");
    observed_once(|| Generated::whole().unwrap());
    observed_once(by_itself);
}
