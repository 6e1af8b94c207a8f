from_auto = 5
