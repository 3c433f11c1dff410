//! Attributes of one span, as they gather.

use opentelemetry::{Key, KeyValue, Value};

/// How many attributes a span usually has, without messages.
const USUAL: usize = 64;

/// The attributes of one span, in order of importance: the most important are put first.
///
/// Holds that
/// - a key is written once: the first value stays, as the SDK would keep both and count both;
/// - no key is a dotted prefix of another, as Phoenix shows neither `input` nor `input.value` where both are;
/// - there are no more than fit: what comes last is left out, as the SDK would silently drop it.
#[derive(Debug)]
pub(super) struct Attributes {
    written: Vec<KeyValue>,
    limit: usize,
    /// Whether there are keys among them that are not of our table.
    has_others: bool,
}

impl Attributes {
    /// Room for `limit` attributes.
    pub(super) fn with_limit(limit: usize) -> Self {
        Self { written: Vec::with_capacity(limit.min(USUAL)), limit, has_others: false }
    }

    /// How many more fit.
    pub(super) fn room(&self) -> usize {
        self.limit.saturating_sub(self.written.len())
    }

    /// Makes room in memory for `more` attributes that are about to come.
    pub(super) fn reserve(&mut self, more: usize) {
        self.written.reserve(more);
    }

    /// Adds an attribute of a key of our table, unless it is there or nothing more fits. No key of the table is a prefix of
    /// another: a test of `keys` holds that, so that it need not be looked at here, for each key with each.
    pub(super) fn put(&mut self, key: &'static str, value: impl Into<Value>) {
        let is_taken = if self.has_others { self.clashes(key) } else { self.holds(key) };
        if !is_taken {
            self.append(key.into(), value.into());
        }
    }

    /// Adds an attribute of any key, unless that clashes with one before it or nothing more fits.
    pub(super) fn put_other(&mut self, key: impl Into<Key>, value: impl Into<Value>) {
        let key = key.into();
        if !self.clashes(key.as_str()) {
            self.has_others = true;
            self.append(key, value.into());
        }
    }

    /// The same, if there is a value.
    pub(super) fn put_some(&mut self, key: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    /// The same, for a count of things.
    pub(super) fn put_count(&mut self, key: &'static str, count: Option<u64>) {
        self.put_some(key, count.map(|count| i64::try_from(count).unwrap_or(i64::MAX)));
    }

    /// The same, if `fact` is true: for what is written only then.
    pub(super) fn put_if(&mut self, key: &'static str, fact: bool) {
        if fact {
            self.put(key, true);
        }
    }

    /// Gives another value to `key` where it stands; adds it, if it does not.
    pub(super) fn replace(&mut self, key: &'static str, value: impl Into<Value>) {
        match self.written.iter_mut().find(|written| written.key.as_str() == key) {
            Some(written) => written.value = value.into(),
            None => self.put(key, value),
        }
    }

    /// Whether there is a value of `key`.
    pub(super) fn holds(&self, key: &str) -> bool {
        self.written.iter().any(|written| written.key.as_str() == key)
    }

    /// A writer of keys that all begin with `family` and a dot, and that differ by construction.
    ///
    /// It looks at the other keys once, and not again for each of its own: a context has hundreds.
    pub(super) fn family(&mut self, family: &'static str) -> Family<'_> {
        let may_meet = self.has_others && self.clashes(family);
        let trust = if may_meet { Trust::LookAtEach } else { Trust::Distinct };
        Family { attributes: self, trust }
    }

    /// What was gathered.
    pub(super) fn into_vec(self) -> Vec<KeyValue> {
        self.written
    }

    fn clashes(&self, key: &str) -> bool {
        self.written.iter().any(|other| clash(other.key.as_str(), key))
    }

    fn append(&mut self, key: Key, value: Value) {
        if self.room() > 0 {
            self.written.push(KeyValue::new(key, value));
        }
    }
}

/// Writes keys that have their beginning in common; see [`Attributes::family`].
#[derive(Debug)]
pub(super) struct Family<'a> {
    attributes: &'a mut Attributes,
    trust: Trust,
}

/// Whether keys of a family can meet others.
#[derive(Debug, Clone, Copy)]
enum Trust {
    /// They cannot.
    Distinct,
    /// They can: an attribute of the user's begins like the family.
    LookAtEach,
}

impl Family<'_> {
    /// Adds an attribute, unless nothing more fits.
    pub(super) fn put(&mut self, key: impl Into<Key>, value: impl Into<Value>) {
        match self.trust {
            Trust::Distinct => self.attributes.append(key.into(), value.into()),
            Trust::LookAtEach => self.attributes.put_other(key, value),
        }
    }
}

/// Whether two keys are the same, or one is a dotted prefix of the other.
fn clash(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    // The byte after the shorter one rules out nearly all pairs without looking at the rest.
    matches!(long.as_bytes().get(short.len()), None | Some(b'.')) && long.starts_with(short)
}

#[cfg(test)]
mod tests;
