slow-down = { $retry_in ->
        [one] One second.
       *[other] { $retry_in } seconds.
    }
