cmd-start = Начать
cmd-lang = Язык
cmd-promo = Скидка для всех
cmd-me = Что мы о вас знаем
cmd-topics = О чём вам писать
cmd-stop = Больше не писать
hello = Здравствуйте!
ask-discount = Сколько процентов?
ask-audience = Кому?
to-all = Всем
to-active = Кто был недавно
to-vip = Покупателям
ask-rate = Сколько сообщений в секунду?
promo = { $name }, для вас скидка { $discount } %!
btn-buy = Купить со скидкой { $discount } %
btn-stop = Не писать
btn-page = Страница
sent = Рассылка { $id }: { $total ->
    [one] { $total } человек
    [few] { $total } человека
   *[other] { $total } человек
  }.
ask-words = Что напишем?
ask-segment = О чём?
topic-news = Новости
topic-sport = Спорт
done = Готово.
ready = Ваша посылка пришла.
list = Список получат { $total }.
trial = { $total } человек, { $eta } секунд.
stats = Читают { $people }, купили { $vip }.
nobody = Мы вас не знаем.
reads = читает
reads-not = не читает
ask-topics = О чём вам писать?
bought = Ваше, скидка { $discount } %.
stopped = Больше не пишем.
