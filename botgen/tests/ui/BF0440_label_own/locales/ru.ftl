skip = Пропустить
bf-skip = Дальше
