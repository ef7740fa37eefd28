//! BF1040-1059: lists that are shown in pages.

super::codes! {
    SOURCE_LIMIT = "BF1040" error "a list whose query counts its pages itself";
    SOURCE_ORDER = "BF1041" error "a list whose rows come in no order";
    ID = "BF1042" error "an `id_field` that is no column of the rows";
    ID_TYPE = "BF1043" error "an `id_field` that cannot tell rows apart";
    ID_UNIQUE = "BF1044" error "an `id_field` that several rows can share";
    PAGE_SIZE = "BF1045" error "a page with too many or no rows";
    SOURCE_LIST = "BF1046" error "a list that is no list of rows";
    CARRIED = "BF1047" error "a list whose pages cannot be turned";
    ROLE = "BF1049" error "a list that is neither a question nor an action, or both";
    SELECT = "BF1048" error "a command that cannot be given the row's id";
}
