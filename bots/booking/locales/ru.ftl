# Бот записи
cmd-start = Главное меню
cmd-book = Записаться
cmd-quick = Записаться одной строкой
cmd-my = Мои записи
cmd-lang = Язык
cmd-help = Помощь

menu-title =
    Здравствуйте, { $name }!
    Чем помочь?
btn-book = 📅 Записаться
btn-my = 📋 Мои записи
btn-lang = 🌍 Язык
btn-help = ❓ Помощь
btn-hours = 🕒 Часы работы
btn-cancel = ✖️ Отменить запись

hours = Ежедневно с 9:00 до 20:00
help =
    <b>Что умеет этот бот</b>

    /book — записаться
    /my — мои записи
    /lang — язык
not-understood = Не понимаю. Список команд — /help

ask-service = На какую услугу вас записать?
svc-massage = 💆 Массаж
svc-spa = 🛁 СПА
svc-haircut = 💇 Стрижка
ask-day = На какое время? Выберите день или напишите, например: <code>2030-01-15 14:00</code>
ask-slot = На какое время? Напишите, например: <code>2030-01-15 14:00</code>
bad-slot = Нужны дата и время в будущем, например: <code>2030-01-15 14:00</code>
ask-note = Добавите что-нибудь к записи?
bad-note = Пожалуйста, от 3 до 200 знаков — или пропустите этот шаг.

booked =
    ✅ Готово! { $service ->
        [massage] Массаж
        [spa] СПА
       *[haircut] Стрижка
    }: { DATETIME($slot, dateStyle: "long", timeStyle: "short") }
slot-taken = Это время только что заняли. Выберите, пожалуйста, другое.

my-title = { $count ->
    [one] { $count } запись
    [few] { $count } записи
   *[other] { $count } записей
}
no-bookings = У вас пока нет записей.
no-such-booking = Такой записи нет.
cancelled = Запись на { DATETIME($slot, dateStyle: "long", timeStyle: "short") } отменена.
