//! What a task type is called, out of what a constructor returns it in.

/// A task type, by its name: unlike a `TypeId`, a type that borrows has one, too.
pub(super) type TaskName = &'static str;

/// What constructors return tasks in, as the compiler names it.
const WRAPPERS: [&str; 7] = [
    "core::result::Result<",
    "core::option::Option<",
    "alloc::sync::Arc<",
    "alloc::boxed::Box<",
    "alloc::rc::Rc<",
    "core::pin::Pin<",
    // A tuple of the task and something to reach it by.
    "(",
];

/// The name of the task in the type of this name: an annotation may name an alias, as `type Dialled = Result<Arc<Task>, Error>`, and must
/// still know the constructors of `Task` again.
pub(super) fn task_name(type_name: &'static str) -> TaskName {
    let mut name = type_name;
    while let Some(inside) = WRAPPERS.iter().find_map(|wrapper| name.strip_prefix(wrapper)) {
        name = first_argument(inside);
    }
    name
}

/// What stands before the comma or bracket that ends the first argument.
fn first_argument(inside: &'static str) -> &'static str {
    let mut depth = 0_usize;
    let mut before = ' ';
    for (at, c) in inside.char_indices() {
        match c {
            '<' | '(' | '[' => depth += 1,
            ',' | '>' | ')' | ']' if depth == 0 => return &inside[..at],
            // The arrow of a function type closes nothing.
            '>' if before == '-' => {}
            '>' | ')' | ']' => depth -= 1,
            _ => {}
        }
        before = c;
    }
    inside
}

#[cfg(test)]
mod tests {
    use std::marker::PhantomData;
    use std::pin::Pin;
    use std::sync::Arc;

    use super::TaskName;

    fn task_name<T>() -> TaskName {
        super::task_name(std::any::type_name::<T>())
    }

    struct Task<T: ?Sized = u8>(PhantomData<T>);

    #[test]
    fn a_task_is_called_the_same_in_whatever_it_is_returned() {
        let plain = task_name::<Task>();
        assert!(plain.ends_with("Task"), "{plain}");
        assert_eq!(task_name::<Option<Box<Task>>>(), plain);
        assert_eq!(task_name::<Result<Pin<Box<Arc<Task>>>, String>>(), plain);
        assert_eq!(task_name::<Option<(Task, u8)>>(), plain);
        let of_function = task_name::<Task<fn(Option<u8>) -> Vec<(u8, [u8; 3])>>>();
        assert_ne!(of_function, plain);
        assert_eq!(task_name::<Result<Task<fn(Option<u8>) -> Vec<(u8, [u8; 3])>>, ()>>(), of_function);
        assert_eq!(task_name::<Line<'_>>(), task_name::<Option<Line<'_>>>());
    }

    struct Line<'a>(PhantomData<&'a str>);
}
