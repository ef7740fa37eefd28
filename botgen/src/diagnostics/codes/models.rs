//! BF1140-1179: what bots ask the language model.

super::codes! {
    OUTPUT = "BF1140" error "an answer of the model without anything to tell apart";
    FIELD = "BF1141" error "a field that a model cannot answer with";
    FALLBACK = "BF1142" error "a fallback that is no answer";
    BOUNDS = "BF1143" error "a question to the model out of bounds";
    TASK = "BF1144" error "a task that does not go with its answer";
    UNTRUSTED = "BF1145" error "words of the model where others may see them";
    IMPROVE_PLACE = "BF1146" error "a reply that cannot wait for the model";
    IMPROVE_IDLE = "BF1147" error "a style of a reply that nobody rewrites";
    PROMPT = "BF1148" warning "a person's words among the model's instructions";
    NAME_ALONE = "BF1150" warning "a question to the model about the name of a variable";
    IDLE = "BF1149" warning "something for the model that never happens";
}
