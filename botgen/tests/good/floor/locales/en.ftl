cmd-start = Menu
cmd-help = Help
cmd-lang = Language
cmd-order = Order
cmd-name = Take a name
cmd-echo = Echo
cmd-pattern = A pattern
cmd-many = Many rows
cmd-literal = A literal
cmd-shapes = Shapes
cmd-stock = Stock
cmd-sell = Sell
cmd-mine = Mine
unknown = What?
help = Help is here.
pong = Pong
hello = Hello, { $name }!
more = More
btn-order = Order
btn-more = More…
btn-note = Note
btn-back = Back
btn-site = Site
btn-again = { $what } again
note = A note for { $name }
intro = { $before ->
    [one] { $before } order so far.
   *[other] { $before } orders so far.
}
ask-what = What?
bad-what = Small letters only.
ask-count = How many?
ordered = { $what } × { $count } after { $before }
ask-name = Which name?
ask-word = Which word?
name-taken = { $name } is taken.
named = { $name }: { $word }
both = { $a } and { $b }, “{ $a }”
nothing = Nothing of { $total }.
stocked = Stocked.
sold = { $name } is sold.
count = { $count ->
    [one] { $count } order
   *[other] { $count } orders
}
