//! The one type system: step values, columns, built-ins, filters, Fluent arguments, payloads.

/// A type with its nullability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ty {
    /// What it is when it is there.
    pub base: Base,
    /// May be null.
    pub nullable: bool,
}

/// Index into [`super::Flow::choices`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChoiceId(pub usize);

/// See [`Ty`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// `max`: bound in UTF-16 units where one is known. Rust `String`. Phone and email are texts.
    Text {
        /// Most UTF-16 units.
        max: Option<usize>,
    },
    /// Rust `i64`.
    Int,
    /// Rust `Decimal<SCALE>`.
    Decimal(u8),
    /// Rust `f64`; only from columns.
    Real,
    /// Rust `bool`.
    Bool,
    /// Rust `Date`.
    Date,
    /// Rust `TimeOfDay`.
    Time,
    /// Rust `Instant`.
    DateTime,
    /// Rust `Duration`; only in expressions.
    Duration,
    /// A choice of this flow; Rust its enum. Compares with text.
    Choice(ChoiceId),
    /// Rust `Contact`; fields `phone first_name last_name user_id`.
    Contact,
    /// Rust `Location`; fields `latitude longitude`.
    Location,
    /// Rust `File`; fields `file_id unique_id name size`.
    File,
    /// What is known of a broadcast; fields `id total eta`, of one that is only counted `total eta`. Rust `Made`.
    Broadcast {
        /// It was made.
        made: bool,
    },
    /// A row of a query of this flow; fields are its columns. Rust: the query's row struct.
    Row(super::sql::QueryId),
    /// An answer of the model; fields are its own. Rust: the record's struct.
    Record(super::ask::RecordId),
    /// Rust `Vec<T>`.
    List {
        /// Of an element.
        item: Box<Ty>,
        /// Most elements, where a bound is known.
        most: Option<usize>,
    },
    /// The type of `null` alone.
    Null,
}

impl Base {
    /// A list of at most so many.
    pub fn list(item: Ty, most: Option<usize>) -> Self {
        Self::List {
            item: Box::new(item),
            most,
        }
    }
}

impl Ty {
    /// Never null.
    pub fn some(base: Base) -> Self {
        Self {
            base,
            nullable: false,
        }
    }
    /// May be null.
    pub fn maybe(base: Base) -> Self {
        Self {
            base,
            nullable: true,
        }
    }
    /// The same, nullable or not.
    #[must_use]
    pub fn with_null(mut self, nullable: bool) -> Self {
        self.nullable = nullable;
        self
    }
    /// As the author calls it: `text`, `int or null`, `list of rows`.
    pub fn describe(&self) -> String {
        let base = match &self.base {
            Base::Text { .. } => "text".into(),
            Base::Int => "int".into(),
            Base::Decimal(n) => format!("decimal({n})"),
            Base::Real => "real".into(),
            Base::Bool => "bool".into(),
            Base::Date => "date".into(),
            Base::Time => "time".into(),
            Base::DateTime => "datetime".into(),
            Base::Duration => "duration".into(),
            Base::Choice(_) => "choice".into(),
            Base::Contact => "contact".into(),
            Base::Location => "location".into(),
            Base::File => "file".into(),
            Base::Broadcast { made: true } => "broadcast".into(),
            Base::Broadcast { made: false } => "dry run of a broadcast".into(),
            Base::Row(_) => "row".into(),
            Base::Record(_) => "record".into(),
            Base::List { item, .. } if matches!(item.base, Base::Row(_)) => "list of rows".into(),
            Base::List { item, .. } => format!("list of {}", item.describe()),
            Base::Null => "null".into(),
        };
        if self.nullable && self.base != Base::Null {
            format!("{base} or null")
        } else {
            base
        }
    }
}

/// A variable of a flow. Names are unique in a flow (a second definition is an error), so the name is the id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// As the author wrote it.
    pub name: String,
    /// Its Rust identifier, unique in the flow, raw (`r#type`) where needed.
    pub ident: String,
    /// Its type where it is stored.
    pub ty: Ty,
}
