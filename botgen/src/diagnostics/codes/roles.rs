//! BF1180-1199: who may do what, and to whom messages go.

super::codes! {
    /// A lock on one of two doors.
    OPEN_COMMAND = "BF1180" error "a button that refuses nobody";
    /// Others are refused at the press.
    SEEN_BY_ALL = "BF1181" warning "a button that most people must not press";
    /// There is nothing to edit there.
    EDIT_ELSEWHERE = "BF1182" error "an edit in another chat";
    /// No id.
    RECIPIENT = "BF1183" error "a recipient that is no chat";
    /// Anybody could write to anybody.
    CHOSEN_RECIPIENT = "BF1184" error "a recipient of the person's choice";
    /// A lock that was forgotten.
    HALF_OPEN = "BF1185" warning "a command that only admins are shown and everybody may use";
}
