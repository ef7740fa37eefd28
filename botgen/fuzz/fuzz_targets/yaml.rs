#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| botgen_fuzz::yaml(data));
