terms = Продолжая, вы принимаете <a href="https://example.org/terms">наши условия</a>.
