cmd-start = Begin
menu = What shall it be?
help = Order or rate.
btn-order = Order
btn-rate = Rate
btn-help = Help
btn-lang = Language
ask-count = How many pizzas?
ask-toppings = What shall be on { $pizzas ->
    [one] it
   *[other] all { $pizzas }
}?
bad-toppings = One or two of these, please.
top-olives = Olives
top-basil = Basil
top-chili = Chili
ask-tip = A tip?
ask-sure = Order { $pizzas }?
btn-sure = Order
btn-not-sure = Not now
ask-note = Anything else?
ordered = Ordered: { $pizzas }.
tip = Tip:
again = Welcome back.
ask-stars = How was it?
ask-again = Would you come again?
ask-public = May we publish it?
pick = Which one?
no-pizza = There is none.
btn-menu = Menu
btn-choose = Choose
