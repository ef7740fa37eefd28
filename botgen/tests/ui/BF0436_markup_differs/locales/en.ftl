hello =
    <b>{ $name }</b>, <i>welcome</i> to <a href="https://example.org/en/shop?who={ $name }">the shop</a>
    and <a href="https://en.example.org/help">help</a>
