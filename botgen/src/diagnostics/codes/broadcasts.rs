//! BF1101 to BF1139: broadcasts, their audiences and segments.

super::codes! {
    ANYBODY = "BF1101" error "a broadcast that anybody may start";
    AUDIENCE = "BF1102" error "an audience that is none";
    SEGMENT = "BF1103" error "a segment that is not declared";
    CHOSEN_AUDIENCE = "BF1104" error "an audience or a segment that may be none";
    PEOPLE = "BF1105" error "a query that gives no people";
    PACE = "BF1106" error "a broadcast with a pace that is none";
    RECIPIENT = "BF1107" error "a recipient's field where it is not known";
    SENDER = "BF1108" warning "a broadcast that speaks of whoever starts it";
    MEDIA = "BF1109" error "a file that cannot be sent";
    NO_WAY_OUT = "BF1110" warning "broadcasts that nobody can refuse";
    CLOSED_BUTTON = "BF1111" error "a broadcast with a button that its readers cannot use";
    SEGMENT_TWICE = "BF1112" error "a segment that is declared twice";
    UNUSED_SEGMENT = "BF1113" warning "a segment that nothing uses";
    PAST = "BF1115" warning "a broadcast for a moment that has passed";
    FAR = "BF1116" error "a broadcast that nobody will live to see";
    CUT = "BF1117" warning "a broadcast that may lose its end";
    ONLY_SELF = "BF1118" warning "a broadcast to nobody but its sender";
    TYPED_FILE = "BF1119" warning "a file that may be none";
    SOMEBODY_ELSE = "BF1114" error "somebody else's segments, changed by anybody";
}
