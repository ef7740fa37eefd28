hello =
    <u>{ $name }</u>, <i>добро</i> <em>пожаловать</em> в <a href="https://example.org/ru/shop">магазин</a>
    и <a href="https://ru.example.org/help">помощь</a>
