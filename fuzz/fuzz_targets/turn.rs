#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| botfactory_fuzz::turn(data));
