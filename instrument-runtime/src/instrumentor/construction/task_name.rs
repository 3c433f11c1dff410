//! The name of a task type, without the wrappers in which a constructor returns it.

/// The name of a task type. Unlike a `TypeId`, it also exists for a type that borrows.
pub(super) type TaskName = &'static str;

/// The types in which constructors return tasks, as the compiler names them.
const WRAPPERS: [&str; 7] = [
    "core::result::Result<",
    "core::option::Option<",
    "alloc::sync::Arc<",
    "alloc::boxed::Box<",
    "alloc::rc::Rc<",
    "core::pin::Pin<",
    // A tuple with the task first.
    "(",
];

/// Strips wrappers from the name of a type. An annotation may name an alias, such as
/// `type Connected = Result<Arc<Task>, Error>`, which must match the constructors of `Task`.
pub(super) fn task_name(type_name: &'static str) -> TaskName {
    let mut name = type_name;
    while let Some(inside) = WRAPPERS.iter().find_map(|wrapper| name.strip_prefix(wrapper)) {
        name = first_argument(inside);
    }
    name
}

/// Returns the text before the comma or bracket that ends the first argument.
fn first_argument(inside: &'static str) -> &'static str {
    let mut depth = 0_usize;
    let mut before = ' ';
    for (at, c) in inside.char_indices() {
        match c {
            '<' | '(' | '[' => depth += 1,
            ',' | '>' | ')' | ']' if depth == 0 => return &inside[..at],
            // The arrow of a function type is not a closing bracket.
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
    fn wrappers_do_not_change_the_name_of_a_task() {
        let plain = task_name::<Task>();
        assert!(plain.ends_with("Task"), "{plain}");
        assert_eq!(task_name::<Option<Box<Task>>>(), plain);
        assert_eq!(task_name::<Result<Pin<Box<Arc<Task>>>, String>>(), plain);
        assert_eq!(task_name::<Option<(Task, u8)>>(), plain);
        let of_function = task_name::<Task<fn(Option<u8>) -> Vec<(u8, [u8; 3])>>>();
        assert_ne!(of_function, plain);
        assert_eq!(task_name::<Result<Task<fn(Option<u8>) -> Vec<(u8, [u8; 3])>>, ()>>(), of_function);
        assert_eq!(task_name::<Borrowing<'_>>(), task_name::<Option<Borrowing<'_>>>());
    }

    struct Borrowing<'a>(PhantomData<&'a str>);
}
