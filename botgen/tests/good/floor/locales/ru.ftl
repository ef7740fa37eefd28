cmd-start = Меню
cmd-help = Помощь
cmd-lang = Язык
cmd-order = Заказ
cmd-name = Занять имя
cmd-echo = Эхо
cmd-pattern = Шаблон
cmd-many = Много строк
cmd-literal = Литерал
cmd-shapes = Формы
cmd-stock = Склад
cmd-sell = Продать
cmd-mine = Мои
unknown = Что?
help = Помощь здесь.
pong = Понг
hello = Здравствуйте, { $name }!
more = Ещё
btn-order = Заказать
btn-more = Ещё…
btn-note = Заметка
btn-back = Назад
btn-site = Сайт
btn-again = { $what } ещё раз
note = Заметка: { $name }
intro = { $before ->
    [one] Пока { $before } заказ.
    [few] Пока { $before } заказа.
   *[other] Пока { $before } заказов.
}
ask-what = Что?
bad-what = Только строчные буквы.
ask-count = Сколько?
ordered = { $what } × { $count } после { $before }
ask-name = Какое имя?
ask-word = Какое слово?
name-taken = Имя { $name } занято.
named = { $name }: { $word }
both = { $a } и { $b }, «{ $a }»
nothing = Ничего из { $total }.
stocked = Готово.
sold = { $name } продано.
count = { $count ->
    [one] { $count } заказ
    [few] { $count } заказа
   *[other] { $count } заказов
}
