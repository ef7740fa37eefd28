hello = Welcome to { -brnad }!
-brand = Acme
