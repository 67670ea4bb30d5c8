"""Further parties of the compose stack: what each needs, written from one list of them."""
