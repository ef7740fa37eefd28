bf-bakc = To the left
