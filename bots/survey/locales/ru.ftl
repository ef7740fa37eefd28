cmd-start = Начать
cmd-survey = Пройти опрос
cmd-results = Результаты
cmd-lang = Язык
welcome = Короткий опрос о нашем кафе. Это займёт минуту.
btn-survey = 📝 Пройти опрос
btn-results = 📊 Результаты
btn-about = ℹ️ О нас
already-answered = Вы уже ответили. Спасибо!
ask-visited = Вы бывали у нас раньше?
ask-rating = Как вам было, от 1 до 5?
bad-rating = Пожалуйста, число от 1 до 5.
ask-reason = Что нам улучшить?
ask-liked = Что понравилось? Отметьте всё подходящее.
ask-better =
    { $rating ->
        [one] { $rating } звезда
        [few] { $rating } звезды
       *[other] { $rating } звёзд
    }! Что нам улучшить? Не больше двух пунктов.
coffee = ☕ Кофе
cakes = 🍰 Пирожные
staff = 🙂 Люди
music = 🎵 Музыка
prices = 💶 Цены
waiting = ⏳ Ожидание
choice = 🥐 Выбор
other = ✏️ Другое
ask-contact = Можно вам написать?
btn-contact = ✉️ Да, напишите
btn-no-contact = Не нужно
ask-email = Ваша почта?
too-late = Вы не закончили опрос, и мы его закрыли. Начать заново: /survey.
thanks = 🙏 Спасибо!
your-rating = Вы поставили нам { $rating } из 5.
results = { $answers ->
    [one] Ответил { $answers } человек.
    [few] Ответили { $answers } человека.
   *[other] Ответили { $answers } человек.
}
average = В среднем нам поставили { NUMBER($average, maximumFractionDigits: 1) } из 5.
