cmd-help = Помощь
cmd-start = Меню
cmd-book = Записаться
cmd-my = Мои записи
cmd-lang = Язык
help = Спрашивайте.
menu-title = Здравствуйте, { $name }!
btn-book = Записаться
btn-my = Мои записи
btn-lang = Язык
btn-cancel = Отменить
ask-service = Какая услуга?
svc-massage = Массаж
svc-spa = СПА
ask-slot = Когда?
ask-note = Что-нибудь ещё?
bad-note = Не меньше трёх букв.
slot-taken = Это время занято.
booked = { $service ->
    [massage] Массаж
   *[spa] СПА
}: { DATETIME($slot, dateStyle: "long", timeStyle: "short") }
my-title = Ваши записи
no-bookings = Пока нет.
no-such-booking = Такой записи нет.
cancelled = Отменено: { DATETIME($slot, dateStyle: "long", timeStyle: "short") }
