//! What the author wrote, all spanned, nothing resolved.

pub use botfactory_lang::proof::Overflow;

use crate::source::{Span, Spanned, Str};

/// A bot: `bot.yaml` with its `flows/*.yaml` appended.
#[derive(Debug, Clone)]
pub struct Bot {
    /// The folder's name.
    pub id: String,
    /// Path of the folder as people see it.
    pub folder: String,
    /// `bot.yaml`'s root.
    pub span: Span,
    /// Some of it could not be read (reported): do not report what is missing.
    pub incomplete: bool,
    /// `name:`; default the id.
    pub name: Option<Str>,
    /// `tz:`; default UTC.
    pub tz: Option<Str>,
    /// `scope:`.
    pub scope: Option<Spanned<Scope>>,
    /// `locale:` of a bot of one language.
    pub locale: Option<Str>,
    /// `i18n.fluent.v1:`.
    pub i18n: Option<I18n>,
    /// `use:`.
    pub uses: Option<Vec<Str>>,
    /// `fallback:`.
    pub fallback: Option<Text>,
    /// `delivery:`.
    pub delivery: Option<Spanned<Delivery>>,
    /// `on_ambiguous:`.
    pub on_ambiguous: Option<Spanned<OnAmbiguous>>,
    /// `policies:`: limits of the whole bot, as actions without `goto`.
    pub policies: Vec<Action>,
    /// `migrations:` of another bot's folder (`../booking/migrations`).
    pub migrations: Option<Str>,
    /// `segments:`.
    pub segments: Vec<Str>,
    /// `lints:`.
    pub lints: Vec<Lint>,
    /// `intents:`.
    pub intents: Vec<Intent>,
    /// `flows:`.
    pub flows: Vec<Flow>,
    /// Every block name that is used, with its place (for `use`).
    pub blocks: Vec<Spanned<&'static str>>,
}

/// Whose conversation an update belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Scope {
    UserInChat,
    Chat,
    User,
    Thread,
}

/// One entry of `lints`.
#[derive(Debug, Clone)]
pub struct Lint {
    /// The key as it is written: a code, or the four signs that a family's codes begin with.
    pub name: Str,
    /// What its warnings become.
    pub level: Spanned<Level>,
    /// The whole entry.
    pub span: Span,
}

/// What a warning becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Level {
    Allow,
    Warn,
    Deny,
}

/// How replies travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Delivery {
    Auto,
    Webhook,
    Api,
}

/// What becomes of a message of which nobody knows whether it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum OnAmbiguous {
    Resend,
    Skip,
}

/// `i18n.fluent.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct I18n {
    pub span: Span,
    pub default_locale: Str,
    pub locales: Vec<Str>,
    pub strategy: Spanned<Strategy>,
}

/// Whose stored choice of a locale counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Strategy {
    User,
    Chat,
    Fixed,
}

/// A command with a fixed reply.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Intent {
    pub span: Span,
    /// With the leading `/`.
    pub cmd: Str,
    pub description: Option<Text>,
    pub allow: Option<Span>,
    pub reply: Text,
    pub overflow: Option<Spanned<Overflow>>,
}

/// A flow.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Flow {
    pub span: Span,
    /// Some of it could not be read (reported): report neither what it lacks nor what its absence breaks.
    pub incomplete: bool,
    /// `flow.wizard.v1`, and where it stands.
    pub block: Spanned<&'static str>,
    /// With the leading `/`.
    pub entry_cmd: Str,
    pub description: Option<Text>,
    /// `allow: admin`.
    pub allow: Option<Span>,
    pub args: Vec<ArgDecl>,
    pub on_enter: Vec<Action>,
    pub kind: FlowKind,
}

/// What a flow is.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum FlowKind {
    Menu(Menu),
    Wizard(Wizard),
    Generic,
}

/// `flow.menu.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Menu {
    pub title: Text,
    pub overflow: Option<Spanned<Overflow>>,
    pub options: Keyboard,
    pub parse_mode: Option<Spanned<ParseMode>>,
    pub edit: Option<Spanned<bool>>,
}

/// `flow.wizard.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Wizard {
    /// Seconds.
    pub ttl: Option<Spanned<i64>>,
    pub steps: Vec<Step>,
    /// A step, or the name of one, could not be read (reported).
    pub steps_lost: bool,
    pub on_step: Vec<Action>,
    pub on_complete: Vec<Action>,
    pub on_timeout: Option<OnTimeout>,
}

