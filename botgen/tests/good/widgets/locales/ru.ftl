cmd-start = Начать
menu = Что выберем?
help = Закажите или оцените.
btn-order = Заказать
btn-rate = Оценить
btn-help = Помощь
btn-lang = Язык
ask-count = Сколько пицц?
ask-toppings = Что положить на { $pizzas ->
    [one] { $pizzas } пиццу
    [few] { $pizzas } пиццы
   *[many] { $pizzas } пицц
}?
bad-toppings = Одно или два, пожалуйста.
top-olives = Оливки
top-basil = Базилик
top-chili = Чили
ask-tip = Чаевые?
ask-sure = Заказываем { $pizzas }?
btn-sure = Заказать
btn-not-sure = Не сейчас
ask-note = Что-нибудь ещё?
ordered = Заказано: { $pizzas }.
tip = Чаевые:
again = С возвращением.
ask-stars = Как прошло?
ask-again = Придёте ещё?
ask-public = Можно опубликовать?
pick = Какую?
no-pizza = Такой нет.
btn-menu = Меню
btn-choose = Выбрать
