//! The expansion of a processor type, and the table of fields.

use quote::quote;

use super::attr::FIELDS;
use super::observed_service;

#[test]
fn struct_expands_to_a_view() {
    let expanded = observed_service(quote! {
        #[service(llm, crate = t, name = label, model, provider = "openai", sample_rate = .0)]
        struct Llm<T: Send> {
            label: String,
            model: Option<String>,
            client: T,
        }
    });
    assert!(expanded.to_string().contains("compile_error"), "it has no field .0");

    let expanded = observed_service(quote! {
        #[service(llm, crate = t, name = label, model, provider = "openai")]
        #[service(voice = VOICE, language = self.client.language)]
        struct Llm<T: Send> {
            label: String,
            model: Option<String>,
            client: T,
        }
    });
    let expected = quote! {
        #[automatically_derived]
        impl<T: Send> t::__private::v1::frame::ObservedService for Llm<T> {
            #[inline]
            fn id(&self) -> &str {
                t::__private::v1::Text::text(&self.label)
            }

            #[inline]
            fn role(&self) -> t::__private::v1::frame::Role {
                t::__private::v1::frame::Role::Llm
            }

            fn view(&self) -> t::__private::v1::frame::ServiceView<'_> {
                t::__private::v1::frame::ServiceView {
                    role: t::__private::v1::frame::Role::Llm,
                    id: t::__private::v1::Text::text(&self.label),
                    class: "Llm",
                    name: t::__private::v1::Text::text(&self.label),
                    provider: t::__private::v1::OptionalText::optional_text("openai"),
                    model: t::__private::v1::OptionalText::optional_text(&self.model),
                    voice: t::__private::v1::OptionalText::optional_text(VOICE),
                    language: t::__private::v1::OptionalText::optional_text(&self.client.language),
                    sample_rate: ::core::option::Option::None,
                    system_instruction: ::core::option::Option::None,
                    instruction_placement: t::__private::v1::frame::InstructionPlacement::ByFamily,
                    settings: &[],
                }
            }
        }
    };
    assert_eq!(expanded.to_string(), expected.to_string());
}

#[test]
fn field_names_are_unique() {
    for (index, field) in FIELDS.iter().enumerate() {
        assert!(!FIELDS[..index].iter().any(|earlier| earlier.name == field.name), "{} twice", field.name);
    }
}
