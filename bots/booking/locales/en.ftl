# The booking bot
cmd-start = Main menu
cmd-book = Book an appointment
cmd-quick = Book by typing
cmd-my = My bookings
cmd-lang = Language
cmd-help = Help

menu-title =
    Hello, { $name }!
    What can I do for you?
btn-book = 📅 Book
btn-my = 📋 My bookings
btn-lang = 🌍 Language
btn-help = ❓ Help
btn-hours = 🕒 Opening hours
btn-cancel = ✖️ Cancel the booking

hours = Every day from 9 am to 8 pm
help =
    <b>What this bot can do</b>

    /book — book an appointment
    /my — my bookings
    /lang — language
not-understood = I do not understand. See /help

ask-service = What would you like to book?
svc-massage = 💆 Massage
svc-spa = 🛁 Spa
svc-haircut = 💇 Haircut
ask-day = When? Choose a day, or type it like this: <code>2030-01-15 14:00</code>
ask-slot = When? Type it like this: <code>2030-01-15 14:00</code>
bad-slot = I need a date and time in the future, like <code>2030-01-15 14:00</code>
ask-note = Anything to add?
bad-note = From 3 to 200 characters, please, or skip this step.

booked =
    ✅ Done! { $service ->
        [massage] Massage
        [spa] Spa
       *[haircut] Haircut
    }: { DATETIME($slot, dateStyle: "long", timeStyle: "short") }
slot-taken = Somebody has just taken that time. Please choose another one.

my-title = { $count ->
    [one] { $count } booking
   *[other] { $count } bookings
}
no-bookings = You have no bookings yet.
no-such-booking = There is no such booking.
cancelled = The booking for { DATETIME($slot, dateStyle: "long", timeStyle: "short") } is cancelled.
