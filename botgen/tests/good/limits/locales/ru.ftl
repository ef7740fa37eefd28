cmd-start = Начать
cmd-ping = Пинг
cmd-chat = Чата
cmd-all = Всех
cmd-one = Первая
cmd-two = Вторая
cmd-lang = Язык
cmd-read = Читать
cmd-order = Заказать
cmd-note = Заметка
cmd-mark = Метка
start = Привет.
pong = Понг.
again = Ещё раз
busy = Слишком много сразу: { $retry_in ->
        [one] { $retry_in } секунда.
        [few] { $retry_in } секунды.
        [many] { $retry_in } секунд.
       *[other] { $retry_in } секунды.
    }
slow-down = { $retry_in ->
        [one] Через { $retry_in } секунду.
        [few] Через { $retry_in } секунды.
        [many] Через { $retry_in } секунд.
       *[other] Через { $retry_in } секунды.
    }
wait = Подождите { $wait }.
ask-kind = Что будете?
ask-count = Сколько?
tea = Чай
coffee = Кофе
not-again = Не { $count } опять.
ordered = { $count ->
        [one] { $count } порция.
        [few] { $count } порции.
        [many] { $count } порций.
       *[other] { $count } порции.
    }
