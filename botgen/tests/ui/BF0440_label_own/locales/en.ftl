skip = skip
bf-skip = Skip
