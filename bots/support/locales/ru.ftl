# Служба поддержки
cmd-start = Главное меню
cmd-ticket = Написать нам
cmd-tickets = Мои обращения
cmd-faq = Вопросы и ответы
cmd-urgent = Это срочно
cmd-lang = Язык
not-understood = Не понимаю. Начните с /start
slow-down = { $seconds ->
    [one] Не так быстро: подождите { $seconds } секунду.
    [few] Не так быстро: подождите { $seconds } секунды.
   *[other] Не так быстро: подождите { $seconds } секунд.
}

menu = Чем помочь?
btn-ticket = ✍️ Написать нам
btn-tickets = 📋 Мои обращения
btn-faq = ❓ Вопросы и ответы
btn-urgent = 🚨 Это срочно
btn-lang = 🌍 Язык
btn-menu = ← Меню

faq = Что вы хотите узнать?
faq-hours = Когда вы работаете?
faq-hours-answer = По будням с 9 до 18
faq-price = Сколько это стоит?
faq-price-answer = Нисколько: помощь бесплатна
faq-more = Все ответы

ask-topic = О чём речь?
topic-order = 📦 Заказ
topic-money = 💶 Оплата
topic-other = 💬 Другое
ask-what = Что случилось?
bad-what = Пожалуйста, одним-двумя предложениями: от 10 до 1000 знаков.
ask-photo = Пришлите снимок, если он есть.
too-late = Обращение не закончено, мы его закрыли.
written = Получили: обращение { $number }. Ответим в течение дня.
too-many-tickets = Вы написали нам трижды. { $seconds ->
    [one] Следующее обращение — через { $seconds } секунду.
    [few] Следующее обращение — через { $seconds } секунды.
   *[other] Следующее обращение — через { $seconds } секунд.
}

tickets = { $count ->
    [one] { $count } обращение
    [few] { $count } обращения
   *[other] { $count } обращений
}
no-tickets = Вы нам ещё не писали.
no-such-ticket = Такого обращения нет, или оно закрыто.
ask-close = Закрыть это обращение?
btn-close = ✔️ Закрыть
btn-keep = Оставить
kept = Оставили открытым.
closed = Обращение закрыто.
urgent = Сейчас кто-нибудь ответит: обращение { $number }.
too-urgent = Все, кто спешит, уже с кем-то говорят. Пожалуйста, напишите обращение: /ticket
