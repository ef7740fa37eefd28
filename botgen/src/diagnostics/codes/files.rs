//! BF00: files and YAML.

pub use botfactory_lang::diagnostics::codes::files::*;

super::pages! {
    "BF0001" "BF0002" "BF0003" "BF0004" "BF0005" "BF0006" "BF0007" "BF0010" "BF0011" "BF0012" "BF0013"
    "BF0014" "BF0015" "BF0016" "BF0017" "BF0018" "BF0019" "BF0020" "BF0021" "BF0022" "BF0023" "BF0024"
    "BF0025" "BF0026"
}
