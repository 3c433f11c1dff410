//! The language model: where it is, and which.

/// A model behind `OpenAI`'s interface.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    /// The interface, up to and with its version.
    pub(crate) base_url: String,
    /// What lets one in.
    pub(crate) api_key: String,
    /// Its name.
    pub(crate) name: String,
    /// Who provides it.
    pub(crate) provider: &'static str,
}

impl Model {
    /// The one that is served at `base_url` by this process.
    pub(crate) fn on_loopback(base_url: String) -> Self {
        let (api_key, name) = ("none needed".to_owned(), "prepared-answers".to_owned());
        Self { base_url, api_key, name, provider: "loopback" }
    }
}