/// `on_timeout:`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum OnTimeout {
    /// An `action.reply_template.v1`; then the dialogue ends.
    Reply(Box<Action>),
    Goto(Str),
    Cancel,
    /// Something is wrong with it, and was reported.
    Bad,
}

/// `args: { id: int }`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct ArgDecl {
    pub name: Str,
    pub ty: Spanned<StepType>,
    pub optional: bool,
    pub min: Option<Field>,
    pub max: Option<Field>,
    pub options: Vec<Choice>,
}

/// A type as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum StepType {
    Text,
    Int,
    Decimal(u8),
    Bool,
    Date,
    Time,
    DateTime,
    Choice,
    /// Several options of a choice: only a widget's.
    Choices,
    /// What a column of the rows is: only a widget's.
    Column,
    Phone,
    Email,
    Contact,
    Location,
    Photo,
    File,
}

/// A wizard's step.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Step {
    pub span: Span,
    pub ask: Text,
    pub var: Str,
    /// Default: `var`.
    pub id: Option<Str>,
    pub ty: Spanned<StepType>,
    /// `type` could not be read (reported): what the answers are is not known.
    pub bad_type: bool,
    /// What asks, instead of a message that waits for another one.
    pub widget: Option<Spanned<Widget>>,
    pub optional: Option<Spanned<bool>>,
    /// Of `type: choice`.
    pub options: Vec<Choice>,
    pub min: Option<Field>,
    pub max: Option<Field>,
    pub validate: Option<Validate>,
    pub when: Option<Expr>,
    pub case: Vec<Case>,
    pub on_step: Vec<Action>,
    pub parse_mode: Option<Spanned<ParseMode>>,
}

/// A block that is a step.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Widget {
    Calendar(Box<Calendar>),
    Confirm(Confirm),
    Multiselect(Multiselect),
    Number(Number),
    Pick(Box<Pick>),
    Pages(Box<Pages>),
    Rating(Rating),
}

/// `options: { from: xs as x, text: …, value: x.id }` of a choice.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Pick {
    pub list: Expr,
    pub alias: Option<Spanned<String>>,
    pub text: Text,
    pub value: Expr,
}

/// `widget.calendar.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Calendar {
    /// `mode: datetime`.
    pub with_time: bool,
    pub min: Option<Moment>,
    pub max: Option<Moment>,
    /// Monday is 0.
    pub closed: Vec<Spanned<u8>>,
    pub disabled: Vec<Moment>,
    pub hours: Option<Str>,
    /// Seconds.
    pub step: Option<Spanned<i64>>,
    pub tz: Option<Field>,
}

/// A date or a datetime, or several.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Moment {
    Value(Field),
    /// Its shape is not written: the place says whether one or several are meant.
    Query(Box<Statement>),
}

/// `widget.confirm.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Confirm {
    pub yes: Option<Text>,
    pub no: Option<Text>,
}

/// `widget.multiselect.v1`. Its options are the step's.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Multiselect {
    pub min: Option<Spanned<i64>>,
    pub max: Option<Spanned<i64>>,
    pub columns: Option<Spanned<i64>>,
}

/// `widget.number.v1`. Its bounds are the step's.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Number {
    pub start: Option<Field>,
    pub step: Option<Field>,
    pub jump: Option<Field>,
}

/// `widget.rating.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Rating {
    pub max: Option<Spanned<i64>>,
    pub symbol: Option<Str>,
}

/// What a widget's block says that a step does not.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct WidgetStep {
    pub widget: Widget,
    /// Of its answer; `None`: could not be read (reported).
    pub ty: Option<Spanned<StepType>>,
    pub options: Vec<Choice>,
    pub min: Option<Field>,
    pub max: Option<Field>,
}

/// `validate:`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Validate {
    pub span: Span,
    pub regex: Option<Str>,
    pub msg: Option<Text>,
}

/// One option of a choice.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Choice {
    pub span: Span,
    pub text: Text,
    pub value: Str,
    pub when: Option<Expr>,
}

/// One branch of `case:`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Case {
    pub span: Span,
    pub when: Option<Expr>,
    pub goto: Str,
}

