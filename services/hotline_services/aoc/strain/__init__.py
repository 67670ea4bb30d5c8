"""How strained one side is with another, by one of several models, and what that changes in what it does."""
