cmd-start = Начать
cmd-lang = Язык
cmd-topics = О чём читать
cmd-mine = Что выбрано
cmd-stop = Больше не писать
cmd-desk = Стол редактора
welcome = Здравствуйте, { $name }! Мы пишем редко и только о том, что вы выбрали.
not-understood = Я знаю только команды из меню.
btn-topics = 📚 Темы
btn-mine = 📬 Мой выбор
btn-lang = 🌍 Язык
btn-stop = 🔕 Не писать
btn-again = 🔔 Читать снова
btn-desk = ✍️ Стол редактора
ask-topics = О чём вы хотите читать?
topic-news = 📰 Новости
topic-events = 🎪 События
topic-offers = 🏷 Скидки
chosen = Спасибо! Мы напишем.
mine = Вы читаете:
nothing-chosen = Вы пока ничего не выбрали.
silent = Мы вам не пишем. /again вернёт письма.
stopped = Больше не пишем.
welcome-back = С возвращением!
desk = Что сделаем?
btn-issue = ✉️ Написать выпуск
btn-drafts = 🗒 Черновики
btn-sent = 📊 Что отправлено
ask-title = Заголовок?
ask-body = Текст?
ask-audience = Кому отправить?
to-all = Всем
to-active = Кто был здесь за 30 дней
issue =
    <b>{ $title }</b>

    { $name }, здравствуйте!
    { $body }
trial = Так это выглядит. { $total ->
    [one] Получит { $total } человек.
    [few] Получат { $total } человека.
   *[other] Получат { $total } человек.
  }
nobody = Этого не получит никто. Выберите других.
ask-sure = Отправляем?
btn-send = 🚀 Отправить
btn-keep = Оставить
kept = Выпуск лежит в черновиках.
on-its-way = { $total ->
    [one] Выпуск идёт к { $total } человеку.
    [few] Выпуск идёт к { $total } людям.
   *[other] Выпуск идёт к { $total } людям.
  }
readers = { $count ->
    [one] { $count } читатель
    [few] { $count } читателя
   *[other] { $count } читателей
  }.
no-drafts = Черновиков нет.
status = { $status ->
    [scheduled] ждёт своего времени
    [running] идёт
    [paused] на паузе
    [completed] отправлен
   *[cancelled] отменён
  }
no-issues = Пока ничего не отправлено.