/// An action.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Action {
    pub span: Span,
    /// `action.sql_query.v1`, and where it stands.
    pub block: Spanned<&'static str>,
    pub when: Option<Expr>,
    /// A step's id or `end`.
    pub goto: Option<Str>,
    pub kind: ActionKind,
}

/// What an action does.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum ActionKind {
    Query(Statement),
    Exec(Statement),
    Reply(Reply),
    SetLocale(SetLocale),
    Limit(Limit),
    Pages(Box<Pages>),
    Ask(Box<Ask>),
    Broadcast(Box<Broadcast>),
    Segment(SegmentChange),
    /// Whether the person wants broadcasts from now on.
    Subscribe(bool),
}

impl ActionKind {
    /// The variable that keeps what it gives.
    pub fn result_var(&self) -> Option<&Str> {
        match self {
            Self::Query(statement) | Self::Exec(statement) => statement.result_var.as_ref(),
            Self::Broadcast(broadcast) => broadcast.result_var.as_ref(),
            _ => None,
        }
    }
}

/// `ops.broadcast.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Broadcast {
    pub name: Option<Str>,
    pub audience: Spanned<Audience>,
    pub message: Letter,
    /// Messages a second.
    pub per_sec: Option<Field>,
    pub at: Option<Field>,
    pub dry_run: bool,
    pub progress: bool,
    pub on_ambiguous: Option<Spanned<OnAmbiguous>>,
    pub result_var: Option<Str>,
}

/// Who gets a broadcast, as written.
#[derive(Debug, Clone)]
pub enum Audience {
    /// `all`, `active_7d`, `segment:vip`.
    Named(Str),
    /// `"{{audience}}"`.
    Chosen(Expr),
    /// `"segment:{{segment}}"`.
    Segment(Expr),
    /// `{ sql: … }`: its shape is not written.
    Query(Box<Statement>),
}

/// What a broadcast says.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Letter {
    pub span: Span,
    pub text: Option<Text>,
    pub overflow: Option<Spanned<Overflow>>,
    pub parse_mode: Option<Spanned<ParseMode>>,
    pub keyboard: Keyboard,
    pub media: Option<Media>,
}

/// A file that goes with a message.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Media {
    pub kind: MediaKind,
    pub file: Field,
}

/// What kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum MediaKind {
    Photo,
    Video,
    Document,
    Audio,
    Animation,
    Voice,
}

impl MediaKind {
    /// With the keys that name them.
    pub const ALL: [(&'static str, Self); 6] = [
        ("photo", Self::Photo),
        ("video", Self::Video),
        ("document", Self::Document),
        ("audio", Self::Audio),
        ("animation", Self::Animation),
        ("voice", Self::Voice),
    ];
}

/// `action.segment.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct SegmentChange {
    pub join: bool,
    pub segment: Field,
    /// Somebody else than whoever caused it.
    pub user: Option<Expr>,
}

/// `policy.ratelimit.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Limit {
    pub scope: Option<Spanned<LimitScope>>,
    /// Seconds.
    pub window: Option<Spanned<i64>>,
    pub allowance: Option<Spanned<i64>>,
    pub key_suffix: Option<Text>,
    pub key: Option<Str>,
    pub message: Option<Text>,
    pub on_error: Option<Spanned<OnError>>,
}

/// Who has a counter of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum LimitScope {
    #[default]
    User,
    Chat,
    Bot,
}

/// What holds while the shared counters cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum OnError {
    #[default]
    Allow,
    Deny,
}

/// `widget.pagination.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Pages {
    pub span: Span,
    /// Of an action; a step's is its question.
    pub title: Option<Text>,
    pub source: PageSource,
    pub page_size: Option<Spanned<i64>>,
    pub item: Text,
    pub id_field: Str,
    /// `as:`.
    pub alias: Option<Spanned<String>>,
    /// Of an action.
    pub select: Option<PageSelect>,
    pub empty_text: Option<Text>,
    pub extra: Keyboard,
    pub parse_mode: Option<Spanned<ParseMode>>,
    pub edit: bool,
    /// Of a step.
    pub search: bool,
}

/// Where a list's rows come from.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum PageSource {
    /// `result_var` is absent.
    Sql(Box<Statement>),
    List(Expr),
}

/// `select: "/product {id=id}"`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct PageSelect {
    /// With the leading `/`.
    pub command: Spanned<String>,
    /// `None`: none are written, the id is meant.
    pub args: Option<Vec<(Spanned<String>, Expr)>>,
    pub span: Span,
}

