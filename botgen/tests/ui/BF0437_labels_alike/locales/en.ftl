spa = Spa
sauna = Sauna
