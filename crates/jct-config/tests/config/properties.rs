//! Whatever stands in a source, resolving ends with a configuration or with messages.

use proptest::prelude::*;

use crate::support::resolve;

proptest! {
    #[test]
    fn any_value_of_any_key_is_taken_or_refused(position in 0usize..64, value in "\\PC{0,40}") {
        let keys: Vec<_> = jct_config::registry().collect();
        let key = keys[position % keys.len()];
        let by_variable = resolve("", &[(key.env, &value)], &[]);
        let by_flag = resolve("", &[], &[(key.name, &value)]);
        if !value.is_empty() {
            prop_assert_eq!(by_variable.is_ok(), by_flag.is_ok());
        }
        if let Err(errors) = by_flag {
            prop_assert!(errors.iter().count() > 0);
        }
    }

    #[test]
    fn any_file_is_taken_or_refused(text in "(\\[?[a-z_]{0,9}\\]?( = [0-9\"\\[{]{0,4})?\n){0,6}") {
        let _ = resolve(&text, &[], &[]);
    }

    #[test]
    fn what_is_shown_of_a_plain_setting_reads_back(port in 0u16.., slots in 1u32..=1024) {
        let overrides = [("api.port", port.to_string()), ("worker.slots", slots.to_string())];
        let borrowed: Vec<_> = overrides.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let config = resolve("", &[], &borrowed).unwrap();
        let shown: Vec<_> = config.effective().iter().filter(|entry| !entry.value.is_empty()).collect();
        let again: Vec<_> = shown.iter().map(|entry| (entry.key, entry.value.as_str())).collect();
        let again = resolve("", &[], &again).unwrap();
        prop_assert_eq!((again.api, again.worker, again.trace), (config.api, config.worker, config.trace));
    }
}