/// `action.sql_query.v1` and `action.sql_exec.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Statement {
    pub sql: Sql,
    pub result_var: Option<Str>,
    pub shape: Spanned<Shape>,
    /// `params: { since: now - 7d }`.
    pub params: Vec<(Str, Expr)>,
    pub unscoped: Option<Str>,
    pub on_conflict: Option<OnConflict>,
}

/// What `result_var` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Shape {
    Rows,
    Single,
    Scalar,
    Flatten,
}

/// One statement, or one per engine.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Sql {
    pub span: Span,
    pub both: Option<Str>,
    pub sqlite: Option<Str>,
    pub postgres: Option<Str>,
}

/// `on_conflict:`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct OnConflict {
    pub span: Span,
    pub reply: Text,
    pub goto: Option<Str>,
}

/// `action.reply_template.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Reply {
    pub text: Text,
    pub empty_text: Option<Text>,
    pub overflow: Option<Spanned<Overflow>>,
    pub keyboard: Keyboard,
    pub parse_mode: Option<Spanned<ParseMode>>,
    pub to: Option<To>,
    pub edit: Option<Spanned<bool>>,
    pub on_ambiguous: Option<Spanned<OnAmbiguous>>,
    pub improve: Option<Improve>,
}

/// `to:` of a reply.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum To {
    Admins(Span),
    Chat(Expr),
}

/// `llm_improve` and what goes with it.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Improve {
    pub span: Span,
    /// `ab`: for half of the people.
    pub compare: bool,
    pub style: Option<Spanned<&'static str>>,
    pub max_tokens: Option<Spanned<i64>>,
}

/// `action.llm.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Ask {
    pub span: Span,
    /// Something of it could not be read (reported).
    pub lost: bool,
    pub prompt: Text,
    pub input: Text,
    pub context: Option<Text>,
    pub task: Option<Spanned<Task>>,
    pub output: AskOutput,
    pub result_var: Str,
    pub fallback: AskFallback,
    pub max_tokens: Option<Spanned<i64>>,
    pub temperature: Option<Str>,
    pub keep: Option<Spanned<Keep>>,
    /// Seconds.
    pub timeout: Option<Spanned<i64>>,
    pub on_long: Option<Text>,
    pub on_late: Option<Text>,
    pub trust: Option<Str>,
}

/// What the model is told about its task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Task {
    Plain,
    Classify,
    Extract,
    Validate,
    Answer,
}

/// What stays of a text that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Keep {
    Start,
    End,
    Ends,
}

/// What form an answer has.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum AskOutput {
    Text,
    Choice(Vec<AskOption>),
    Record(Vec<AskField>),
}

/// An option of an answer.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct AskOption {
    pub span: Span,
    pub value: Str,
    pub about: Option<Str>,
    pub text: Text,
}

/// A field of a record.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct AskField {
    pub name: Str,
    pub ty: Spanned<StepType>,
    pub optional: bool,
    pub about: Option<Str>,
    pub min: Option<Str>,
    pub max: Option<Str>,
    pub options: Vec<AskOption>,
}

/// What holds where there is no answer.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum AskFallback {
    Null(Span),
    Text(Text),
    Fields(Span, Vec<(Str, Field)>),
}

/// `action.set_locale.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct SetLocale {
    pub locale: Option<Field>,
}

/// As written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ParseMode {
    Html,
    MarkdownV2,
    None,
}

/// Rows of buttons.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Keyboard {
    pub span: Option<Span>,
    pub rows: Vec<Vec<Button>>,
}

/// A button.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Button {
    pub span: Span,
    /// One for each row of a list.
    pub each: Option<Each>,
    pub text: Text,
    pub when: Option<Expr>,
    /// `allow: admin`.
    pub allow: Option<Span>,
    pub does: ButtonDoes,
}

/// `each: xs as x`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Each {
    pub list: Expr,
    pub alias: Option<Spanned<String>>,
    /// Buttons in a row; only where the button has rows of its own.
    pub columns: Option<Spanned<i64>>,
}

/// What a button does.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum ButtonDoes {
    /// `callback: "/product {id=p.id}"`.
    Callback {
        /// With the leading `/`.
        command: Spanned<String>,
        args: Vec<(Spanned<String>, Expr)>,
        span: Span,
    },
    Url(Text),
    Toast(Text),
}

