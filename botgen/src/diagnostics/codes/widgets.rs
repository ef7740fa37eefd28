//! BF10: widgets and policies. BF1001-1019 widgets in general and the small ones, BF1020-1039 the calendar, BF1040-1059
//! pagination, BF1060-1079 rate limits.

super::codes! {
    ARGUMENT = "BF1001" error "a widget that fills an argument of its command";
    SCALE = "BF1002" error "a rating with too few or too many stars";
    STEPPER = "BF1003" error "a stepper that cannot count";
    PICKED = "BF1005" error "options of a list whose value is no column to choose by";
    ROWS_ALIKE = "BF1006" warning "buttons of a list that all read the same";
    SELECTION = "BF1004" error "a selection that nobody can make";
    CALENDAR_NOTHING = "BF1020" error "a calendar on which nothing can be chosen";
    CALENDAR_HOURS = "BF1021" error "hours and a step that make no times";
    CALENDAR_MOMENT = "BF1022" error "a calendar's bound or disabled day that is no date";
}
