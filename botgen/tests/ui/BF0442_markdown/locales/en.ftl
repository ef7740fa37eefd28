help = We are **open** from 9 to 18.
