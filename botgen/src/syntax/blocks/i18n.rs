//! `i18n.fluent.v1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{LocaleTag, Shape};
use crate::source::Spanned;
use crate::syntax::ast::{I18n, Strategy};
use crate::syntax::decode::Cx;
use crate::syntax::registry::{Block, Decode};
use crate::yaml::Node;

/// The languages of a bot; their texts stand in `locales/<lang>.ftl`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "I18n")]
pub struct Published {
    /// For people of whom nothing is known.
    pub default_locale: LocaleTag,
    /// Every language of the bot.
    #[schemars(length(min = 1))]
    pub locales: Vec<LocaleTag>,
    /// Whose choice counts: each person's, the chat's, or nobody's.
    #[schemars(extend("default" = "user"))]
    pub strategy: Option<StrategyName>,
}

/// Whose choice of a language counts.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Strategy", inline)]
pub enum StrategyName {
    #[allow(missing_docs)]
    User,
    #[allow(missing_docs)]
    Chat,
    #[allow(missing_docs)]
    Fixed,
}

/// The registry's line.
pub static BLOCK: Block = Block {
    name: "i18n.fluent.v1",
    shape: Shape::of::<Published>,
    decode: Decode::Setting,
    example: r#"botfactory: v1
i18n.fluent.v1: { default_locale: ru, locales: [ru, en], strategy: user }
"#,
};

impl Cx<'_> {
    /// `i18n.fluent.v1:`.
    pub(in crate::syntax) fn i18n(&mut self, node: &Node) -> Option<I18n> {
        let mut f = self.fields::<Published>(node, "`i18n.fluent.v1`")?;
        let default_locale = self.word(f.get("default_locale"), "`default_locale`");
        let locales = self.each(f.get("locales"), "`locales`", false, |cx, item| {
            cx.word(Some(item), "a locale")
        });
        let words = [
            ("user", Strategy::User),
            ("chat", Strategy::Chat),
            ("fixed", Strategy::Fixed),
        ];
        let strategy = self.one_of(f.get("strategy"), "`strategy`", &words);
        let span = f.span;
        f.finish();
        Some(I18n {
            span,
            default_locale: default_locale?,
            locales,
            strategy: strategy.unwrap_or(Spanned {
                node: Strategy::User,
                span,
            }),
        })
    }
}
