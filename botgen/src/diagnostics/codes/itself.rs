//! BF09: botgen itself.

super::codes! {
    HASH_COLLISION = "BF0901" error "two names have one hash";
    SILENT_FAILURE = "BF0902" error "botgen stopped without saying why";
}
