spa = Баня
sauna = баня