/// A field that is not a text: a literal, or `"{{EXPR}}"` alone.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Field {
    Literal(Str),
    Expr(Expr),
}

impl Expr {
    /// The expressions that it is made of.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Not(a)
            | ExprKind::Negate(a)
            | ExprKind::IsNull { value: a, .. }
            | ExprKind::IsEmpty { value: a, .. } => vec![a],
            ExprKind::And(a, b)
            | ExprKind::Or(a, b)
            | ExprKind::Compare(_, a, b)
            | ExprKind::Arithmetic(_, a, b)
            | ExprKind::In {
                value: a, list: b, ..
            } => vec![a, b],
            ExprKind::List(items) => items.iter().collect(),
            ExprKind::Filter { value, args, .. } => {
                let mut all = vec![&**value];
                all.extend(args);
                all
            }
            _ => Vec::new(),
        }
    }
}

/// A text: `t:key {…}` or a template.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Text {
    pub source: Str,
    pub kind: TextKind,
}

/// See [`Text`].
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum TextKind {
    Key(KeyRef),
    Template(Vec<Piece>),
}

/// `t:KEY {name=EXPR, …}`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct KeyRef {
    pub span: Span,
    pub key: Spanned<String>,
    pub attribute: Option<Spanned<String>>,
    pub args: Vec<(Spanned<String>, Expr)>,
}

/// A piece of a template. Lines that hold nothing but block tags are already gone, outer whitespace trimmed,
/// comments dropped.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Piece {
    Literal {
        text: String,
        span: Span,
        /// Byte offset of `text` in the value of [`Text::source`]: its characters stand there in one run.
        at: usize,
    },
    Value(Expr),
    Key(KeyRef),
    Each {
        span: Span,
        list: Expr,
        alias: Option<Spanned<String>>,
        body: Vec<Piece>,
        otherwise: Vec<Piece>,
    },
    If {
        span: Span,
        arms: Vec<(Expr, Vec<Piece>)>,
        otherwise: Vec<Piece>,
    },
}

/// An expression.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Expr {
    pub span: Span,
    pub kind: ExprKind,
}

/// See [`Expr`].
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum ExprKind {
    /// `service`, `user.first_name`, `row.slot`; never empty.
    Path(Vec<Spanned<String>>),
    /// `this`.
    This,
    /// `@index`.
    Index,
    Text(String),
    Int(i64),
    /// A number with a point: digits and scale.
    Decimal {
        units: i64,
        scale: u8,
    },
    Bool(bool),
    Null,
    /// Seconds.
    Duration(i64),
    List(Vec<Expr>),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Compare(Comparison, Box<Expr>, Box<Expr>),
    In {
        value: Box<Expr>,
        list: Box<Expr>,
        negated: bool,
    },
    IsNull {
        value: Box<Expr>,
        negated: bool,
    },
    IsEmpty {
        value: Box<Expr>,
        negated: bool,
    },
    Arithmetic(Operator, Box<Expr>, Box<Expr>),
    /// `value | name: arg, arg`.
    Filter {
        value: Box<Expr>,
        name: Spanned<String>,
        args: Vec<Expr>,
    },
}

/// `== != < <= > >=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// `+ - * /`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Operator {
    Add,
    Sub,
    Mul,
    Div,
}

/// A conversation test of `chats/*.yaml`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Conversation {
    pub span: Span,
    pub name: Str,
    pub locale: Option<Str>,
    pub group: bool,
    pub admins: Vec<Str>,
    pub begins: Option<Str>,
    pub steps: Vec<Spanned<ChatStep>>,
}

/// What happens in a conversation, or what must have happened.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum ChatStep {
    As(Str),
    Say(Str),
    Press(Str),
    Send(SentKind),
    Expect {
        contains: Vec<Str>,
        exact: Option<Str>,
        buttons: Vec<Str>,
    },
    Toast(Str),
    Silence,
    /// Seconds.
    Clock(i64),
    Locale(Str),
    Redeliver,
    Restart,
    /// What the model answers: JSON of a text, or of texts by name.
    Model(String),
    ModelFails,
    ModelWaits,
    Rows {
        sql: Str,
        count: Spanned<usize>,
    },
}

/// What a person can send besides texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SentKind {
    Photo,
    File,
    Contact,
    Location,
    Sticker,
}
