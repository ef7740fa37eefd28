# The tea shop
cmd-start = Main menu
cmd-catalogue = Catalogue
cmd-find = Find something
cmd-basket = My basket
cmd-order = Order what is in the basket
cmd-orders = My orders
cmd-lang = Language
not-understood = I do not understand. See /start

menu =
    Hello, { $name }! { $items ->
        [0] Your basket is empty.
        [one] There is one thing in your basket.
       *[other] There are { $items } things in your basket.
    }
btn-catalogue = 🍃 Catalogue
btn-find = 🔎 Find
btn-basket = 🧺 Basket
btn-orders = 📦 My orders
btn-lang = 🌍 Language
btn-menu = ← Menu
btn-categories = ← Categories
btn-goods = ← Back to the list
btn-add = 🧺 Into the basket
btn-show = Show
btn-order = ✅ Order

catalogue = What shall it be?
goods = Our goods:
no-goods = There is nothing here now.
gone = It is sold out.
sold-out = Sold out
few-left = { $n ->
    [one] Only one left
   *[other] Only { $n } left
}
in-stock = In stock
find = Choose, or write a part of the name.
found = { $name }, { $price } €

ask-count = { $name }, { $price } €. How many?
too-many = { $n ->
    [one] There is only one.
   *[other] There are only { $n }.
}
added = { $name }: { $count } in the basket.
basket = { $lines ->
    [one] One thing in the basket
   *[other] { $lines } things in the basket
}
basket-empty = Your basket is empty.
total = Total:
removed = { $count ->
    [one] One thing is out of the basket.
   *[other] { $count } of it are out of the basket.
}
not-there = It is not in the basket any more.

no-points = We are closed for now.
ask-point = Where will you fetch it?
ask-day = On which day?
ask-phone = Your phone, in case something is missing.
ask-sure = { $total } € for { DATETIME($day, dateStyle: "long") }. Shall we?
btn-sure = ✅ Order
btn-not-sure = Not now
ask-note = A word for us?
ordered =
    Order { $number } is placed: { $total } €.
    We expect you on { DATETIME($day, dateStyle: "long") }.
not-enough = Somebody has bought it meanwhile. Please look into your /basket
orders = Your orders:
no-orders = You have not ordered anything yet.
no-order = There is no such order.
receipt = Order { $number }: { $total } €, { DATETIME($day, dateStyle: "long") }
