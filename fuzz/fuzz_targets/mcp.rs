#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| health_fuzz::mcp(bytes));
