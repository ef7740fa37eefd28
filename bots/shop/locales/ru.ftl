# Чайная лавка
cmd-start = Главное меню
cmd-catalogue = Каталог
cmd-find = Найти
cmd-basket = Моя корзина
cmd-order = Заказать то, что в корзине
cmd-orders = Мои заказы
cmd-lang = Язык
not-understood = Не понимаю. Начать заново — /start

menu =
    Здравствуйте, { $name }! { $items ->
        [0] Корзина пуста.
        [one] В корзине { $items } товар.
        [few] В корзине { $items } товара.
       *[other] В корзине { $items } товаров.
    }
btn-catalogue = 🍃 Каталог
btn-find = 🔎 Найти
btn-basket = 🧺 Корзина
btn-orders = 📦 Мои заказы
btn-lang = 🌍 Язык
btn-menu = ← Меню
btn-categories = ← Разделы
btn-goods = ← К списку
btn-add = 🧺 В корзину
btn-show = Показать
btn-order = ✅ Заказать

catalogue = Что вам предложить?
goods = Наши товары:
no-goods = Здесь пока ничего нет.
gone = Всё раскупили.
sold-out = Нет в наличии
few-left = { $n ->
    [one] Остался { $n }
    [few] Осталось { $n }
   *[other] Осталось { $n }
}
in-stock = В наличии
find = Выберите или напишите часть названия.
found = { $name }, { $price } €

ask-count = { $name }, { $price } €. Сколько?
too-many = { $n ->
    [one] Есть только { $n }.
    [few] Есть только { $n }.
   *[other] Есть только { $n }.
}
added = { $name }: в корзине { $count }.
basket = { $lines ->
    [one] { $lines } товар в корзине
    [few] { $lines } товара в корзине
   *[other] { $lines } товаров в корзине
}
basket-empty = Корзина пуста.
total = Итого:
removed = { $count ->
    [one] Убрали { $count } штуку.
    [few] Убрали { $count } штуки.
   *[other] Убрали { $count } штук.
}
not-there = Этого в корзине уже нет.

no-points = Пока мы закрыты.
ask-point = Где заберёте?
ask-day = В какой день?
ask-phone = Ваш телефон — на случай, если чего-то не окажется.
ask-sure = { $total } €, { DATETIME($day, dateStyle: "long") }. Заказываем?
btn-sure = ✅ Заказать
btn-not-sure = Не сейчас
ask-note = Добавите что-нибудь?
ordered =
    Заказ { $number } принят: { $total } €.
    Ждём вас { DATETIME($day, dateStyle: "long") }.
not-enough = Кто-то успел раньше. Загляните в корзину: /basket
orders = Ваши заказы:
no-orders = Вы ещё ничего не заказывали.
no-order = Такого заказа нет.
receipt = Заказ { $number }: { $total } €, { DATETIME($day, dateStyle: "long") }
