cmd-start = Меню
menu = Что показать?
btn-goods = Товары
btn-cheap = По цене
btn-codes = Коды
btn-mine = Корзина
btn-upto = До цены
btn-kind = Только чай
btn-start = Меню
goods = Наши товары
no-kind = Такого вида нет.
no-goods = Ничего не продаётся.
no-good = Его больше нет.
good = Вы выбрали: { $name }.
cheap = Сначала дорогие
codes = Коды
mine = Ваша корзина: { $count ->
    [one] { $count } вещь
    [few] { $count } вещи
    [many] { $count } вещей
   *[other] { $count } вещи
  }
mine-menu = У нас { $count }.
not-mine = Этого нет в вашей корзине.
dropped = Убрано.
ask-most = До какой цены?
ask-order = В каком порядке?
order-name = По названию
order-old = Сначала старые
searching = Минуту…
upto = До { $most }, { $order }
none-upto = Дешевле { $most } ничего нет.
that-is-all = Это всё.
cmd-lang = Язык
named = Это { $name }.
btn-order = Заказать
btn-return = Вернуть
btn-find = Найти код
ask-good = Что выберете, { $name }?
ask-count = Сколько?
ordered = { $count } × { $name }.
ask-return = Что вернёте?
empty-basket = Ваша корзина пуста.
returned = Спасибо.
ask-letter = С чего начинается?
ask-code = Какой код?
no-code = Ни один код так не начинается.
bad-code = Выберите, пожалуйста, один из этих.
found = Значит, { $code }.
