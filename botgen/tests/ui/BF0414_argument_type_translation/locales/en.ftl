hello = It is { DATETIME($when) }
