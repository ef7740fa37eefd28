cmd-start = Begin
cmd-ping = Ping
cmd-chat = Of the chat
cmd-all = Of all
cmd-one = One
cmd-two = Two
cmd-lang = Language
cmd-read = Read
cmd-order = Order
cmd-note = Note
cmd-mark = Mark
start = Hello.
pong = Pong.
again = Again
busy = Too much at once: { $retry_in ->
        [one] one second.
       *[other] { $retry_in } seconds.
    }
slow-down = { $retry_in ->
        [one] In one second.
       *[other] In { $retry_in } seconds.
    }
wait = Wait { $wait }.
ask-kind = What will it be?
ask-count = How many?
tea = Tea
coffee = Coffee
not-again = Not { $count } again.
ordered = { $count ->
        [one] One.
       *[other] { $count } of them.
    }
