cmd-start = Начать
cmd-lang = Язык
hello = Привет!
