//! A spanned node tree over the events of granit-parser.
