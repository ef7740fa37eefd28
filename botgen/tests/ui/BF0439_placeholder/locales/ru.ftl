hello = TODO: translate
