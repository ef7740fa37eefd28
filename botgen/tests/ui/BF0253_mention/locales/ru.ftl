hello = Привет! Ещё: /hlep
