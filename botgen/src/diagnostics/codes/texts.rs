//! BF04: texts, translations, markup.

pub use botfactory_lang::diagnostics::codes::texts::*;

super::pages! {
    "BF0401" "BF0402" "BF0403" "BF0404" "BF0405" "BF0406" "BF0410" "BF0411" "BF0412" "BF0413" "BF0414"
    "BF0415" "BF0416" "BF0417" "BF0418" "BF0419" "BF0420" "BF0421" "BF0422" "BF0423" "BF0424" "BF0425"
    "BF0426" "BF0427" "BF0428" "BF0429" "BF0430" "BF0431" "BF0432" "BF0433" "BF0434" "BF0436" "BF0437"
    "BF0438" "BF0439" "BF0440" "BF0435" "BF0441" "BF0442" "BF0443"
}
