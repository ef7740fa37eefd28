terms = By going on you accept <a href="https://example.org/terms">our terms</a>.
