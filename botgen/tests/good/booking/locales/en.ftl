cmd-help = Help
cmd-start = Main menu
cmd-book = Book
cmd-my = My bookings
cmd-lang = Language
help = Ask away.
menu-title = Hello, { $name }!
btn-book = Book
btn-my = My bookings
btn-lang = Language
btn-cancel = Cancel
ask-service = Which service?
svc-massage = Massage
svc-spa = Spa
ask-slot = When?
ask-note = Anything else?
bad-note = Three characters at least.
slot-taken = This time is taken.
booked = { $service ->
    [massage] Massage
   *[spa] Spa
}: { DATETIME($slot, dateStyle: "long", timeStyle: "short") }
my-title = Your bookings
no-bookings = None yet.
no-such-booking = There is no such booking.
cancelled = Cancelled: { DATETIME($slot, dateStyle: "long", timeStyle: "short") }
